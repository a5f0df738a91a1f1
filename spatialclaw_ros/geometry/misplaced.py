"""Depth that is a few pixels off its colour image: what lies beside an object, in its mask.

Registration of depth to colour is a few pixels off on many cameras, and more where the camera
moves between both exposures. On one side of an object its mask then holds readings of what lies
beside it.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spatialclaw_ros.geometry.pixels import depth_inside

#: How far depth may be off its colour image, as a share of the focal length; and what of it is
#: looked at in a small mask, as a share of the square root of its area.
_FARTHEST, _SHARE = 0.012, 0.08
#: Steps, in units of the tolerance, that surely and that perhaps part two surfaces.
_PARTED, _PERHAPS_PARTED = 1.0, 0.5


def readings_beside(depth: np.ndarray, mask: np.ndarray, tolerance: np.ndarray, focal: float
                    ) -> np.ndarray:
    """(h, w) bool: readings near the outline of `mask` that are of what lies beside the object.

    They go on straight to the outline and beyond without a step, and straight to the inside of
    the mask there is one. What is thin has no inside and is kept. `depth` (h, w) metres, NaN
    where unknown; `tolerance` (h, w) metres is the largest step on one surface, `focal` pixels.
    """
    reach = min(_FARTHEST * focal, _SHARE * float(np.sqrt(mask.sum())))
    known = np.isfinite(depth)
    core = known & (depth_inside(mask) > reach)
    outside = known & ~mask
    if not core.any() or not outside.any():
        return np.zeros(mask.shape, bool)
    apart, inward = ndimage.distance_transform_edt(~core, return_indices=True)
    outward = ndimage.distance_transform_edt(
        ~outside, return_distances=False, return_indices=True)
    near = np.argwhere(mask & known & ~core & (apart <= 2 * reach))
    to_core, to_outside = (
        _largest_step(depth, near, ends[:, near[:, 0], near[:, 1]].T, tolerance, 2 * reach)
        for ends in (inward, outward))
    parted = np.zeros(mask.shape)
    parted[tuple(near.T)] = np.where(to_outside <= _PERHAPS_PARTED, to_core, 0)
    return np.asarray(ndimage.binary_propagation(
        parted > _PARTED, np.ones((3, 3)), mask=parted > _PERHAPS_PARTED))


def _largest_step(depth: np.ndarray, starts: np.ndarray, ends: np.ndarray, tolerance: np.ndarray,
                  length: float) -> np.ndarray:
    """(N,) largest step between readings in succession, in units of `tolerance` (h, w) metres.

    From `starts` to `ends` (N, 2), rows and columns, at most `length` pixels apart.
    """
    last = depth[tuple(starts.T)]
    largest = np.zeros(len(starts))
    for share in np.linspace(0, 1, int(np.ceil(length)) + 1)[1:]:
        place = tuple(np.rint(starts + share * (ends - starts)).astype(int).T)
        here = depth[place]
        known = np.isfinite(here)
        step = np.where(known, np.abs(here - last) / tolerance[place], 0.0)
        largest, last = np.maximum(largest, step), np.where(known, here, last)
    return largest
