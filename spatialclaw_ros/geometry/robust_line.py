"""A line through points of which both coordinates err, and many are wrong altogether.

Errors grow with y, as those of depth do: each residual counts as a share of its y > 0, so that
large ones have no more say than small ones. Least trimmed squares (Rousseeuw and Van Driessen,
Data Mining and Knowledge Discovery 2006) start an M-estimate that heavy tails, and up to 40 % of
outliers, do not move. What x errs by is what the residuals tell beyond the known noise of y, and
is heeded in the slope (York et al., Am. J. Phys. 2004), which it would flatten else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from spatialclaw_ros.geometry.robust import robust_sigma

#: Points without which nothing is fitted.
LEAST = 8
_TRIALS = 400
_SCORED = 1200
_ROUNDS = 15
_SEED = 11
#: Share of the points that a start is found by; how many starts are refined, and how often.
_KEPT, _FINALISTS, _CONCENTRATIONS = 0.57, 12, 8
#: Tukey's biweight at this many sigmas has 95 % of the efficiency of least squares.
_TUKEY = 4.685
#: Residuals within this many sigmas are explained.
_EXPLAINED = 3.0
#: Errors of pixels are alike over wide parts of an image: so many are independent at most.
_INDEPENDENT = 50
#: A slope whose sigma is a larger share of it tells nothing: all is at about one depth.
_LOOSEST = 0.1
#: Relative error below which none is told apart.
_FINEST = 1e-4


@dataclass(frozen=True)
class Line:
    """y ≈ `slope` · x + `offset`; `slope_sigma` is one sigma, errors of neighbours taken as alike.

    `explained` is the share of the points, 0–1, within three sigma, and `residual_share` the one
    sigma of their residuals as a share of y.
    """

    slope: float
    offset: float
    slope_sigma: float
    residual_share: float
    explained: float


def fit_line(x: np.ndarray, y: np.ndarray, noise: np.ndarray) -> Line | None:
    """Rising line through `x`, `y` (N,), y > 0 with one-sigma `noise` (N,).

    None where the points do not tell slope and offset, as when all lie about one place.
    """
    middle, width = float(np.median(x)), float(np.ptp(x))
    if width <= 1e-9 * max(abs(middle), 1e-300):
        return None
    x = (x - middle) / width
    start = _least_trimmed(x, y)
    if start is None:
        return None
    slope, offset = start
    share = _widest(y - slope * x - offset, y)
    for _ in range(_ROUNDS):
        residual = y - slope * x - offset
        share = _own_share(residual, y, noise, share)
        own = np.square(share * y)
        variance = np.square(noise) + own
        weight = _biweight(residual, variance) / variance
        total = weight.sum()
        u, v = x - weight @ x / total, y - weight @ y / total
        beta = (u * np.square(noise) + v * own / slope) / variance
        below = float(weight @ (u * beta))
        before, slope = slope, float(weight @ (v * beta)) / below if below > 0 else -1.0
        if not slope > 0:
            return None
        offset = float(weight @ (y - slope * x)) / total
        if abs(slope - before) < 1e-9 * slope:
            break
    slope_sigma = _inflation(len(x)) / float(np.sqrt(weight @ np.square(u)))
    if slope_sigma > _LOOSEST * slope:
        return None
    return _line_of(slope / width, float(offset) - slope * middle / width, slope_sigma / width,
                    y - slope * x - offset, y, variance)


def fit_ratio(x: np.ndarray, y: np.ndarray, noise: np.ndarray) -> Line | None:
    """Rising line through the origin and `x`, `y` (N,), both > 0, with one-sigma `noise` (N,)."""
    ratio = np.log(y / x)
    scale = _middle(ratio)
    share = _widest((ratio - scale) * y, y)
    for _ in range(_ROUNDS):
        residual = (ratio - scale) * y
        share = _own_share(residual, y, noise, share)
        variance = np.square(noise) + np.square(share * y)
        weight = _biweight(residual, variance) * np.square(y) / variance
        scale = float(weight @ ratio / weight.sum())
    slope = float(np.exp(scale))
    sigma = _inflation(len(x)) / float(np.sqrt(weight.sum()))
    return _line_of(slope, 0.0, slope * sigma, y - slope * x, y, variance)


def _least_trimmed(x: np.ndarray, y: np.ndarray) -> tuple[float, float] | None:
    """Rising line whose smaller relative residuals, a share _KEPT of all, are least in square."""
    rng = np.random.default_rng(_SEED)
    i, j = rng.integers(0, len(x), (2, _TRIALS))
    apart = x[j] != x[i]
    i, j = i[apart], j[apart]
    slope = (y[j] - y[i]) / (x[j] - x[i])
    lines = np.stack([slope, y[i] - slope * x[i]])[:, slope > 0]
    sample = rng.choice(len(x), min(len(x), _SCORED), replace=False)
    x, y = x[sample], y[sample]
    kept = max(int(_KEPT * len(x)), 3)

    def squares(lines: np.ndarray) -> np.ndarray:
        return np.square((np.outer(lines[0], x) + lines[1][:, None]) / y - 1)

    def cost(lines: np.ndarray) -> np.ndarray:
        return np.partition(squares(lines), kept - 1)[:, :kept].sum(axis=1)
    lines = lines[:, np.argsort(cost(lines))[:_FINALISTS]]
    for _ in range(_CONCENTRATIONS):
        chosen = np.argpartition(squares(lines), kept - 1)[:, :kept]
        lines = _weighted_lines(x[chosen], y[chosen])
        lines = lines[:, lines[0] > 0]
    if not lines.size:
        return None
    best = int(cost(lines).argmin())
    return float(lines[0, best]), float(lines[1, best])


def _weighted_lines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Slope and offset (2, L) of the least relative squares through points (L, M)."""
    weight = 1 / np.square(y)
    weight /= weight.sum(axis=1, keepdims=True)
    center_x, center_y = (weight * x).sum(axis=1), (weight * y).sum(axis=1)
    u = x - center_x[:, None]
    slope = (weight * u * y).sum(axis=1) / np.maximum((weight * u * u).sum(axis=1), 1e-300)
    return np.stack([slope, center_y - slope * center_x])


def _middle(values: np.ndarray) -> float:
    """Middle of the shortest interval that holds a share _KEPT of `values` (N,)."""
    ordered = np.sort(values)
    kept = int(_KEPT * len(ordered))
    at = int((ordered[kept:] - ordered[:len(ordered) - kept]).argmin())
    return float(np.median(ordered[at:at + kept + 1]))


def _widest(residual: np.ndarray, y: np.ndarray) -> float:
    """One sigma of the relative residual as if there were no outliers."""
    return float(np.quantile(np.abs(residual) / y, _KEPT)) / float(ndtri((1 + _KEPT) / 2))


def _own_share(residual: np.ndarray, y: np.ndarray, noise: np.ndarray, before: float
               ) -> float:
    """One sigma of the relative error that `residual` (N,) metres has beyond `noise` (N,).

    Of those within three sigma of it as it was `before`.
    """
    near = np.abs(residual) <= _EXPLAINED * np.hypot(noise, before * y)
    if not near.any():
        return before
    part = residual[near] / y[near]
    variance = robust_sigma(part) ** 2 - float(np.median(np.square(noise[near] / y[near])))
    return float(np.sqrt(max(variance, _FINEST ** 2)))


def _biweight(residual: np.ndarray, variance: np.ndarray) -> np.ndarray:
    away = np.square(residual) / (_TUKEY ** 2 * variance)
    return np.square(np.clip(1 - away, 0, None))


def _inflation(count: int) -> float:
    """Factor of a sigma by which errors of `count` points are less independent than counted."""
    return float(np.sqrt(count / min(count, _INDEPENDENT)))


def _line_of(slope: float, offset: float, slope_sigma: float, residual: np.ndarray, y: np.ndarray,
             variance: np.ndarray) -> Line | None:
    explained = np.square(residual) <= _EXPLAINED ** 2 * variance
    if explained.sum() < LEAST:
        return None
    share = residual[explained] / y[explained]
    return Line(slope, offset, slope_sigma, float(np.sqrt(np.mean(np.square(share)))),
                float(explained.mean()))
