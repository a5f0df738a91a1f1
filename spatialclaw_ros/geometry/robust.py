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


def median_of_known(values: np.ndarray) -> np.ndarray:
    """Median (M,) of each row of `values` (M, N), NaN left out; NaN where all are."""
    ordered = np.sort(values, axis=1)
    known = np.count_nonzero(~np.isnan(ordered), axis=1)
    row = np.arange(len(values))
    return (ordered[row, np.maximum(known - 1, 0) // 2] + ordered[row, known // 2]) / 2


def rank_for(count: int) -> int:
    """Rank k of the order statistic from which an end is told, for `count` values.

    Fewer than k wrong readings do not decide where the end is.
    """
    return max(1, min(4, count // 10))


def lower_end(values: np.ndarray, rank: int, axis: int = -1) -> np.ndarray:
    """Where `values` begin, from the k-th, 2k-th and 4k-th of them, k = `rank`.

    Near an end the k-th value is end + c kᵖ: p = 1 along an edge (then this is the truncation
    point of Robson and Whitlock, Biometrika 1964), 1/2 about a corner. The ratio of both steps
    tells p, and so the end (Aitken's extrapolation), which is not put before the first value. A
    first step that is no smaller than the second is of stray values: the end is then told from
    the 2k-th on.
    """
    count = values.shape[axis]
    places = [min(times * rank, count) - 1 for times in (1, 2, 4)]
    ordered = np.partition(values, sorted({0, *places}), axis=axis)
    first, near, middle, far = (np.take(ordered, place, axis=axis) for place in (0, *places))
    step, next_step = middle - near, far - middle
    growth = np.clip(next_step / np.maximum(step, 1e-12), np.sqrt(2), 2.0)
    end = np.where(next_step < step, middle - next_step, near - step / (growth - 1))
    return np.maximum(end, first)


def end_sigma(values: np.ndarray, rank: int) -> float:
    """One sigma of `lower_end` for values (N,) that happen to fall where they do.

    That of the truncation point told from k values and the next k, each spacing drawn anew.
    """
    count = len(values)
    near, far = min(rank, count) - 1, min(2 * rank, count) - 1
    ordered = np.partition(values, sorted({near, far}))
    return float((ordered[far] - ordered[near]) * np.sqrt(2.0 / rank))
