"""Which of the network's detections count, each object once."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any

import numpy as np
import torch

from spatialclaw_ros.perception.sam3.outline import check_numbers

#: Detections of one thing overlap by more than this, as masks.
DUPLICATE = 0.5
#: A part of a thing, or a heap of them: this share of the smaller mask lies in the other, and its
#: score is clearly lower: below this share of the other's.
_INSIDE, _CLEARLY = 0.9, 0.7
#: What scored at least this share of the threshold is a candidate; so many are told.
NEAR, CANDIDATES = 0.5, 5


@dataclass(frozen=True, eq=False)
class Instances:
    """Detections of one prompt in one image, best first.

    `queries` (K,) are their places in the network's output, `scores` (K,) in 0-1, `boxes` (K, 4)
    x1, y1, x2, y2 as shares of the image. `found` is how many scored above the threshold: they
    come first, then at most `CANDIDATES` that came near. `rejected` is the best score that did
    not, 0 where every detection did. `repeated` are the queries that show one of these again, or
    nothing; `empty` is the best score above the threshold of those whose mask has no pixel, or 0.
    """

    queries: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    found: int
    rejected: float
    repeated: np.ndarray
    empty: float = 0.0


def instances(output: Any, threshold: float, duplicate: float = DUPLICATE) -> Instances:
    """Detections in `output` of a Sam3Model for one image.

    A score is the probability of the query, and that of the prompt's being there at all: their
    product, as the published processor has it. Raises Unanswerable for scores that are NaN.
    """
    scores = output.pred_logits[0].float().sigmoid() * output.presence_logits[0].float().sigmoid()
    scores = scores.cpu().numpy()
    check_numbers(scores)
    order = np.argsort(-scores, kind='stable')
    order = order[(scores[order] > threshold) | (scores[order] >= NEAR * threshold)]
    shapes = (output.pred_masks[0][torch.from_numpy(order)] > 0).cpu().numpy()
    first = distinct(scores[order], shapes, duplicate)
    kept = order[first]
    found = int((scores[kept] > threshold).sum())
    kept = kept[:found + CANDIDATES]
    below = scores[scores <= threshold]
    blank = scores[order][~shapes.any(axis=(1, 2))]
    boxes = output.pred_boxes[0].float().cpu().numpy()[kept]
    return Instances(kept, scores[kept], boxes, found, float(below.max(initial=0.0)),
                     order[~first], float(blank[blank > threshold].max(initial=0.0)))


def distinct(scores: np.ndarray, masks: np.ndarray, duplicate: float = DUPLICATE) -> np.ndarray:
    """Whether each of `masks` (K, h, w) bool, best `scores` (K,) first, is a thing of its own.

    It is not where it overlaps a better one by more than `duplicate` (intersection over union),
    or where one of the two lies within the other and it scores clearly lower. Empty masks are not.
    """
    flat = masks.reshape(len(masks), math.prod(masks.shape[1:])).astype(np.float32)
    common = flat @ flat.T
    areas = flat.sum(axis=1)
    kept = areas > 0
    for i in range(len(masks)):
        better = np.flatnonzero(kept[:i])
        shared = common[i, better]
        union = areas[i] + areas[better] - shared
        inside = ((shared >= _INSIDE * np.minimum(areas[i], areas[better]))
                  & (scores[i] < _CLEARLY * scores[better]))
        kept[i] &= not (inside | (shared > duplicate * np.maximum(union, 1))).any()
    return kept
