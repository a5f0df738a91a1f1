"""What an object stands on, found in the depth about its foot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.geometry.planes import dominant_plane
from spatialclaw_ros.geometry.planes import PlaneFit
from spatialclaw_ros.geometry.robust import robust_sigma

_PLANES = 3
_LEAST_POINTS = 30
_MOST_POINTS = 12000
_MOST_TILT = np.deg2rad(12.0)
_FLOOR_TOLERANCE = 0.002
#: A gap under the lowest visible point that speaks against standing there, metres.
_CONTACT = 0.02
_NEIGHBOURHOOD = 9


@dataclass(frozen=True, eq=False)
class Support:
    """The surface under one object in one view.

    `normal` (3,) points away from it: up where gravity is known. `foot` (3,) world metres is the
    place on it below the object; `sigma` metres is its level's error there, from noise and from
    how the level changes about the object.
    """

    normal: np.ndarray
    foot: np.ndarray
    sigma: float
    plane: PlaneFit

    @property
    def level(self) -> float:
        """Metres along the normal."""
        return float(self.foot @ self.normal)


def support_under(sight: Sight, up: np.ndarray | None, around: np.ndarray | None = None
                  ) -> Support | None:
    """The support at the foot of what `sight` shows; None where the frame shows none.

    Of the planes about the object it is the one that the object stands in front of and touches
    and that much of the surroundings lie on. Its level is taken from the readings next to the
    object, not from the plane as a whole: depth warps flat surfaces. `up` None: the plane's
    own normal is used. `around` (N, 3) world metres: where to look, instead of all surroundings.
    """
    surface = sight.surface()
    around = sight.surroundings if around is None else around
    around = around[::max(len(around) // _MOST_POINTS, 1)]
    if len(around) < _LEAST_POINTS or not len(surface.points) or sight.view is None:
        return None
    noise = _typical_noise(sight)
    plane = _touched_plane(around, surface.points, sight.view.origin, 2 * noise
                           + _FLOOR_TOLERANCE, up)
    return None if plane is None else _level_at(plane, around, surface.points, up)


def _typical_noise(sight: Sight) -> float:
    sigma = getattr(sight, 'sigma', None)
    scale = getattr(sight, 'noise_scale', 1.0)
    return 0.0 if sigma is None else scale * float(np.median(sigma[sigma > 0]))


def _touched_plane(around: np.ndarray, points: np.ndarray, camera: np.ndarray, tolerance: float,
                   up: np.ndarray | None) -> PlaneFit | None:
    best, best_score = None, 0.0
    center, reach = points.mean(axis=0), float(np.linalg.norm(np.ptp(points, axis=0)))
    apart = np.linalg.norm(around - center, axis=1)
    rest = around[apart <= max(1.2 * reach, np.sort(apart)[
        min(4 * _LEAST_POINTS, len(apart)) - 1])]
    for _ in range(_PLANES):
        plane = dominant_plane(rest, tolerance, up, _MOST_TILT)
        if plane is None or plane.inliers.sum() < _LEAST_POINTS:
            break
        plane = plane.facing(camera)
        heights = plane.height(points)
        if np.quantile(heights, 0.1) > -2 * tolerance:
            lowest = max(abs(float(np.quantile(heights, 0.02))) - tolerance, 0.0)
            score = float(plane.inliers.sum()) / (1 + (lowest / _CONTACT) ** 2)
            if score > best_score:
                best, best_score = plane, score
        rest = rest[np.abs(plane.height(rest)) > 2 * tolerance]
        if len(rest) < _LEAST_POINTS:
            break
    return best


def _level_at(plane: PlaneFit, around: np.ndarray, points: np.ndarray, up: np.ndarray | None
              ) -> Support:
    normal = plane.normal if up is None else np.asarray(up)
    if normal @ plane.normal < 0:
        normal = -normal
    heights = plane.height(points)
    low = points[heights <= np.quantile(heights, 0.5)]
    foot = low.mean(axis=0)
    foot = foot - normal * plane.height(foot) / float(normal @ plane.normal)
    near = np.abs(plane.height(around)) < max(6 * plane.residual, 0.02)
    candidates = around[near]
    apart = _apart_along(plane.normal, candidates, low)
    radius = 0.35 * float(np.linalg.norm(np.ptp(points, axis=0)))
    enough = np.partition(apart, min(_LEAST_POINTS, len(apart) - 1))[
        min(_LEAST_POINTS, len(apart) - 1)]
    radius = max(radius, float(enough))
    inner = plane.height(candidates[apart <= radius])
    outer = plane.height(candidates[apart <= 2 * radius])
    shift = float(np.median(inner))
    noise = robust_sigma(inner) * np.sqrt(1.57 * _NEIGHBOURHOOD / max(len(inner), 1))
    warp = abs(shift - float(np.median(outer))) / 2
    return Support(normal, foot + plane.normal * shift, float(np.hypot(noise, warp)), plane)


def _apart_along(normal: np.ndarray, points: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """Distances (N,) of `points` from `foot` points, seen along `normal`."""
    def flat(cloud: np.ndarray) -> np.ndarray:
        return cloud - np.outer(cloud @ normal, normal)
    thin = foot[::max(len(foot) // 1000, 1)]
    return np.asarray(cKDTree(flat(thin)).query(flat(points))[0])
