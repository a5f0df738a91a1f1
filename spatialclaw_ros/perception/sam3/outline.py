"""Logits of the network to a mask on the sensor's pixels, and to what else it might be."""

from __future__ import annotations

from collections.abc import Sequence
import math

import cv2
import numpy as np

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.masks import cropped
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.cleaning import cleaned

#: How far the threshold of 0 is moved for the alternatives, in logits (a probability of 0.27 and
#: 0.73): the offset by which SAM's automatic mask generation measures how stable a mask is.
DOUBT = 1.0
#: Another mask for the same prompt is an alternative from this overlap on; below, it is another
#: thing, such as a part of the object.
_SAME = 0.7


def check_numbers(values: np.ndarray) -> None:
    """Raise Unanswerable where the network gave `values` that are none."""
    if np.isnan(values).any():
        raise Unanswerable("engine 'sam3' computed NaN: its precision does not hold the network's "
                           'numbers (set it to bfloat16 or float32), or its weights are damaged '
                           '(fetch the checkpoint anew)')


def outlined(logits: np.ndarray, sensor: tuple[int, int], score: float,
             others: Sequence[np.ndarray] = (), taken: np.ndarray | None = None) -> Mask | None:
    """Mask where `logits` (h, w) float, of the whole image, are positive; None where nowhere.

    `sensor` is (width, height) of the image. Pixels `taken` (H, W) bool are other objects'. The
    alternatives are the masks of a threshold `DOUBT` higher and lower, smaller and larger by half
    a pixel of the network's mask, but by one of the image's at least (no outline is placed
    better); and, of the logits `others` of the same prompt, best first, the first that roughly
    agrees. Raises Unanswerable for logits that are NaN.
    """
    check_numbers(logits)
    height, width = logits.shape
    resizing = Resizing(sensor, (width, height))
    smooth = resizing.map_back(logits)
    layers = np.stack([smooth > 0, smooth > DOUBT, smooth > -DOUBT,
                       *(resizing.map_back(other) > 0 for other in others)])
    if taken is not None:
        layers &= ~taken
    if not layers[0].any():
        return None
    reach = max(1.0, 0.25 * sum(1 / scale for scale in resizing.scale))
    corner, layers = _crop(layers, math.ceil(reach))
    plain, inner, outer, *rest = (cleaned(layer, smooth.size) for layer in layers)
    inner, outer = _eroded(inner, reach), ~_eroded(~outer, reach)
    if not inner.any():
        inner = _eroded(plain, reach)
    if taken is not None:
        x, y = corner
        outer &= ~taken[y:y + outer.shape[0], x:x + outer.shape[1]]
    agreeing = [other for other in rest if _SAME <= overlap(plain, other) < 1]
    alternatives = [other if other.any() else plain for other in (inner, outer, *agreeing[:1])]
    return cropped(plain, np.stack(alternatives), score, corner)


def _crop(layers: np.ndarray, margin: int) -> tuple[tuple[int, int], np.ndarray]:
    """The part of `layers` (K, H, W) that holds any, and `margin` more; its corner (x, y)."""
    union = np.logical_or.reduce(layers)
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    x, y = max(columns[0] - margin, 0), max(rows[0] - margin, 0)
    return (int(x), int(y)), layers[:, y:rows[-1] + margin + 1, x:columns[-1] + margin + 1]


def _eroded(mask: np.ndarray, reach: float) -> np.ndarray:
    """Pixels of `mask` (h, w) bool with none outside of it within `reach`, pixels."""
    return cv2.distanceTransform(
        mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > reach


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks (H, W) bool, 0 where both are empty."""
    return float((a & b).sum() / max((a | b).sum(), 1))
