"""The network's rating of its depth as a probability, by a stated rule."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.geometry.confidence import ON_SURFACE
from spatialclaw_ros.perception.content import has_content

_POWER = 8.0
#: What a network that rates nothing is taken to be right in.
_UNRATED = 0.9
#: At a step of depth a pixel can lie anywhere between two surfaces.
AT_STEP = 0.25
#: A step: the surface's inverse depth bends by more than this share of it within two pixels.
_STEP = 0.1
#: What is told of an image without content.
WITHOUT_CONTENT = 0.05


def of_network(rating: np.ndarray | None, depth: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Confidence (h, w) float32 in 0–1 from the network's `rating` (h, w), 1 and up, or None.

    The rule: 0.9973 (1 - rating⁻⁸); 0.9 for a network that rates nothing; at most 0.25 at a step
    of `depth` (h, w), and 0.05 where the `image` (H, W, 3) shows nothing; 0 where depth is
    unknown. A rating of 1 says nothing, and is what the package gives the sky; the power puts the
    1.05 from which its authors show a point at about 0.3, where cells by default begin to use
    one. Monotone, and not calibrated: with a depth sensor `error_bars` does that.
    """
    probability = np.full(depth.shape, _UNRATED) if rating is None else (
        ON_SURFACE * (1 - np.maximum(rating, 1.0) ** -_POWER))
    most = np.where(steps(depth), AT_STEP, 1.0) if has_content(image) else WITHOUT_CONTENT
    probability = np.minimum(probability, most)
    known = np.isfinite(depth) & np.isfinite(probability)
    return np.where(known, probability, 0).astype(np.float32)


def steps(depth: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels where `depth` (h, w) steps; its inverse is linear on a plane."""
    with np.errstate(divide='ignore', invalid='ignore'):
        near = 1 / depth
    bend = np.zeros(depth.shape, bool)
    for axis in (0, 1):
        if depth.shape[axis] < 3:
            continue
        turned = np.moveaxis(near, axis, 0)
        with np.errstate(invalid='ignore'):
            bent = np.abs(turned[2:] - 2 * turned[1:-1] + turned[:-2]) > _STEP * turned[1:-1]
        np.moveaxis(bend, axis, 0)[1:-1] |= bent
    return bend
