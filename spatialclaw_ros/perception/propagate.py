"""The same object in another frame: its surface projected there gives the box to cut out."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region

#: A point is seen when the depth there agrees within this, metres and sigmas.
_AGREEMENT, _SIGMAS = 0.02, 3.0
#: Share of the points that must be seen, and how many at least.
_LEAST_SEEN, _LEAST_POINTS = 0.3, 30


def seen_again(frame: Frame, mask: Mask, name: str, other: Frame) -> Region | None:
    """Region of `other` in which the object of `mask` in `frame` is seen; None where it is not.

    Both frames need depth and a pose in one world.
    """
    points = surface(frame, mask)
    if points is None or other.depth is None or other.camera_to_world is None:
        return None
    if len(points) < _LEAST_POINTS:
        return None
    pose = other.camera_to_world
    local = (points - pose[:3, 3]) @ pose[:3, :3]
    pixels = other.camera.project(local)
    size = np.array([other.camera.width, other.camera.height])
    with np.errstate(invalid='ignore'):
        within = ((pixels >= 0) & (pixels <= size - 1)).all(axis=1)
    columns, rows = np.rint(pixels[within]).astype(int).T
    measured, expected = other.depth[rows, columns], local[within, 2]
    with np.errstate(invalid='ignore'):
        agrees = np.abs(measured - expected) < _AGREEMENT + _SIGMAS * other.noise.sigma(expected)
    if agrees.sum() < max(_LEAST_POINTS, _LEAST_SEEN * len(points)):
        return None
    low, high = np.percentile(pixels[within][agrees], (1, 99), axis=0)
    x1, y1 = np.maximum(low - 1, 0)
    x2, y2 = np.minimum(high + 2, size)
    return Region(name, other.index, box=(float(x1), float(y1), float(x2), float(y2)))


def surface(frame: Frame, mask: Mask) -> np.ndarray | None:
    """World points (N, 3) metres measured in `mask`; None without depth or pose."""
    if frame.depth is None or frame.camera_to_world is None:
        return None
    rows, columns = np.nonzero(mask.pixels)
    rows, columns = rows + mask.origin[1], columns + mask.origin[0]
    depth = frame.depth[rows, columns]
    valid = np.isfinite(depth)
    rays = frame.camera.normalized(np.column_stack([columns, rows])[valid])
    points = np.column_stack([rays, np.ones(len(rays))]) * depth[valid, None]
    return points @ frame.camera_to_world[:3, :3].T + frame.camera_to_world[:3, 3]
