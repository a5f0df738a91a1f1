"""How far a filled pixel may be off, from how the errors where there are readings differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Differences that tell how errors differ at one distance.
_LEAST = 60


@dataclass(frozen=True, eq=False)
class Variogram:
    """One sigma `share` (L,), of depth, by which errors `lags` (L,) pixels apart differ."""

    lags: np.ndarray
    share: np.ndarray

    def at(self, distance: np.ndarray) -> np.ndarray:
        """One sigma, as a share of depth, of what is carried over `distance` pixels, any shape.

        The difference of two errors is √2 times as large as one.
        """
        near = np.maximum(distance, self.lags[0])
        return np.interp(np.log(near), np.log(self.lags), self.share) / np.sqrt(2)


def scatter_of(residual: np.ndarray, noise: np.ndarray, from_edge: np.ndarray, reach: int
               ) -> np.ndarray:
    """One sigma (H, W) of what differs from pixel to pixel in a network's depth, as its share.

    Of the `residual` (H, W) of logarithms about their smooth field, NaN where unknown, beyond the
    sensor's `noise` (H, W), a share too. Near an edge it is more: it is told apart for pixels
    within `reach` and within three times that `from_edge` (H, W) pixels, and for those beyond.
    """
    scatter, before = np.zeros(residual.shape), 0.0
    for within in (np.inf, 3 * reach, reach):
        zone = from_edge <= within
        off = np.square(residual[zone])
        known = np.isfinite(off)
        if known.sum() >= _LEAST:
            own = np.median(np.square(noise[zone][known]))
            before = max(np.quantile(off[known], 0.683), np.quantile(off[known], 0.95) / 1.96 ** 2)
            before = np.sqrt(max(before - own, 0.0))
        scatter[zone] = before
    return scatter


def variogram_of(log_ratio: np.ndarray, pitch: int, otherwise: float) -> Variogram:
    """Variogram of `log_ratio` (h, w), NaN where unknown, known every `pitch` pixels.

    One sigma is that of a normal difference with as much within one of it, or within 1.96,
    whichever is more. It does not shrink with the distance. `otherwise` is one sigma of a single
    error, for where the readings are too few.
    """
    shares = {}
    for lag in 2 ** np.arange(int(np.log2(max(log_ratio.shape))) + 1):
        off = np.concatenate([apart[np.isfinite(apart)] for apart in (
            np.abs(log_ratio[:, lag:] - log_ratio[:, :-lag]),
            np.abs(log_ratio[lag:] - log_ratio[:-lag]))])
        if len(off) >= _LEAST:
            shares[float(lag * pitch)] = max(np.quantile(off, 0.683), np.quantile(off, 0.95) / 1.96)
    shares = shares or {float(pitch): np.sqrt(2) * otherwise}
    return Variogram(np.array(list(shares)), np.maximum.accumulate(list(shares.values())))
