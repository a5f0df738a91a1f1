"""Cut an image into object and surroundings: the least energy of a pairwise Markov field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.csgraph import maximum_flow

from spatialclaw_ros.perception.crop import Crop

#: Cost in nats of a rim between two neighbours that look alike.
_SMOOTHNESS = 20.0
#: Of that, what remains across the sharpest edge.
_EDGE_FLOOR = 0.02
#: Lightness changes with shading, so it counts less than chroma.
LAB_WEIGHTS = np.array([0.7, 1.3, 1.3], np.float32)
#: Pixels and their neighbours: to the right, and below.
NEIGHBOURS: tuple[tuple[Any, Any], ...] = ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]))
#: Steps of an energy per nat: maximum_flow counts in integers.
_STEPS = 200
_CERTAIN = 60.0


@dataclass(frozen=True, eq=False)
class Links:
    """Cost of parting neighbours: `right` (h, w-1) and `down` (h-1, w), nats."""

    right: np.ndarray
    down: np.ndarray


def lab_of(crop: Crop) -> np.ndarray:
    """Colours (h, w, 3) float32 in 8-bit CIE Lab."""
    return cv2.cvtColor(crop.rgb, cv2.COLOR_RGB2LAB).astype(np.float32)


def links_of(crop: Crop) -> Links:
    """Links that are weak across edges of colour and steps of depth.

    The colour term is that of GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004): its scale is
    the mean contrast of the crop.
    """
    lab = cv2.GaussianBlur(lab_of(crop), (0, 0), 0.6) * LAB_WEIGHTS
    contrasts = [np.square(lab[b] - lab[a]).sum(axis=-1) for a, b in NEIGHBOURS]
    scale = 2 * np.mean(np.concatenate([c.ravel() for c in contrasts])) + 1e-6
    weights = []
    for (a, b), contrast in zip(NEIGHBOURS, contrasts, strict=True):
        continuous = 4.2 * np.fmin(crop.sigma[a], crop.sigma[b]) + 4 * crop.depth[a] / crop.focal
        step = np.nan_to_num(np.abs(crop.depth[b] - crop.depth[a]) / continuous)
        hole = crop.measured[a] != crop.measured[b]
        exponent = contrast / scale + 0.5 * np.maximum(step - 0.5, 0) ** 2 + 0.3 * hole
        weights.append(_SMOOTHNESS * np.maximum(np.exp(-exponent), _EDGE_FLOOR))
    return Links(weights[0], weights[1])


def cut(log_odds: np.ndarray, links: Links, never: np.ndarray) -> np.ndarray:
    """Object pixels (h, w) bool of least energy.

    `log_odds` (h, w) nats for the object against the surroundings; `never` (h, w) bool cannot be
    of the object.
    """
    odds = np.where(never, -_CERTAIN, np.clip(log_odds, -_CERTAIN, _CERTAIN)).ravel()
    pixels = np.arange(odds.size, dtype=np.int32)
    grid = pixels.reshape(log_odds.shape)
    for_object = odds > 0
    source, sink = odds.size, odds.size + 1
    a = np.concatenate([grid[:, :-1].ravel(), grid[:-1].ravel()])
    b = np.concatenate([grid[:, 1:].ravel(), grid[1:].ravel()])
    link = np.concatenate([links.right.ravel(), links.down.ravel()])
    unary = np.abs(odds)
    ours, rest = pixels[for_object], pixels[~for_object]
    rows = np.concatenate([a, b, np.full_like(ours, source), rest])
    columns = np.concatenate([b, a, ours, np.full_like(rest, sink)])
    nats = np.concatenate([link, link, unary[ours], unary[rest]])
    capacity = csr_matrix(((nats * _STEPS).astype(np.int32), (rows, columns)),
                          shape=(odds.size + 2, odds.size + 2))
    residual = capacity - maximum_flow(capacity, source, sink).flow
    residual.data = np.maximum(residual.data, 0)
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, source, return_predecessors=False)
    side = np.zeros(odds.size + 2, bool)
    side[reached] = True
    return side[:-2].reshape(log_odds.shape)
