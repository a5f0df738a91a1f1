"""Closest points of two clouds, at a cost that does not grow with what is far away."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_COARSE = 400


def reach(first: np.ndarray, second: np.ndarray) -> float:
    """Upper bound, metres, of the least distance between (N, 3) and (M, 3) from a few points."""
    a = first[::max(len(first) // _COARSE, 1)]
    b = second[::max(len(second) // _COARSE, 1)]
    return float(cKDTree(b).query(a)[0].min())


def near(points: np.ndarray, other: np.ndarray, limit: float) -> np.ndarray:
    """Indices (m,) of `points` (N, 3) within `limit` metres of the bounding box of `other`."""
    low, high = other.min(axis=0), other.max(axis=0)
    outside = np.maximum(np.maximum(low - points, points - high), 0)
    return np.flatnonzero(np.einsum('ij,ij->i', outside, outside) <= limit * limit)


def nearest_pairs(first: np.ndarray, second: np.ndarray, limit: float, neighbours: int
                  ) -> tuple[np.ndarray, np.ndarray]:
    """Indices (m,) of `first` within `limit` metres of `second`, and of their neighbours (m, k).

    k is `neighbours` or the size of `second`. Neighbours beyond the limit repeat the nearest.
    """
    k = min(neighbours, len(second))
    beyond = np.nextafter(limit, np.inf)  # the tree's bound is exclusive
    distance, index = cKDTree(second).query(
        first, k=np.arange(1, k + 1), distance_upper_bound=beyond)
    found = np.flatnonzero(np.isfinite(distance[:, 0]))
    index = index[found]
    return found, np.where(index == len(second), index[:, :1], index)
