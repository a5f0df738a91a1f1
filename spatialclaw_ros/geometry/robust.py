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

    Fewer than k wrong readings cannot move the end further than from the k-th to the 2k-th.
    """
    return max(1, min(4, count // 10))


def lower_end(values: np.ndarray, rank: int, axis: int = -1) -> np.ndarray:
    """Where `values` begin: x_k - (x_2k - x_k) of the sorted values, k = `rank`.

    The truncation point of Robson and Whitlock (Biometrika 1964) at rank k: the k values cut off
    span what the next k span, so the end neither reads high nor hangs on the outermost value.
    """
    count = values.shape[axis]
    near, far = min(rank, count) - 1, min(2 * rank, count) - 1
    ordered = np.partition(values, sorted({near, far}), axis=axis)
    first = np.take(ordered, near, axis=axis)
    return 2 * first - np.take(ordered, far, axis=axis)


def inlier_mean(values: np.ndarray, sigma: np.ndarray) -> tuple[float, float]:
    """Mean weighted by 1/sigma² and its sigma, widened by what the values spread beyond theirs.

    The widening is Birge's ratio, sqrt(chi² / (n - 1)) where above one.
    """
    weight = 1.0 / np.square(np.maximum(sigma, 1e-9))
    mean = float((weight * values).sum() / weight.sum())
    spread = float((weight * np.square(values - mean)).sum())
    birge = max(1.0, np.sqrt(spread / (len(values) - 1))) if len(values) > 1 else 1.0
    return mean, float(birge / np.sqrt(weight.sum()))
