"""Closest points of two clouds, at a cost that does not grow with what is far away."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_COARSE = 400


def _tree(points: np.ndarray) -> cKDTree:
    """Tree of `points` (N, 3), for few queries: neither balanced nor tight, it is made sooner."""
    return cKDTree(points, balanced_tree=False, compact_nodes=False)


def reach(first: np.ndarray, second: np.ndarray) -> float:
    """Upper bound, metres, of the least distance between (N, 3) and (M, 3) from a few points."""
    a = first[::max(len(first) // _COARSE, 1)]
    b = second[::max(len(second) // _COARSE, 1)]
    return float(_tree(b).query(a)[0].min())


def near(points: np.ndarray, other: np.ndarray, limit: float) -> np.ndarray:
    """Indices (m,) of `points` (N, 3) within `limit` metres of the bounding box of `other`."""
    squared = np.zeros(len(points))
    for along, of_other in zip(points.T, other.T, strict=True):
        outside = np.maximum(of_other.min() - along, along - of_other.max())
        squared += np.square(np.maximum(outside, 0))
    return np.flatnonzero(squared <= limit * limit)


def nearest_pairs(first: np.ndarray, second: np.ndarray, limit: float, neighbours: int
                  ) -> tuple[np.ndarray, np.ndarray]:
    """Indices (m,) of `first` within `limit` metres of `second`, and of their neighbours (m, k).

    k is `neighbours` or the size of `second`. Neighbours beyond the limit repeat the nearest.
    """
    k = min(neighbours, len(second))
    beyond = np.nextafter(limit, np.inf)  # the tree's bound is exclusive
    distance, index = _tree(second).query(
        first, k=np.arange(1, k + 1), distance_upper_bound=beyond)
    found = np.flatnonzero(np.isfinite(distance[:, 0]))
    index = index[found]
    return found, np.where(index == len(second), index[:, :1], index)
