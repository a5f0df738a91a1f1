"""The four parts of a sigma, kept apart, and the interval they give."""

from __future__ import annotations

from dataclasses import dataclass
import math

#: Half-width of a 95 % interval of a normal distribution, in sigmas.
Z95 = 1.959963984540054


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
