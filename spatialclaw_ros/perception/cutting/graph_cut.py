"""Cut an image into object and surroundings: the least energy of a pairwise Markov field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.csgraph import maximum_flow

from spatialclaw_ros.perception.cutting.crop import Crop

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
    contrasts = [_squared(lab[b] - lab[a]) for a, b in NEIGHBOURS]
    scale = 2 * np.mean(np.concatenate([c.ravel() for c in contrasts])) + 1e-6
    weights = []
    for (a, b), contrast in zip(NEIGHBOURS, contrasts, strict=True):
        continuous = 4.2 * np.fmin(crop.sigma[a], crop.sigma[b]) + 4 * crop.depth[a] / crop.focal
        step = np.nan_to_num(np.abs(crop.depth[b] - crop.depth[a]) / continuous)
        hole = crop.measured[a] != crop.measured[b]
        exponent = contrast / scale + 0.5 * np.maximum(step - 0.5, 0) ** 2 + 0.3 * hole
        weights.append(_SMOOTHNESS * np.maximum(np.exp(-exponent), _EDGE_FLOOR))
    return Links(weights[0], weights[1])


def _squared(steps: np.ndarray) -> np.ndarray:
    """Squared length (h, w) of `steps` (h, w, 3)."""
    x, y, z = np.moveaxis(np.square(steps), -1, 0)
    return np.asarray(x + y + z)


class Cutter:
    """Cuts one field again and again, each time from the flow that the last cut has found.

    A flow that fits the links is kept when the odds change: what it carried to or from a pixel is
    taken from the pixel's own capacities, of which only the difference counts (Kohli and Torr,
    ICCV 2005). The cut is that of a flow begun at zero.
    """

    def __init__(self, links: Links, never: np.ndarray) -> None:
        """`never` (h, w) bool are pixels that cannot be of the object."""
        self._free = ~never
        count = int(self._free.sum())
        self._source, self._sink = count, count + 1
        number = np.full(never.shape, -1, np.int32)
        number[self._free] = np.arange(count)
        to_never = np.zeros(never.shape, np.int32)
        starts, ends, capacities = [], [], []
        for (a, b), nats in zip(NEIGHBOURS, (links.right, links.down), strict=True):
            capacity = (nats * _STEPS).astype(np.int32)
            both = self._free[a] & self._free[b]
            starts.append(number[a][both])
            ends.append(number[b][both])
            capacities.append(capacity[both])
            to_never[a] += capacity * (self._free[a] & never[b])
            to_never[b] += capacity * (self._free[b] & never[a])
        self._to_never = to_never[self._free]
        self._lay_out(*map(np.concatenate, (starts, ends, capacities)))
        self._steps = self._left = np.zeros(count, np.int32)

    def cut(self, log_odds: np.ndarray) -> np.ndarray:
        """Object pixels (h, w) bool of least energy, the fewest where several have it.

        `log_odds` (h, w) nats for the object against the surroundings.
        """
        odds = np.clip(log_odds[self._free], -_CERTAIN, _CERTAIN)
        steps = (odds * _STEPS).astype(np.int32) - self._to_never
        left = self._left + steps - self._steps
        capacity = self._graph.data
        capacity[self._terminal] = 0
        capacity[self._from_source] = np.maximum(left, 0)
        capacity[self._into_sink] = np.maximum(-left, 0)
        flow = maximum_flow(self._graph, self._source, self._sink).flow
        capacity -= flow.data
        self._steps = steps
        self._left = capacity[self._from_source] - capacity[self._into_sink]
        residual = self._graph.copy()
        residual.eliminate_zeros()
        reached = breadth_first_order(residual, self._source, return_predecessors=False)
        of_object = np.zeros(len(steps) + 2, bool)
        of_object[reached] = True
        mask = np.zeros(self._free.shape, bool)
        mask[self._free] = of_object[:-2]
        return mask

    def _lay_out(self, a: np.ndarray, b: np.ndarray, capacity: np.ndarray) -> None:
        """Make the graph with every edge both ways, so that a flow has the same layout."""
        pixels = np.arange(self._source, dtype=np.int32)
        source, sink = (np.full_like(pixels, node) for node in (self._source, self._sink))
        rows = np.concatenate([a, b, source, pixels, pixels, sink])
        columns = np.concatenate([b, a, pixels, sink, source, pixels])
        edges = np.arange(1, len(rows) + 1, dtype=np.int32)
        graph = csr_matrix((edges, (rows, columns)), shape=(len(pixels) + 2, len(pixels) + 2))
        graph.sort_indices()
        place = np.empty(len(edges), np.int64)
        place[graph.data - 1] = np.arange(len(edges))
        graph.data = np.zeros(len(edges), np.int32)
        graph.data[place[:2 * len(a)]] = np.tile(capacity, 2)
        self._terminal = place[2 * len(a):]
        self._from_source, self._into_sink = self._terminal[:2 * len(pixels)].reshape(2, -1)
        self._graph = graph
