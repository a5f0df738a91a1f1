"""A network's depth at every sensor pixel."""

from __future__ import annotations

import cv2
import numpy as np

from spatialclaw_ros.geometry.resizing import Resizing

#: Four neighbouring pixels of the network whose depths span more than this share are of several
#: surfaces.
_STEP = 0.1
#: One sigma of the colour, grey levels a channel, that pixels of one surface have in common.
_COLOUR_SIGMA = 20.0


def depth_at_sensor(depth: np.ndarray, resizing: Resizing, image: np.ndarray) -> np.ndarray:
    """`depth` (h, w) of the network at every pixel of the sensor's `image` (H, W, 3), float32.

    On one surface inverse depth is interpolated, which is exact on a plane. At a step none is
    mixed: of the four pixels of the network about it a sensor pixel takes the one nearest in
    place and colour (as in joint bilateral upsampling: Kopf et al., SIGGRAPH 2007). NaN stays.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        near = (1 / depth).astype(np.float32)
        upsampled = 1 / cv2.resize(near, resizing.sensor, interpolation=cv2.INTER_LINEAR)
    corners = np.stack([near[:-1, :-1], near[:-1, 1:], near[1:, :-1], near[1:, 1:]])
    is_step = ~(corners.max(axis=0) <= (1 + _STEP) * corners.min(axis=0))
    left, to_right = _between(resizing.sensor[0], resizing.network[0])
    top, to_bottom = _between(resizing.sensor[1], resizing.network[1])
    v, u = np.nonzero(is_step[top[:, None], left])
    if not len(v):
        return upsampled
    small = resizing.image(image).astype(np.float32)
    right, below = to_right[u], to_bottom[v]
    weights = ((1 - below) * (1 - right), (1 - below) * right, below * (1 - right), below * right)
    costs = []
    for (down, across), weight in zip(((0, 0), (0, 1), (1, 0), (1, 1)), weights, strict=True):
        off = small[top[v] + down, left[u] + across] - image[v, u]
        costs.append(np.square(off).mean(axis=1) / (2 * _COLOUR_SIGMA ** 2)
                     - np.log(weight + 1e-3))
    down, across = np.divmod(np.argmin(costs, axis=0), 2)
    upsampled[v, u] = depth[top[v] + down, left[u] + across]
    return upsampled


def _between(pixels: int, network: int) -> tuple[np.ndarray, np.ndarray]:
    """For each sensor pixel along a side the network pixel before it, and how far it is past it."""
    place = np.clip((np.arange(pixels) + 0.5) * network / pixels - 0.5, 0, network - 1)
    before = np.minimum(place.astype(int), network - 2)
    return before, place - before
