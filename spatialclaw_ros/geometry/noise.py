"""How wrong a depth reading may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DepthNoise:
    """Noise of a depth sensor: independent per pixel, and common to a whole frame.

    One sigma of a pixel at z metres is `floor + quadratic · z²` metres (the quadratic growth is
    that of triangulating sensors: Khoshelham and Elberink, Sensors 2012). `bias_share` is one
    sigma of the depth error common to a frame, as a share of range; `focal_share` one sigma of
    the focal length's relative error. Neither is averaged down by more points.
    """

    floor: float = 0.001
    quadratic: float = 0.0020
    bias_share: float = 0.004
    focal_share: float = 0.002

    def sigma(self, depth: np.ndarray) -> np.ndarray:
        """One sigma along the ray, metres, of each reading of `depth`, metres; NaN kept."""
        return self.floor + self.quadratic * np.square(depth)
