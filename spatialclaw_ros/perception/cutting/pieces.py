"""Pieces of continuous depth and their patches of one colour: those that leave the box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from spatialclaw_ros.perception.cutting.crop import Crop
from spatialclaw_ros.perception.cutting.graph_cut import LAB_WEIGHTS
from spatialclaw_ros.perception.cutting.graph_cut import NEIGHBOURS
from spatialclaw_ros.perception.cutting.surroundings import Surroundings

#: Share of a piece outside the box from which it may be, and surely is, of something else: when
#: it may be needed to fill the box, and when pieces that stay inside fill it without.
_LEAK_LIMITS, _STRICT_LEAK_LIMITS = (0.2, 0.35), (0.08, 0.2)
_STAYS_INSIDE, _FILLS = 0.08, 0.8
_PIECE_AGAINST, _PIECE_FOR = 6.0, 1.0
#: A part of this share of the box counts in full.
_LARGE_SHARE = 0.03
#: Neighbours whose smoothed colours (weighted 8-bit Lab) differ by less are of one patch.
_PATCH_STEP = 5.0


def piece_odds(crop: Crop, around: Surroundings) -> np.ndarray:
    """Pieces of continuous depth: one that goes on outside the box is of something else.

    What touches makes one piece. Where its patches, each of one colour, do not go the same way,
    those that leave the box speak against themselves alone.
    """
    node = crop.measured & ~around.on
    steady = [_continuous(crop, a, b) for a, b in NEIGHBOURS]
    of_one_colour = [same & alike for same, alike in
                     zip(steady, _alike_colours(crop), strict=True)]
    pieces, patches = _connected(node, steady), _connected(node, of_one_colour)
    large = _LARGE_SHARE * max(crop.inside.sum(), 1)
    full = _fills(crop, _connected(crop.measured, of_one_colour), large)
    leak, weight = _leak(crop, pieces, large)
    low, high = _STRICT_LEAK_LIMITS if full or _fills(crop, pieces, large) else _LEAK_LIMITS
    against = (np.clip((leak - low) / (high - low), 0, 1) * weight)[pieces]
    within = (np.clip(1 - leak / low, 0, 1) * weight)[pieces]
    leak, weight = _leak(crop, patches, large)
    out = (np.clip((leak - low) / (high - low), 0, 1) * weight)[patches]
    stays = (np.clip(1 - leak / low, 0, 1) * weight)[patches]
    against = np.maximum(against * (1 - stays), out)
    odds = _PIECE_FOR * within * (1 - out) - _PIECE_AGAINST * against
    return odds.astype(np.float32)


def _continuous(crop: Crop, a: Any, b: Any) -> np.ndarray:
    """Whether two neighbours' depths are of one surface."""
    limit = 4.2 * crop.sigma[a] + 4 * crop.depth[a] / crop.focal
    with np.errstate(invalid='ignore'):
        return np.asarray(np.abs(crop.depth[b] - crop.depth[a]) < limit)


def _alike_colours(crop: Crop) -> list[np.ndarray]:
    """Whether neighbours' colours, smoothed, are alike: right and down."""
    lab = cv2.cvtColor(cv2.medianBlur(crop.rgb, 5), cv2.COLOR_RGB2LAB).astype(np.float32)
    lab *= LAB_WEIGHTS
    return [np.linalg.norm(lab[b] - lab[a], axis=-1) < _PATCH_STEP for a, b in NEIGHBOURS]


def _connected(node: np.ndarray, joined: Sequence[np.ndarray]) -> np.ndarray:
    """Number (h, w) of the connected part of each `node` pixel, 0 elsewhere.

    `joined` tells which neighbours to the right, and which below, are connected.
    """
    h, w = node.shape
    lattice = np.zeros((2 * h - 1, 2 * w - 1), np.uint8)
    lattice[::2, ::2] = node
    for (a, b), between, links in zip(NEIGHBOURS, (np.s_[::2, 1::2], np.s_[1::2, ::2]), joined,
                                      strict=True):
        lattice[between] = node[a] & node[b] & links
    _, parts = cv2.connectedComponents(lattice, connectivity=4)
    return np.where(node, parts[::2, ::2], 0)


def _leak(crop: Crop, parts: np.ndarray, large: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of each part outside the box, and its weight: 1 from `large` pixels on, 0 for none."""
    area = np.bincount(parts.ravel()).astype(float)
    leak = np.bincount(parts.ravel(), crop.outside.ravel()) / np.maximum(area, 1)
    weight = np.clip(area / large, 0, 1)
    weight[0] = 0
    return leak, weight


def _fills(crop: Crop, parts: np.ndarray, large: float) -> bool:
    """Whether those of `parts` that stay in the box reach over nearly all of it, both ways."""
    leak, weight = _leak(crop, parts, large)
    staying = ((leak < _STAYS_INSIDE) & (weight == 1))[parts]
    x1, y1, x2, y2 = crop.box
    _, _, width, height = cv2.boundingRect((staying & crop.inside).astype(np.uint8))
    return width > _FILLS * (x2 - x1) and height > _FILLS * (y2 - y1)
