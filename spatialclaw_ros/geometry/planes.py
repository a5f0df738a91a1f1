"""Planes through points: least squares, and the dominant one among others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.geometry.robust import robust_sigma
from spatialclaw_ros.geometry.transforms import unit

_TRIALS = 250
_SCORED = 1500
_REFITS = 4
_SEED = 7


@dataclass(frozen=True, eq=False)
class PlaneFit:
    """Plane `normal · x = offset` with the points it rests on: `inliers` (N,) bool.

    `residual` is the inliers' robust one-sigma distance, metres.
    """

    normal: np.ndarray
    offset: float
    inliers: np.ndarray
    residual: float

    def height(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (...,) metres of `points` (..., 3)."""
        return points @ self.normal - self.offset

    def facing(self, place: np.ndarray) -> PlaneFit:
        """The same plane with its normal to the side of `place` (3,)."""
        if self.height(np.asarray(place)) >= 0:
            return self
        return PlaneFit(-self.normal, -self.offset, self.inliers, self.residual)


def least_squares_plane(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Unit normal (3,) and offset of the plane through `points` (N, 3), N at least 3."""
    center = points.mean(axis=0)
    moved = points - center
    _, vectors = np.linalg.eigh(moved.T @ moved)
    normal = vectors[:, 0]
    return normal, float(normal @ center)


def dominant_plane(points: np.ndarray, tolerance: float | np.ndarray,
                   direction: np.ndarray | None = None, max_angle: float = np.pi,
                   trials: int = _TRIALS) -> PlaneFit | None:
    """The plane that most of `points` (N, 3) lie on within `tolerance` metres, or None.

    `tolerance` may be (N,). With `direction` (3,) only planes whose normal is within `max_angle`
    rad of it, either way, count. More `trials` find planes of fewer points. RANSAC with the
    truncated score of Torr and Zisserman (CVIU 2000), refitted by least squares to inliers whose
    bound follows their own spread.
    """
    if len(points) < 3:
        return None
    bound = np.broadcast_to(np.asarray(tolerance, float), len(points))
    rng = np.random.default_rng(_SEED)
    corners = points[rng.integers(0, len(points), (trials, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    good = length > 1e-12
    if direction is not None:
        along = np.abs(normals @ unit(direction)) / np.maximum(length, 1e-12)
        good &= along >= np.cos(max_angle)
    if not good.any():
        return None
    normals, corners = normals[good] / length[good, None], corners[good]
    offsets = np.einsum('ij,ij->i', normals, corners[:, 0])
    sample = rng.choice(len(points), min(len(points), _SCORED), replace=False)
    apart = (points[sample] @ normals.T - offsets) / bound[sample, None]
    best = int(np.minimum(np.square(apart), 1).sum(axis=0).argmin())
    fit = _refitted(points, normals[best], float(offsets[best]), bound)
    if fit is None or direction is None or abs(fit.normal @ unit(direction)) >= np.cos(max_angle):
        return fit
    return _with_inliers(points, normals[best], float(offsets[best]), bound)


def _refitted(points: np.ndarray, normal: np.ndarray, offset: float, bound: np.ndarray
              ) -> PlaneFit | None:
    limit = bound
    for _ in range(_REFITS):
        inliers = np.abs(points @ normal - offset) <= limit
        if inliers.sum() < 3:
            return None
        normal, offset = least_squares_plane(points[inliers])
        apart = points @ normal - offset
        spread = robust_sigma(apart[np.abs(apart) <= bound])
        limit = np.minimum(bound, max(2.5 * spread, 1e-6))
    return _with_inliers(points, normal, offset, limit)


def _with_inliers(points: np.ndarray, normal: np.ndarray, offset: float, limit: np.ndarray
                  ) -> PlaneFit | None:
    apart = points @ normal - offset
    inliers = np.abs(apart) <= limit
    return PlaneFit(normal, offset, inliers, robust_sigma(apart[inliers])) if (
        inliers.sum() >= 3) else None
