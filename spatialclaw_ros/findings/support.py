"""What an object stands on, found in the depth about its foot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.geometry.planes import dominant_plane
from spatialclaw_ros.geometry.planes import least_squares_plane
from spatialclaw_ros.geometry.planes import PlaneFit
from spatialclaw_ros.geometry.robust import robust_sigma

_PLANES = 3
_LEAST_POINTS = 30
_MOST_POINTS = 12000
_FLOOR_TOLERANCE = 0.002
#: A gap under the lowest visible point that speaks against standing there, metres.
_CONTACT = 0.02
_NEIGHBOURHOOD = 9
#: Of an object's height, the share that is its foot.
_FOOT_SHARE = 0.25
_REFITS = 4
#: Cells in which the area of a named surface is counted, and slices of its heights, metres.
_CELL = 0.02
#: Of the area of a surface's most crowded level, what another must have to be of it too.
_LEVEL_SHARE = 0.25
_MOST_SLANT = np.deg2rad(15.0)


@dataclass(frozen=True, eq=False)
class Support:
    """The surface under one object in one view.

    `normal` (3,) points away from it: up where gravity is known. `foot` (3,) world metres is the
    place on it below the object, `told_at` (3,) the middle of the readings that tell its level;
    `sigma` metres is the level's error there, from noise and from how it changes about the object.
    """

    normal: np.ndarray
    foot: np.ndarray
    told_at: np.ndarray
    sigma: float
    plane: PlaneFit

    @property
    def level(self) -> float:
        """Metres along the normal."""
        return float(self.foot @ self.normal)


def support_under(sight: Sight, up: np.ndarray | None, around: np.ndarray | None = None
                  ) -> Support | None:
    """The support at the foot of what `sight` shows; None where the frame shows none.

    Where gravity is known it is the level about the foot on which readings crowd, that the
    object does not reach below, and comes near to. Where `up` is None it is the plane that the
    object stands in front of and touches and that much of the surroundings lie on, with its own
    normal. The level is taken from the readings next to the object: depth warps flat surfaces.
    `around` (N, 3) world metres: a surface on whose main levels to look, instead of all
    surroundings.
    """
    points = sight.surface().points
    around = sight.surroundings if around is None else levels_of(around, up)
    around = around[::max(len(around) // _MOST_POINTS, 1)]
    if len(around) < _LEAST_POINTS or not len(points) or sight.view is None:
        return None
    noise = _typical_noise(sight)
    if up is not None:
        return _level_under(around, points, sight.view.origin, noise, np.asarray(up, float))
    plane = _touched_plane(around, points, sight.view.origin, 2 * noise + _FLOOR_TOLERANCE)
    return None if plane is None else _level_at(plane, around, points)


def levels_of(points: np.ndarray, up: np.ndarray | None) -> np.ndarray:
    """Those of a surface's `points` (N, 3) that lie on its main levels, world metres.

    What is cut out as "the table" may hold the tops of what stands on it: levels of small area.
    Boards of a shelf are alike. All of them where gravity is unknown.
    """
    if up is None or not len(points):
        return points
    cells = np.unique(np.floor(points / _CELL).astype(np.int64), axis=0)
    heights = np.sort((cells + 0.5) @ up * _CELL)
    own = points @ up
    area = np.searchsorted(heights, own + _CELL) - np.searchsorted(heights, own - _CELL)
    return points[area >= _LEVEL_SHARE * area.max()]


def _typical_noise(sight: Sight) -> float:
    sigma = getattr(sight, 'sigma', None)
    scale = getattr(sight, 'noise_scale', 1.0)
    return 0.0 if sigma is None else scale * float(np.median(sigma[sigma > 0]))


def _level_under(around: np.ndarray, points: np.ndarray, camera: np.ndarray, noise: float,
                 up: np.ndarray) -> Support | None:
    """The level below `points` on which readings crowd; None where they crowd on none."""
    own = points @ up
    lowest, top = (float(v) for v in np.quantile(own, [0.02, 1.0]))
    low = points[own <= lowest + _FOOT_SHARE * (top - lowest)]
    apart = _apart_along(up, around, low)
    reach = float(np.linalg.norm(np.ptp(low - np.outer(low @ up, up), axis=0)))
    order = np.sort(apart)
    about = apart <= max(reach, float(order[min(4 * _LEAST_POINTS, len(order)) - 1]))
    around, apart = around[about], apart[about]
    heights = around @ up
    tolerance = _tolerance(around, points, camera, noise, up)
    level = _crowded_level(heights, tolerance, lowest)
    if level is None:
        return None
    inner = np.abs(heights - level) <= tolerance
    near = np.sort(apart[inner])
    radius = max(0.35 * reach, float(near[min(_LEAST_POINTS, len(near)) - 1]))
    if _slants(around[inner & (apart <= 2 * radius)], up):
        return None
    close = _settled(heights[apart <= radius], tolerance[apart <= radius], level)
    wide = _settled(heights[apart <= 2 * radius], tolerance[apart <= 2 * radius], level)
    level = float(np.median(close))
    spread = robust_sigma(close) * np.sqrt(1.57 * _NEIGHBOURHOOD / len(close))
    warp = abs(level - float(np.median(wide))) / 2
    foot = low.mean(axis=0)
    foot = foot + up * (level - float(foot @ up))
    plane = PlaneFit(up, level, inner, robust_sigma(heights[inner]))
    told_at = around[inner & (apart <= radius)].mean(axis=0)
    return Support(up, foot, told_at, float(np.hypot(spread, warp)), plane)


def _slants(readings: np.ndarray, up: np.ndarray) -> bool:
    """Whether `readings` (N, 3) of one level lie on a surface that is not level.

    What a shiny floor mirrors crosses every level.
    """
    if len(readings) < _LEAST_POINTS:
        return False
    normal, _ = least_squares_plane(readings)
    return abs(float(normal @ up)) < np.cos(_MOST_SLANT)


def _tolerance(around: np.ndarray, points: np.ndarray, camera: np.ndarray, noise: float,
               up: np.ndarray) -> np.ndarray:
    """(N,) metres along `up` that readings of a level surface stay within.

    `noise` metres, along the ray, is that of readings as far away as `points`; it grows with the
    square of range. Along up a slanting ray brings its share.
    """
    rays = around - camera
    range_squared = np.square(rays).sum(axis=1)
    typical = float(np.square(points.mean(axis=0) - camera).sum())
    slant = np.abs(rays @ up) / np.sqrt(range_squared)
    return np.asarray(2 * noise * slant * range_squared / typical + _FLOOR_TOLERANCE)


def _crowded_level(heights: np.ndarray, tolerance: np.ndarray, lowest: float) -> float | None:
    """The level with most readings beyond what lies just above and below; None without any.

    A slice of a wall has as many readings just outside as inside, a level surface has not. What
    an object ends far above counts less, and what it reaches below does not count.
    """
    typical = float(np.median(tolerance))
    levels = np.arange(heights.min(), min(heights.max(), lowest + typical) + typical, typical / 2)
    best, best_score = None, 0.0
    for level in levels[levels <= lowest + typical]:
        off = np.abs(heights - level) / tolerance
        excess = float((off <= 1).sum()) - float(((off > 1) & (off <= 2)).sum())
        gap = max(lowest - float(level) - typical, 0.0)
        score = excess / (1 + (gap / _CONTACT) ** 2)
        if excess >= _LEAST_POINTS and score > best_score:
            best, best_score = float(level), score
    return best


def _settled(heights: np.ndarray, tolerance: np.ndarray, level: float) -> np.ndarray:
    """The `heights` (N,) within their `tolerance` of their own median, which is near `level`."""
    kept = heights
    for _ in range(_REFITS):
        inside = heights[np.abs(heights - level) <= tolerance]
        if not len(inside):
            break
        kept, level = inside, float(np.median(inside))
    return kept


def _touched_plane(around: np.ndarray, points: np.ndarray, camera: np.ndarray, tolerance: float
                   ) -> PlaneFit | None:
    best, best_score = None, 0.0
    center, reach = points.mean(axis=0), float(np.linalg.norm(np.ptp(points, axis=0)))
    apart = np.linalg.norm(around - center, axis=1)
    rest = around[apart <= max(1.2 * reach, np.sort(apart)[
        min(4 * _LEAST_POINTS, len(apart)) - 1])]
    for _ in range(_PLANES):
        plane = dominant_plane(rest, tolerance)
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


def _level_at(plane: PlaneFit, around: np.ndarray, points: np.ndarray) -> Support:
    heights = plane.height(points)
    low = points[heights <= np.quantile(heights, 0.5)]
    foot = low.mean(axis=0)
    foot = foot - plane.normal * plane.height(foot)
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
    return Support(plane.normal, foot + plane.normal * shift,
                   candidates[apart <= radius].mean(axis=0), float(np.hypot(noise, warp)), plane)


def _apart_along(normal: np.ndarray, points: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """Distances (N,) of `points` from `foot` points, seen along `normal`."""
    def flat(cloud: np.ndarray) -> np.ndarray:
        return cloud - np.outer(cloud @ normal, normal)
    thin = foot[::max(len(foot) // 1000, 1)]
    return np.asarray(cKDTree(flat(thin)).query(flat(points))[0])
