"""What an object's depth readings err by alone, and together."""

from __future__ import annotations

from typing import Any
from typing import Protocol

import numpy as np

from spatialclaw_ros.geometry.noise import DepthNoise

#: The least share of a reading's sigma that is its own.
_ALONE = 0.1
#: A reading at the edge of what was filled may be of another surface: what it may then be off by is
#: no noise of the surface it is on, which is no more than so many times the usual one.
_SIDE = 3.0


class DepthErrors(Protocol):
    """What a frame's geometry says of its errors; calls.requests.FrameGeometry has it."""

    noise: DepthNoise
    sigma: Any
    bias: Any


def depth_errors(geometry: DepthErrors, window: tuple[slice, slice], depth: np.ndarray,
                 own: np.ndarray) -> tuple[np.ndarray, float]:
    """One sigma (h, w) metres of what each reading errs by alone; a share of range, of all.

    `depth` (h, w) metres, NaN where unknown, is what the `window` of the image reads, `own` (h, w)
    bool the object's mask, with a reading. The share is beyond what the whole frame has in common:
    the root mean square under the mask, so that a part that was filled counts.
    """
    if geometry.sigma is None:
        return np.asarray(geometry.noise.sigma(depth)), 0.0
    sigma = np.asarray(geometry.sigma[window], float)
    if geometry.bias is None:
        return sigma, 0.0
    known = own & np.isfinite(depth)
    bias = np.asarray(geometry.bias[window], float)
    alone = np.sqrt(np.maximum(np.square(sigma) - np.square(bias * depth), (_ALONE * sigma) ** 2))
    return (np.minimum(alone, _SIDE * np.median(alone[known])),
            float(np.sqrt(np.mean(np.square(bias[known])))))
