"""Depth readings of a mask apart into surfaces: what is the object, what has bled into it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy import sparse
from scipy.sparse import csgraph

from spatialclaw_ros.geometry.pixels import depth_inside
from spatialclaw_ros.geometry.pixels import eroded

#: Largest depth step between neighbouring pixels of one surface, in pixel pitches: a slant of 80
#: degrees has 5.7.
STEEPEST = 6.0
_RIM = 2.5
_MIN_SHARE = 0.15
#: A surface this large in a mask is no stray part of what lies about the object.
_OUTER_SHARE = 0.35
#: A surface smaller than this share of a mask is an island.
_ISLAND_SHARE = 0.05
#: A gap this many pixels wide is more than a mask spans.
_GAP = 5
_ALONG = 2
#: How far, in units of a step's tolerance, readings of one flat surface are from its plane.
_FLAT = 0.2
#: Pixels about an outline that tell how what is beyond it goes on.
_ABOUT = 5


def step_tolerance(depth: np.ndarray, sigma: np.ndarray, focal: float) -> np.ndarray:
    """Largest depth step (h, w) metres to a neighbouring pixel of the same surface.

    `sigma` (h, w) metres is the readings' noise, `focal` pixels.
    """
    return 4.0 * np.sqrt(2.0) * sigma + STEEPEST * depth / focal


def agreement(depth: np.ndarray, sigma: np.ndarray, focal: float) -> np.ndarray:
    """How far (h, w) metres a reading may be from the middle of its neighbours along a rim."""
    return 3.0 * sigma + 2.0 * depth / focal


def stray_readings(depth: np.ndarray, mask: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """(h, w) bool: readings in `mask` that few neighbours support: spikes and flying pixels.

    `depth` (h, w) metres with NaN where unknown. A reading needs a third of the mask's known
    pixels among its 8 neighbours within `tolerance` (h, w) metres.
    """
    known = mask & np.isfinite(depth)
    z = np.pad(np.where(known, depth, np.nan), 1, constant_values=np.nan)
    h, w = depth.shape
    support = np.zeros(depth.shape, int)
    count = np.zeros(depth.shape, int)
    for dv in (0, 1, 2):
        for du in (0, 1, 2):
            if (dv, du) == (1, 1):
                continue
            other = z[dv:dv + h, du:du + w]
            count += np.isfinite(other)
            with np.errstate(invalid='ignore'):
                support += np.abs(other - depth) <= tolerance * np.hypot(dv - 1, du - 1)
    return known & (3 * support < np.maximum(count, 3))


def seen_through(depth: np.ndarray, mask: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """(h, w) bool: readings in `mask` a step behind it, in gaps a few pixels wide.

    A mask spans the gap between two legs of a chair, and what shows there is not the chair.
    `depth` and `tolerance` (h, w) metres, `depth` NaN where unknown.
    """
    known = mask & np.isfinite(depth)
    closed = ndimage.grey_opening(np.where(known, depth, np.inf), (_GAP, _GAP), mode='nearest')
    with np.errstate(invalid='ignore'):
        return known & (depth - closed > tolerance)


def mixed_rim(depth: np.ndarray, mask: np.ndarray, usable: np.ndarray, step: np.ndarray,
              agreement: np.ndarray) -> np.ndarray:
    """(h, w) bool: `usable` readings at the rim of `mask` that mix two surfaces.

    At the rim, where the depth beyond jumps by more than `step` (h, w) metres or is lost, a
    reading is a mix of both sides by some share when it is farther than `agreement` (h, w) metres
    from the middle of its neighbours along the rim: what is one surface agrees there, mixes do
    not. Depth is NaN where unknown.
    """
    known = np.isfinite(depth)
    highest = ndimage.maximum_filter(np.where(known, depth, -np.inf), 3, mode='nearest')
    lowest = ndimage.minimum_filter(np.where(known, depth, np.inf), 3, mode='nearest')
    lost = ndimage.maximum_filter(~known & ~mask, 3, mode='nearest')
    rim = mask & ~eroded(mask)
    with np.errstate(invalid='ignore'):
        doubtful = usable & rim & (lost | (highest - lowest > step))
    rows, columns = np.nonzero(doubtful)
    reach = np.arange(-_ALONG, _ALONG + 1)
    padded = np.pad(np.where(doubtful, depth, np.nan), _ALONG, constant_values=np.nan)
    beside = np.stack([padded[rows + _ALONG + dv, columns + _ALONG + du]
                       for dv in reach for du in reach], axis=1)
    mixed = np.zeros(mask.shape, bool)
    if len(rows):
        own = depth[rows, columns]
        mixed[rows, columns] = np.abs(own - np.nanmedian(beside, axis=1)) > agreement[rows, columns]
    return mixed


def surfaces(depth: np.ndarray, known: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Label (h, w) int of the continuous surface each `known` pixel lies on; -1 elsewhere.

    Two neighbours are on one surface when their depths differ by at most `tolerance`.
    """
    index = np.arange(depth.size).reshape(depth.shape)
    starts, ends = [], []
    for first, second in (((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
                          ((slice(None, -1), slice(None)), (slice(1, None), slice(None)))):
        with np.errstate(invalid='ignore'):
            joined = (known[first] & known[second]
                      & (np.abs(depth[first] - depth[second]) <= tolerance[first]))
        starts.append(index[first][joined])
        ends.append(index[second][joined])
    row, column = np.concatenate(starts), np.concatenate(ends)
    graph = sparse.coo_matrix(
        (np.ones(len(row), np.int8), (row, column)), shape=(depth.size, depth.size))
    _, labels = csgraph.connected_components(graph, directed=False)
    return np.where(known, labels.reshape(depth.shape), -1)


def bled_in(depth: np.ndarray, mask: np.ndarray, sure: np.ndarray, tolerance: np.ndarray,
            focal: float) -> np.ndarray:
    """(h, w) bool: pixels of `mask` whose reading is of another surface than the object's.

    `sure` (h, w) bool are those of its pixels that are the object's on all evidence.

    The largest surface in the mask is the object's. Another one, a depth step away, is not when
    it is a sliver between that surface and the mask's outline, a few pixels wide all along (what
    a mask or a depth image that is a pixel off lets in), or when it goes on beyond the outline
    without a step, and is as flat as there or not sure: then it is part of what lies about the
    object. A handle does neither, and a leg rises from the floor that its foot goes on to. An
    island is not when it lies farther behind than the object is large.
    """
    known = mask & np.isfinite(depth)
    labels = surfaces(depth, known, tolerance)
    of = labels[known]
    names, counts = np.unique(of, return_counts=True)
    if len(names) < 2:
        return np.zeros(mask.shape, bool)
    main = names[counts.argmax()]
    inside = depth_inside(mask)
    from_main, nearest = ndimage.distance_transform_edt(labels != main, return_indices=True)
    deepest = ndimage.maximum(inside[known], of, names)
    farthest = ndimage.maximum(from_main[known], of, names)
    sliver = (deepest <= _RIM) & (farthest <= 2 * _RIM) & (counts < _MIN_SHARE * counts.sum())
    step = np.abs(depth - depth[tuple(nearest)]) / tolerance
    apart = ndimage.median(step[known], of, names) > 1
    share, beyond_it = _going_on(depth, mask, labels, names, tolerance)
    outer = apart & (counts < _OUTER_SHARE * counts.sum()) & (share >= 0.5)
    for place in np.flatnonzero(outer):
        surface = labels == names[place]
        outer[place] = sure[surface].mean() < 0.5 or _as_flat(
            depth, surface, ~mask & (beyond_it == place), tolerance)
    beyond = ndimage.median(depth[known], of, names) - np.median(depth[labels == main])
    island = (counts < _ISLAND_SHARE * counts.sum()) & (beyond > _across(depth, mask, focal))
    return np.isin(labels, names[(sliver | outer | island) & (names != main)])


def _across(depth: np.ndarray, mask: np.ndarray, focal: float) -> float:
    """Metres across what `mask` shows, from corner to corner of its bounding box."""
    rows, columns = np.nonzero(mask)
    return float(np.hypot(np.ptp(rows), np.ptp(columns)) * np.nanmedian(depth[mask]) / focal)


def _going_on(depth: np.ndarray, mask: np.ndarray, labels: np.ndarray, names: np.ndarray,
              tolerance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share (N,) of the readings beyond the outline of `mask` that each surface joins unbroken.

    Of pairs of neighbouring readings, one on the surface `names` (N,) and one outside `mask`;
    0 where there is no such pair. Half a step already parts them: what stands on a surface is
    near it too. Also (h, w) int: which surface goes on to each pixel, -1 for none.
    """
    meets, joins = np.zeros(len(names)), np.zeros(len(names))
    goes_on = np.full(mask.shape, -1)
    sides = [((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
             ((slice(None, -1), slice(None)), (slice(1, None), slice(None)))]
    for within, beyond in [*sides, *((b, a) for a, b in sides)]:
        pair = (labels[within] >= 0) & ~mask[beyond] & np.isfinite(depth[beyond])
        place = np.searchsorted(names, labels[within][pair])
        level = (np.abs(depth[within] - depth[beyond]) <= 0.5 * tolerance[within])[pair]
        meets += np.bincount(place, minlength=len(names))
        joins += np.bincount(place, weights=level, minlength=len(names))
        rows, columns = np.nonzero(pair)
        goes_on[beyond][rows[level], columns[level]] = place[level]
    return joins / np.maximum(meets, 1), goes_on


def _as_flat(depth: np.ndarray, surface: np.ndarray, start: np.ndarray, tolerance: np.ndarray
             ) -> bool:
    """Whether most of `surface` lies in the plane in which it goes on about the pixels `start`.

    A plane is linear in inverse depth over the image. `start` (h, w) bool lies outside; readings
    a few pixels about it count, where no step parts them from it.
    """
    _, nearest = ndimage.distance_transform_edt(~start, return_indices=True)
    about = ndimage.binary_dilation(start, np.ones((3, 3)), iterations=_ABOUT) & ~surface
    with np.errstate(invalid='ignore'):
        about &= np.abs(depth - depth[tuple(nearest)]) <= tolerance

    def rows(pixels: np.ndarray) -> np.ndarray:
        v, u = np.nonzero(pixels)
        return np.column_stack([u, v, np.ones(len(u))])
    plane, *_ = np.linalg.lstsq(rows(about), 1 / depth[about], rcond=None)
    off = depth[surface] - 1 / np.maximum(rows(surface) @ plane, 1e-6)
    return bool(np.median(np.abs(off) / tolerance[surface]) <= _FLAT)
