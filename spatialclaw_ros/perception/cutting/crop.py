"""The part of a frame around a box, as arrays that evidence is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.scene import Frame

#: The surroundings shown around a box: this share of its longer side, and at least some pixels.
_PADDING_SHARE, _PADDING_PIXELS = 0.3, 12
#: A crop with more pixels is worked on at a coarser scale; the rim is found at full scale.
_WORKING_PIXELS = 30_000
#: How far an object may reach out of its box: share of the longer side, and at least some pixels.
_SLACK_SHARE, _SLACK_PIXELS = 0.06, 2


@dataclass(frozen=True, eq=False)
class Crop:
    """A padded crop around a box at working scale; all boxes and arrays are in its pixels.

    `scale` image pixels make one; `origin` (x, y) and `extent` (height, width) are in image
    pixels. `rgb` (h, w, 3) uint8; `points` (h, w, 3) metres in the camera, NaN where unmeasured;
    `sigma` (h, w) metres; `focal` pixels; `others` the boxes of other objects.
    """

    origin: tuple[int, int]
    extent: tuple[int, int]
    scale: int
    rgb: np.ndarray
    points: np.ndarray
    sigma: np.ndarray
    focal: float
    box: Box2D
    others: tuple[Box2D, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the arrays."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @cached_property
    def depth(self) -> np.ndarray:
        """(h, w) metres, NaN where unmeasured."""
        return self.points[..., 2]

    @cached_property
    def measured(self) -> np.ndarray:
        """(h, w) bool: there is a depth reading."""
        return np.isfinite(self.depth)

    @cached_property
    def inside(self) -> np.ndarray:
        """(h, w) bool: in the box."""
        return self.within(self.box)

    @cached_property
    def outside(self) -> np.ndarray:
        """(h, w) bool: so far from the box that it cannot be of the object."""
        x1, y1, x2, y2 = self.box
        slack = max(_SLACK_PIXELS / self.scale, _SLACK_SHARE * max(x2 - x1, y2 - y1))
        return ~self.within((x1 - slack, y1 - slack, x2 + slack, y2 + slack))

    @cached_property
    def object_size(self) -> float:
        """Metres across the box at the depth of what is in it; 1 m away where unmeasured."""
        x1, y1, x2, y2 = self.box
        seen = self.depth[self.inside & self.measured]
        depth = float(np.median(seen)) if len(seen) else 1.0
        return float(np.hypot(x2 - x1, y2 - y1)) * depth / self.focal

    def within(self, box: Box2D) -> np.ndarray:
        """(h, w) bool: pixels in `box`, rounded."""
        x1, y1, x2, y2 = (max(round(edge), 0) for edge in box)
        mask = np.zeros(self.shape, bool)
        mask[y1:y2, x1:x2] = True
        return mask

    def enlarged(self, mask: np.ndarray) -> np.ndarray:
        """`mask` (h, w) bool at the scale of the image: (H, W) bool of the crop's `extent`."""
        return self.spread(mask.astype(np.float32)) > 0.5

    def spread(self, values: np.ndarray) -> np.ndarray:
        """`values` (h, w) at the scale of the image: (H, W) of the crop's `extent`, else 0."""
        full = np.zeros(self.extent, np.float32)
        height, width = (size * self.scale for size in self.shape)
        full[:height, :width] = cv2.resize(values.astype(np.float32), (width, height))
        return full


def crop_around(frame: Frame, box: Box2D, others: Sequence[Box2D]) -> Crop:
    """Crop `frame` around `box`, with the boxes of other objects carried along."""
    height, width = frame.image.shape[:2]
    padding = max(_PADDING_PIXELS, _PADDING_SHARE * max(box[2] - box[0], box[3] - box[1]))
    left, top = max(int(box[0] - padding), 0), max(int(box[1] - padding), 0)
    right = min(int(np.ceil(box[2] + padding)), width)
    bottom = min(int(np.ceil(box[3] + padding)), height)
    extent = bottom - top, right - left
    scale = max(1, int(np.ceil(np.sqrt(extent[0] * extent[1] / _WORKING_PIXELS))))
    h, w = extent[0] // scale, extent[1] // scale
    window = np.s_[top:top + h * scale, left:left + w * scale]
    rgb = np.ascontiguousarray(frame.image[window])
    if scale > 1:
        rgb = cv2.resize(rgb, (w, h), interpolation=cv2.INTER_AREA)
    points = _points(frame, left, top, scale, (h, w))
    return Crop((left, top), extent, scale, rgb, points,
                frame.noise.sigma(points[..., 2]).astype(np.float32),
                float(frame.camera.matrix[0, 0]) / scale,
                _moved(box, left, top, scale),
                tuple(_moved(other, left, top, scale) for other in others))


def _points(frame: Frame, left: int, top: int, scale: int, shape: tuple[int, int]) -> np.ndarray:
    if frame.depth is None:
        return np.full((*shape, 3), np.nan, np.float32)
    columns = left + scale // 2 + scale * np.arange(shape[1])
    rows = top + scale // 2 + scale * np.arange(shape[0])
    depth = np.where(np.isfinite(picked := frame.depth[np.ix_(rows, columns)]), picked, np.nan)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    rays = frame.camera.normalized(grid).reshape(*shape, 2)
    return np.concatenate([rays * depth[..., None], depth[..., None]], axis=-1).astype(np.float32)


def _moved(box: Box2D, left: int, top: int, scale: int) -> Box2D:
    return ((box[0] - left) / scale, (box[1] - top) / scale,
            (box[2] - left) / scale, (box[3] - top) / scale)
