"""Depth, points and trust of one frame, each computed when first asked, whole or by crop."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import SENSOR
from spatialclaw_ros.calls.requests import UNKNOWN
from spatialclaw_ros.geometry.backproject import crop_points
from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.geometry.confidence import depth_confidence
from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame

#: A depth layer of the masked readings is an outlier when it holds less than this share …
_OUTLIER_SHARE = 0.05
#: … and lies this many sigmas from the next reading.
_OUTLIER_GAP = 8.0
#: A place is hidden when it is farther than what is read before it by this share.
_BEHIND_SHARE = 0.03
_BESIDE = 4


class FrameSurface:
    """The surface one frame shows, in its world."""

    def __init__(self, frame: Frame, geometry: FrameGeometry) -> None:
        """Combine a frame with the geometry an engine found for it."""
        self.frame, self.geometry = frame, geometry

    @cached_property
    def camera(self) -> Camera:
        """The camera, with the engine's own intrinsics where it found some."""
        matrix = self.geometry.matrix
        return self.frame.camera if matrix is None else replace(self.frame.camera, matrix=matrix)

    @property
    def pose(self) -> np.ndarray | None:
        """Camera-to-world (4, 4), or None: then the frame's world is its own camera."""
        own = self.geometry.camera_to_world
        return self.frame.camera_to_world if own is None else own

    @cached_property
    def depth(self) -> np.ndarray:
        """(H, W) float32 metres, NaN where unknown."""
        depth = self.geometry.depth
        known = np.isfinite(depth) & (depth > 0)
        return depth if known.all() else np.where(known, depth, np.float32(np.nan))

    @cached_property
    def points(self) -> np.ndarray:
        """(H, W, 3) float32 metres, world, NaN where unknown."""
        return frame_points(self.geometry.depth, self.camera, self.pose)

    @cached_property
    def sigma(self) -> np.ndarray:
        """(H, W) float32 metres, one sigma along the ray."""
        return self._sigma(slice(None), slice(None)).astype(np.float32, copy=False)

    @cached_property
    def confidence(self) -> np.ndarray:
        """(H, W) float32 in 0-1: probability that the depth is within 3 sigma."""
        return self._confidence(slice(None), slice(None))

    @cached_property
    def source_map(self) -> np.ndarray:
        """(H, W) uint8: 0 unknown, 1 depth sensor, 2 network."""
        own = self.geometry.source_map
        if own is not None:
            return own
        return np.where(np.isfinite(self.depth), SENSOR, UNKNOWN).astype(np.uint8)

    def could_see(self, point: np.ndarray) -> bool:
        """Whether `point` (3,) world metres is in the image, and not behind what is there.

        Poses are a few pixels off, so readings a few pixels beside it may hide it too.
        """
        seen = point if self.pose is None else transform(inverse(self.pose), point)
        if seen[2] <= 0:
            return False
        column, row = np.rint(self.camera.project(seen[None])[0]).astype(int)
        height, width = self.depth.shape
        if not (0 <= column < width and 0 <= row < height):
            return False
        about = self.depth[max(row - _BESIDE, 0):row + _BESIDE + 1,
                           max(column - _BESIDE, 0):column + _BESIDE + 1]
        return not (about < (1 - _BEHIND_SHARE) * seen[2]).any()

    def _sigma(self, rows: slice, columns: slice) -> np.ndarray:
        own = self.geometry.sigma
        if own is not None:
            return own[rows, columns]
        depth = self.geometry.depth[rows, columns]
        return self.geometry.noise.sigma(np.where(np.isfinite(depth), depth, np.float32(np.nan)))

    def _confidence(self, rows: slice, columns: slice) -> np.ndarray:
        own = self.geometry.confidence
        if own is not None:
            return own[rows, columns]
        focal = float(self.camera.matrix[0, 0])
        return depth_confidence(
            self.geometry.depth[rows, columns], self._sigma(rows, columns), focal)

    def masked_points(self, mask: InstanceMask, threshold: float, raw: bool) -> np.ndarray:
        """World points (K, 3) float32 under `mask`, from its crop alone.

        Unless `raw`: confidence at least `threshold`, the mask's rim left out, and depth layers
        of few readings far from the rest cut.
        """
        height, width = self.geometry.depth.shape
        (x, y), (h, w) = mask.origin, mask.mask.shape
        top, left = max(y - 1, 0), max(x - 1, 0)
        rows, columns = slice(top, min(y + h + 1, height)), slice(left, min(x + w + 1, width))
        depth = self.geometry.depth[rows, columns]
        inside = np.zeros(depth.shape, bool)
        inside[y - top:y - top + h, x - left:x - left + w] = mask.mask
        chosen = inside & np.isfinite(depth) & (depth > 0)
        if not raw:
            chosen &= self._confidence(rows, columns) >= threshold
            chosen = _without_rim(chosen, inside)
            chosen = _without_outliers(chosen, depth, self._sigma(rows, columns))
        points = crop_points(depth, (left, top), self.camera, self.pose)
        return points[chosen].astype(np.float32)


def _without_rim(chosen: np.ndarray, inside: np.ndarray) -> np.ndarray:
    core = inside.copy()
    core[1:] &= inside[:-1]
    core[:-1] &= inside[1:]
    core[:, 1:] &= inside[:, :-1]
    core[:, :-1] &= inside[:, 1:]
    core &= chosen
    return core if core.sum() >= max(0.3 * chosen.sum(), 4) else chosen


def _without_outliers(chosen: np.ndarray, depth: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(chosen)
    if len(rows) < 20:
        return chosen
    z = depth[rows, columns].astype(float)
    order = np.argsort(z)
    z_sorted = z[order]
    breaks = np.flatnonzero(
        np.diff(z_sorted) > _OUTLIER_GAP * sigma[rows, columns][order][:-1]) + 1
    kept = chosen.copy()
    for layer in np.split(order, breaks):
        if len(layer) < _OUTLIER_SHARE * len(z):
            kept[rows[layer], columns[layer]] = False
    return kept
