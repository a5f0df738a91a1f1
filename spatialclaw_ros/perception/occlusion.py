"""Pieces of one class: several things, or one behind something nearer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spatialclaw_ros.geometry.noise import DepthNoise

#: Share of the readings between two pieces that must be nearer than both.
_NEARER_SHARE = 0.8
_SIGMAS = 3.0


def joined(pieces: Sequence[np.ndarray], depth: np.ndarray, noise: DepthNoise) -> list[np.ndarray]:
    """Pieces (H, W) bool, those that only something nearer parts made one, largest first.

    `depth` (H, W) metres. Two pieces are one thing when what lies between their closest pixels is
    nearer than either: where one can see past, to what is behind, they are two.
    """
    pairs = [(i, j) for i, j in combinations(range(len(pieces)), 2)
             if _is_occluder_between(pieces[i], pieces[j], depth, noise)]
    graph = coo_matrix((np.ones(len(pairs)), tuple(np.array(pairs, int).reshape(-1, 2).T)),
                       shape=(len(pieces), len(pieces)))
    count, names = connected_components(graph, directed=False)
    things = [np.logical_or.reduce([piece for piece, name in zip(pieces, names, strict=True)
                                    if name == thing]) for thing in range(count)]
    return sorted(things, key=lambda thing: -int(thing.sum()))


def _is_occluder_between(first: np.ndarray, second: np.ndarray, depth: np.ndarray,
                         noise: DepthNoise) -> bool:
    away, nearest = ndimage.distance_transform_edt(~first, return_indices=True)
    end = np.unravel_index(np.where(second, away, np.inf).argmin(), away.shape)
    start = nearest[:, end[0], end[1]]
    steps = int(np.ceil(away[end])) + 1
    path = np.linspace(start, end, steps + 1).round().astype(int)
    inside = first[tuple(path.T)] | second[tuple(path.T)]
    between = depth[tuple(path[~inside].T)]
    between = between[np.isfinite(between)]
    if not len(between):
        return False
    far = min(_depth_about(first, start, depth), _depth_about(second, np.array(end), depth))
    nearer = between < far - _SIGMAS * float(noise.sigma(np.array(far)))
    return bool(nearer.mean() >= _NEARER_SHARE)


def _depth_about(piece: np.ndarray, pixel: np.ndarray, depth: np.ndarray) -> float:
    """Median depth, metres, of `piece` within a few pixels of `pixel` (row, column)."""
    low = np.maximum(pixel - 4, 0)
    window = (slice(low[0], pixel[0] + 5), slice(low[1], pixel[1] + 5))
    readings = depth[window][piece[window]]
    readings = readings[np.isfinite(readings)]
    return float(np.median(readings)) if len(readings) else np.inf
