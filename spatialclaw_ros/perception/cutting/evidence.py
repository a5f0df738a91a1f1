"""What speaks for and against each pixel of a crop being of the object, as log odds in nats."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.perception.cutting.crop import Crop
from spatialclaw_ros.perception.cutting.surroundings import Surroundings

_BINS = 20
_HISTOGRAM_BLUR = 0.9
_RARE_COLOUR = 6e-5
#: No colour, and no distance from a surface, says more than this.
COLOUR_LIMIT = 3.0
_SURFACE_LIMITS = (-2.5, 2.0)
_OTHERS_WEIGHT = 1.5


def position_odds(crop: Crop) -> np.ndarray:
    """The middle of a box is rather of the object, its corners rather not."""
    x1, y1, x2, y2 = crop.box
    rows, columns = np.mgrid[:crop.shape[0], :crop.shape[1]] + 0.5
    radius = ((2 * columns - x1 - x2) / (x2 - x1)) ** 2 + ((2 * rows - y1 - y2) / (y2 - y1)) ** 2
    return np.where(crop.inside, np.clip(0.9 - 1.1 * radius, -4, 1), -4).astype(np.float32)


def colour_odds(lab: np.ndarray, weights_object: np.ndarray, weights_rest: np.ndarray
                ) -> np.ndarray:
    """Ratio of two smoothed colour histograms, with `weights` (h, w) saying what is in each."""
    centred = (lab - [0, 128, 128]) * [_BINS / 256, _BINS / 140, _BINS / 140] + [
        0, _BINS / 2, _BINS / 2]
    bins = np.clip(centred, 0, _BINS - 1).astype(np.int64) @ [_BINS ** 2, _BINS, 1]

    def histogram(weights: np.ndarray) -> np.ndarray:
        counts = np.bincount(bins.ravel(), weights.ravel().astype(float), _BINS ** 3)
        cube = (counts / max(counts.sum(), 1.0)).reshape(_BINS, _BINS, _BINS)
        return ndimage.gaussian_filter(cube, _HISTOGRAM_BLUR, mode='nearest').ravel()

    ratio = np.log((histogram(weights_object) + _RARE_COLOUR)
                   / (histogram(weights_rest) + _RARE_COLOUR))
    return ratio[bins].astype(np.float32)


def surface_odds(crop: Crop, around: Surroundings, share_on: float) -> np.ndarray:
    """Distance from the surfaces around; `share_on` of the object lies in them (a flat thing).

    An object is spread evenly over its own size; the surroundings lie on their surfaces but for
    an unexplained share.
    """
    even = 1 / crop.object_size
    odds = np.log((share_on * around.density + (1 - share_on) * even)
                  / (around.density + around.unexplained * even))
    return np.where(crop.measured, np.clip(odds, *_SURFACE_LIMITS), 0).astype(np.float32)


def missing_odds(crop: Crop, weights_object: np.ndarray, weights_rest: np.ndarray) -> np.ndarray:
    """Where depth is missing, and where not: black and shiny things have none."""
    missing = ~crop.measured
    here, there = ((weights * missing).sum() / max(weights.sum(), 1.0)
                   for weights in (weights_object, weights_rest))
    odds = np.where(missing, np.log((here + 0.05) / (there + 0.05)),
                    np.log((1.05 - here) / (1.05 - there)))
    return np.clip(odds, -1, 1).astype(np.float32)


def others_odds(crop: Crop) -> np.ndarray:
    """Boxes of other objects that overlap this one: their middle is rather theirs."""
    odds = np.zeros(crop.shape, np.float32)
    area = _area(crop.box)
    rows, columns = np.mgrid[:crop.shape[0], :crop.shape[1]] + 0.5
    for other in crop.others:
        common, theirs = _area(_overlap(crop.box, other)), _area(other)
        same_object = common > 0.7 * (area + theirs - common)
        if not common or same_object or theirs > 3 * area:
            continue
        x1, y1, x2, y2 = other
        radius = np.maximum(np.abs(2 * columns - x1 - x2) / (x2 - x1),
                            np.abs(2 * rows - y1 - y2) / (y2 - y1))
        share = crop.within(other) * np.clip(1.2 - 0.5 * radius, 0, 1)
        odds -= _OTHERS_WEIGHT * share * (1.0 if theirs < area else 0.5)
    return odds


def _overlap(a: Box2D, b: Box2D) -> Box2D:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _area(box: Box2D) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
