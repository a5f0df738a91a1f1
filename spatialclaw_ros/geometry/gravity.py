"""Which way is up, from the floor that a camera sees."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.geometry.planes import dominant_plane
from spatialclaw_ros.geometry.planes import PlaneFit
from spatialclaw_ros.geometry.transforms import angle_between
from spatialclaw_ros.geometry.transforms import unit

#: A camera is not held more askew than this, rad.
_ASKEW = math.radians(60)
_LEAST = 50
_MOST_POINTS = 6000
_SEED = 5
_TRIALS = 1000
_MOST_PLANES = 6
#: How far off a plane its points may be, as a share of their range.
_TOLERANCE = 0.015
#: A camera is higher above a floor than this share of how far it sees.
_LEAST_HEIGHT = 0.01
#: The least share of the points that makes a floor, and that much below a plane is no stray.
_SHARE, _STRAY = 0.05, 0.03
#: Planes within this angle, rad, are level with one another; another one is no part of the first
#: when the camera is so many times as high above it.
_LEVEL, _LOWER = math.radians(5), 1.15
#: So many of a plane's errors are independent. A network's are alike over much of an image (found
#: with warps of 1 and 2 % that change five or six times across it); a sensor's are less so, and
#: its planes better than told.
_INDEPENDENT = 6


@dataclass(frozen=True, eq=False)
class Floor:
    """The lowest large level plane, seen from above: `up` (3,) unit, `up · x = offset`.

    `sigma` rad is one sigma of `up` about each axis; `share` of the points lie on the plane.
    `height` is that of the camera above it, in the points' unit, with `height_sigma`. `is_lowest`
    is False where more lies below: then it is a table or the like, level but not the ground.
    """

    up: np.ndarray
    offset: float
    sigma: float
    share: float
    height: float
    height_sigma: float
    is_lowest: bool


def fit_floor(points: np.ndarray, origin: np.ndarray, up_hint: np.ndarray | None = None, *,
              within: float = _ASKEW) -> Floor | None:
    """Floor among `points` (N, 3), any unit, seen by the camera at `origin` (3,).

    Its normal is within `within` rad of `up_hint` (3,); without one the points are in optical
    axes (y down) of a camera held within 60 degrees of upright. The camera is above a floor, which
    tells it from walls before the camera and ceilings. Of planes level with the largest upright
    one the lowest counts; `up` is told by the one that tells it best. None where no plane holds a
    twentieth of the points, or fewer than 50 are finite.
    """
    points = np.asarray(points, float).reshape(-1, 3) - np.asarray(origin, float)
    points = points[np.isfinite(points).all(axis=1)]
    distance = np.linalg.norm(points, axis=1)
    points, distance = points[distance > 0], distance[distance > 0]
    if len(points) < _LEAST:
        return None
    if len(points) > _MOST_POINTS:
        some = np.random.default_rng(_SEED).choice(len(points), _MOST_POINTS, replace=False)
        points, distance = points[some], distance[some]
    hint = np.array([0.0, -1.0, 0.0]) if up_hint is None else unit(up_hint)
    planes = _upward_planes(points, _TOLERANCE * distance, hint, within)
    if not planes:
        return None
    best = max(planes, key=lambda plane: plane.inliers.sum() * float(plane.normal @ hint) ** 2)
    level = [plane for plane in planes if plane is best or (
        plane.offset < _LOWER * best.offset
        and angle_between(plane.normal, best.normal) <= _LEVEL)]
    floor = min(level, key=lambda plane: plane.offset)
    surest = min(level, key=lambda plane: _tilt_sigma(points, plane))
    return _floor(points, _TOLERANCE * distance, floor, surest, np.asarray(origin, float))


def _upward_planes(points: np.ndarray, tolerance: np.ndarray, hint: np.ndarray, within: float
                   ) -> list[PlaneFit]:
    """Planes below the camera, at the origin, that face up; none shares a point with another."""
    planes, left = [], np.arange(len(points))
    lowest = _LEAST_HEIGHT * float(np.median(np.linalg.norm(points, axis=1)))
    for _ in range(_MOST_PLANES):
        fit = dominant_plane(points[left], tolerance[left], hint, within, _TRIALS)
        if fit is None or fit.inliers.sum() < _SHARE * len(points):
            break
        fit = fit.facing(np.zeros(3))
        inliers = np.zeros(len(points), bool)
        inliers[left[fit.inliers]] = True
        if fit.normal @ hint > 0 and -fit.offset > lowest:
            planes.append(PlaneFit(fit.normal, fit.offset, inliers, fit.residual))
        off = np.abs(fit.height(points[left])) > tolerance[left]
        left = left[off & ~fit.inliers]
        if len(left) < _LEAST:
            break
    return planes


def _tilt_sigma(points: np.ndarray, plane: PlaneFit) -> float:
    """One sigma, rad, of a plane's normal about the axis that is told worse."""
    own = points[plane.inliers]
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(own.T))[1])
    return float(plane.residual / max(spread, 1e-300) / math.sqrt(_INDEPENDENT))


def _floor(points: np.ndarray, tolerance: np.ndarray, plane: PlaneFit, surest: PlaneFit,
           origin: np.ndarray) -> Floor:
    up, own = surest.normal, points[plane.inliers]
    sigma = _tilt_sigma(points, surest)
    offset = plane.offset if surest is plane else float(np.median(own @ up))
    middle = own.mean(axis=0)
    aside = float(np.linalg.norm(middle - (middle @ up) * up))
    below = points @ up - offset < -3 * tolerance
    return Floor(
        up=up, offset=offset + float(up @ origin), sigma=sigma,
        share=float(plane.inliers.mean()), height=-offset,
        height_sigma=math.hypot(plane.residual / math.sqrt(_INDEPENDENT),
                                aside * sigma),
        is_lowest=bool(below.mean() < _STRAY))
