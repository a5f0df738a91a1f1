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
#: Of the readings of a flat surface, the share that lies within that many sigmas of its plane.
_ON_PLANE = 0.9
#: Share of the readings between two pieces of one plane that must be nearer than it: what stands
#: on it is not at its foot.
_STANDING_SHARE = 0.5
#: Share of these readings that may be of what is behind the pieces.
_PAST_SHARE = 0.1
_PATHS = 32
_LEAST_READINGS, _MOST_READINGS = 20, 4000


def joined(pieces: Sequence[np.ndarray], depth: np.ndarray, noise: DepthNoise) -> list[np.ndarray]:
    """Pieces (H, W) bool, those that only something nearer parts made one, largest first.

    `depth` (H, W) metres. Two pieces are one thing when what lies between their closest pixels is
    nearer than either: where one can see past, to what is behind, they are two. Pieces of one
    plane are one when most of what lies between them is nearer than that, and nothing behind it.
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
    plane = _common_plane(first | second, depth, noise)
    if plane is not None:
        starts, ends = (np.argwhere(piece)[np.linspace(0, piece.sum() - 1, _PATHS).astype(int)]
                        for piece in (first, second))
        between = _readings_between(starts, ends, first | second, depth)
        behind = 1 / np.maximum(between @ plane[:2] + plane[2], 1e-6)
        share = _STANDING_SHARE
    else:
        start, end = _closest(first, second)
        between = _readings_between(start[None], end[None], first | second, depth)
        behind = np.array(min(_depth_about(first, start, depth),
                              _depth_about(second, end, depth)))
        share = _NEARER_SHARE
    if not len(between):
        return False
    off = (depth[tuple(between.T)] - behind) / noise.sigma(behind)
    return bool((off < -_SIGMAS).mean() >= share and (off > _SIGMAS).mean() <= _PAST_SHARE)


def _closest(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels (row, column) of two pieces that are closest to one another."""
    away, nearest = ndimage.distance_transform_edt(~first, return_indices=True)
    end = np.unravel_index(np.where(second, away, np.inf).argmin(), away.shape)
    return nearest[:, end[0], end[1]], np.array(end)


def _readings_between(starts: np.ndarray, ends: np.ndarray, pieces: np.ndarray, depth: np.ndarray
                      ) -> np.ndarray:
    """Pixels (N, 2) with a reading, outside `pieces`, on the way from `starts` to `ends` (K, 2)."""
    steps = int(np.abs(ends - starts).max()) + 1
    share = np.linspace(0, 1, steps + 1)[:, None, None]
    path = np.unique((starts + share * (ends - starts)).round().astype(int).reshape(-1, 2), axis=0)
    path = path[~pieces[tuple(path.T)]]
    return np.asarray(path[np.isfinite(depth[tuple(path.T)])])


def _common_plane(pieces: np.ndarray, depth: np.ndarray, noise: DepthNoise) -> np.ndarray | None:
    """(a, b, c) with 1/depth = a row + b column + c on `pieces` (H, W); None where not flat."""
    pixels = np.argwhere(pieces & np.isfinite(depth))
    pixels = pixels[::max(len(pixels) // _MOST_READINGS, 1)]
    if len(pixels) < _LEAST_READINGS:
        return None
    readings = depth[tuple(pixels.T)]
    rows = np.column_stack([pixels, np.ones(len(pixels))])
    plane, *_ = np.linalg.lstsq(rows, 1 / readings, rcond=None)
    off = np.abs(readings - 1 / np.maximum(rows @ plane, 1e-6)) / noise.sigma(readings)
    return plane if np.quantile(off, _ON_PLANE) <= _SIGMAS else None


def _depth_about(piece: np.ndarray, pixel: np.ndarray, depth: np.ndarray) -> float:
    """Median depth, metres, of `piece` within a few pixels of `pixel` (row, column)."""
    low = np.maximum(pixel - 4, 0)
    window = (slice(low[0], pixel[0] + 5), slice(low[1], pixel[1] + 5))
    readings = depth[window][piece[window]]
    readings = readings[np.isfinite(readings)]
    return float(np.median(readings)) if len(readings) else np.inf
