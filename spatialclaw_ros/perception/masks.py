"""A mask cropped to its object, and what can be said of it without depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.geometry.pixels import Box2D


@dataclass(frozen=True, eq=False)
class Mask:
    """Pixels of one object in one frame, cropped.

    `pixels` (h, w) bool has its corner at `origin` (x, y); `alternatives` (V, h, w) bool are
    masks that the same evidence allows; `score` in 0–1 is the likely overlap with the object.
    """

    origin: tuple[int, int]
    pixels: np.ndarray
    alternatives: np.ndarray
    score: float

    @property
    def box(self) -> Box2D:
        """Bounding box (x1, y1, x2, y2) of the pixels, half-open, in the image."""
        rows, columns = np.nonzero(self.pixels)
        x, y = self.origin
        return (float(x + columns.min()), float(y + rows.min()),
                float(x + columns.max() + 1), float(y + rows.max() + 1))

    def full(self, shape: tuple[int, int]) -> np.ndarray:
        """The mask (H, W) bool of a whole image of `shape`."""
        image = np.zeros(shape, bool)
        x, y = self.origin
        image[y:y + self.pixels.shape[0], x:x + self.pixels.shape[1]] = self.pixels
        return image

    def instance(self, frame: int, object_id: int, label: str, score: float) -> InstanceMask:
        """The message for this mask as an object of a reply."""
        return InstanceMask(
            frame, object_id, label, score * self.score, self.box, self.origin,
            self.pixels.astype(np.uint8), self.alternatives.astype(np.uint8))


def cropped(full: np.ndarray, alternatives: np.ndarray, score: float, origin: tuple[int, int]
            ) -> Mask:
    """Crop `full` (H, W) bool and `alternatives` (V, H, W) to what any of them holds.

    `origin` is the image's (x, y) of the arrays' corner; `full` must not be empty.
    """
    union = full | alternatives.any(axis=0)
    rows = np.flatnonzero(union.any(axis=1))
    columns = np.flatnonzero(union.any(axis=0))
    window = np.s_[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    return Mask((origin[0] + int(columns[0]), origin[1] + int(rows[0])),
                full[window], np.stack([other[window] for other in alternatives]), score)


def as_given(pixels: np.ndarray) -> Mask:
    """Take `pixels` (H, W) bool as they are; their error is about a pixel of the rim."""
    eroded = cv2.erode(pixels.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return cropped(pixels, (eroded if eroded.any() else pixels)[None], 1.0, (0, 0))
