"""The four parts of a sigma, kept apart, and the interval they give."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from scipy.special import ndtri

#: Half-width of a 95 % interval of a normal distribution, in sigmas.
Z95 = 1.959963984540054

_NORMAL = ndtri((np.arange(200) + 0.5) / 200)


@dataclass(frozen=True)
class Sigma:
    """One-sigma parts of a measure's error, in the measure's unit.

    mask: which pixels belong to the object (never averaged down by points).
    pixel: independent noise of each depth reading.
    frame: common to a frame (depth bias, focal length).
    pose: common to a camera pose (extrinsics, TF); cancels within one frame.
    """

    mask: float = 0.0
    pixel: float = 0.0
    frame: float = 0.0
    pose: float = 0.0

    @property
    def total(self) -> float:
        """Root of the sum of squares; NaN when a part is unknown."""
        return math.sqrt(sum(part * part for part in
                             (self.mask, self.pixel, self.frame, self.pose)))


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; need not be symmetric."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


NAN_INTERVAL = Interval(math.nan, math.nan)


def interval_of(value: float, errors: np.ndarray, sigma: float, low: float = -math.inf,
                high: float = math.inf) -> Interval:
    """95 % interval of a value whose error is drawn `errors` (B,) plus a normal of `sigma`.

    Errors are estimate minus truth, so the interval leans against their skew. It is cut at `low`
    and `high`, and contains the value.
    """
    if not math.isfinite(sigma):
        return NAN_INTERVAL
    drawn = np.asarray(errors, float) if len(errors) else np.zeros(1)
    below, above = np.quantile((drawn[:, None] + sigma * _NORMAL).ravel(), [0.025, 0.975])
    return Interval(max(min(value - float(above), value), low),
                    min(max(value - float(below), value), high))
