"""The surfaces a network's depth shows: where they end, and without their soft edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from spatialclaw_ros.geometry.layers import STEEPEST
from spatialclaw_ros.geometry.robust import robust_sigma

#: A network's edges are this soft, to either side, as a share of the image's long side.
_SOFT = 0.006


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Logarithms (H, W) of a network's depth, with each soft edge made a step.

    `depth_log`, NaN where the network knows nothing; `low` and `high` are the extremes within an
    edge's softness, `reach` pixels. `at_edge` bool: where these are two surfaces, and the side
    that a pixel goes to is a guess. `slope` is the largest difference to a neighbouring pixel on
    one surface.
    """

    depth_log: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_edge: np.ndarray
    slope: float
    reach: int


def surfaces_of(depth: np.ndarray, focal: float) -> Surfaces:
    """Surfaces of `depth` (H, W), metres, by a camera of `focal` pixels.

    Where depth changes by more within an edge's softness than on the steepest slant, a pixel
    goes to the nearer of both sides.
    """
    known = np.isfinite(depth) & (depth > 0)
    values = np.log(np.where(known, depth, 1.0))
    bend = (values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:])[
        known[:, :-2] & known[:, 1:-1] & known[:, 2:]]
    noise = robust_sigma(bend) / np.sqrt(6) if bend.size else 0.0
    slope = STEEPEST / focal + 4 * np.sqrt(2) * noise
    reach = max(1, round(_SOFT * max(depth.shape)))
    window = 2 * reach + 1
    low = ndimage.minimum_filter(np.where(known, values, np.inf), window, mode='nearest')
    high = ndimage.maximum_filter(np.where(known, values, -np.inf), window, mode='nearest')
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    with np.errstate(invalid='ignore'):
        at_edge = high - low > 2 * reach * slope
        side = np.where(2 * np.exp(values) < np.exp(low) + np.exp(high), low, high)
    values = np.where(known, np.where(at_edge, side, values), np.nan)
    return Surfaces(values, low, high, at_edge, float(slope), reach)
