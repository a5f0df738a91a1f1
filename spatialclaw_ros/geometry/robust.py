"""Statistics that a few wrong readings do not move."""

from __future__ import annotations

import numpy as np

#: Standard deviation of a normal distribution per median absolute deviation.
_MAD_TO_SIGMA = 1.4826


def robust_sigma(values: np.ndarray) -> float:
    """One sigma of `values` from their median absolute deviation; NaN when empty."""
    values = np.asarray(values, float)
    if not values.size:
        return float('nan')
    return float(_MAD_TO_SIGMA * np.median(np.abs(values - np.median(values))))


def rank_for(count: int) -> int:
    """Rank k of the order statistic from which an end is told, for `count` values.

    Fewer than k wrong readings do not decide where the end is.
    """
    return max(1, min(4, count // 10))


def lower_end(values: np.ndarray, rank: int, axis: int = -1) -> np.ndarray:
    """Where `values` begin: x_k - (x_2k - x_k) of the sorted values, but not before the first.

    The truncation point of Robson and Whitlock (Biometrika 1964), told at k = `rank` and at twice
    that: the k values cut off span what the next k span, so the end neither reads high nor hangs
    on the outermost value. Of both the inner one, since a few wrong values spread far.
    """
    count = values.shape[axis]
    places = [min(times * rank, count) - 1 for times in (1, 2, 4)]
    ordered = np.partition(values, sorted({0, *places}), axis=axis)
    first, near, middle, far = (np.take(ordered, place, axis=axis) for place in (0, *places))
    return np.maximum(np.maximum(2 * near - middle, 2 * middle - far), first)
