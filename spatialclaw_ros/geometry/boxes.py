"""Boxes about points, one axis along a given direction."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial import QhullError

from spatialclaw_ros.geometry.transforms import basis_with_third


def convex_outline(points: np.ndarray) -> np.ndarray:
    """Corners (N, 2) of the convex hull of `points` (M, 2), in order; the points when flat."""
    if len(points) < 3:
        return points
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        along = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
        place = points @ along
        return points[[place.argmin(), place.argmax()]]


def smallest_rectangle(points: np.ndarray) -> float:
    """Angle in rad, in [0, pi/2), of the rectangle of least area about `points` (M, 2).

    One side lies along a side of the convex hull (Freeman and Shapira, CACM 1975).
    """
    corners = convex_outline(points)
    if len(corners) < 2:
        return 0.0
    sides = np.roll(corners, -1, axis=0) - corners
    angles = np.unique(np.arctan2(sides[:, 1], sides[:, 0]) % (np.pi / 2))
    cosine, sine = np.cos(angles), np.sin(angles)
    along = corners @ np.stack([cosine, sine])
    across = corners @ np.stack([-sine, cosine])
    return float(angles[(np.ptp(along, axis=0) * np.ptp(across, axis=0)).argmin()])


def robust_rectangle(points: np.ndarray, share: float) -> float:
    """Angle in rad, in [0, pi/2), of the rectangle of least area about most of `points` (M, 2).

    `share` of them is left out at each side, so that noise does not turn it.
    """
    coarse = np.deg2rad(np.arange(0.0, 90.0, 2.0))
    best = coarse[_areas(points, coarse, share).argmin()]
    fine = best + np.deg2rad(np.arange(-2.0, 2.25, 0.25))
    return float(fine[_areas(points, fine, share).argmin()] % (np.pi / 2))


def _areas(points: np.ndarray, angles: np.ndarray, share: float) -> np.ndarray:
    cosine, sine = np.cos(angles), np.sin(angles)
    area = np.ones(len(angles))
    for axis in (np.stack([cosine, sine]), np.stack([-sine, cosine])):
        along = np.sort(np.ascontiguousarray((points @ axis).T), axis=1)
        area *= _quantile(along, 1 - share) - _quantile(along, share)
    return area


def _quantile(ordered: np.ndarray, share: float) -> np.ndarray:
    """Quantiles (M,) of rows (M, N) in ascending order."""
    place = share * (ordered.shape[1] - 1)
    below = int(place)
    part = place - below
    above = min(below + 1, ordered.shape[1] - 1)
    return np.asarray((1 - part) * ordered[:, below] + part * ordered[:, above])


def upright_axes(points: np.ndarray, up: np.ndarray, share: float = 0.0) -> np.ndarray:
    """Axes (3, 3), columns, of the box of least footprint about `points` with its third axis up.

    Columns are right-handed; the first is the longer horizontal side. Where a `share` of the
    points is to be left out at each side, the box is that of `robust_rectangle`, and so are the
    sides that are compared.
    """
    base = basis_with_third(up)
    flat = points @ base[:, :2]
    angle = robust_rectangle(flat, share) if share > 0 else smallest_rectangle(flat)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    low, high = np.quantile(flat @ turn, [share, 1 - share], axis=0)
    if high[0] - low[0] < high[1] - low[1]:
        turn = np.column_stack([turn[:, 1], -turn[:, 0]])
    return np.column_stack([base[:, :2] @ turn, base[:, 2]])


def principal_axes(points: np.ndarray, share: float = 0.0) -> np.ndarray:
    """Axes (3, 3), columns, of the box about `points` where no direction is up.

    The third is the direction of least spread, the others of least footprint about it.
    """
    if len(points) < 3:
        return np.eye(3)
    _, _, vectors = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return upright_axes(
        points, vectors[-1] if len(vectors) == 3 else np.array([0, 0, 1.0]), share)
