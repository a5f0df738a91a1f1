"""From a region drawn on an image to the pixels of the object in it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.perception.cutting.box_cut import cut_box
from spatialclaw_ros.perception.cutting.box_cut import NothingInside
from spatialclaw_ros.perception.cutting.other_views import Sighting
from spatialclaw_ros.perception.masks import as_given
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region

__all__ = ['cut_out', 'NothingInside']

#: Colours this far (8-bit Lab) from those at a point belong to the same patch.
_PATCH_COLOUR = 14
_SEED_RADIUS = 3


def cut_out(frame: Frame, region: Region, others: Sequence[Region],
            elsewhere: Sequence[Sighting] = ()) -> Mask:
    """Mask of the object in `region`; `others` are regions of other objects in the frame.

    `elsewhere` is what other frames show of the object.

    Raises ValueError for a region outside the image, and NothingInside when no object can be
    told from its surroundings.
    """
    region.check_inside(frame.camera.width, frame.camera.height)
    boxes = [other.box for other in others if other.box is not None]
    if region.mask is not None:
        return as_given(region.mask.astype(bool))
    if region.points is not None:
        return _cut_at_points(frame, region, boxes)
    assert region.box is not None
    return cut_box(frame, region.box, boxes, elsewhere)


def _cut_at_points(frame: Frame, region: Region, others: Sequence[Box2D]) -> Mask:
    """The object at the points labelled 1: their patch gives the box, the points stay in it."""
    shape = frame.image.shape[:2]
    points = np.clip(np.floor(np.asarray(region.points, float) + 0.5), 0,
                     (shape[1] - 1, shape[0] - 1)).astype(int)
    wanted = np.asarray(region.point_labels) == 1
    if not wanted.any():
        raise NothingInside('no point is labelled 1 (of the object)')
    yes, no = (_dots(points[chosen], shape) for chosen in (wanted, ~wanted))
    patch = _patch(frame, points[wanted], no) | yes
    x, y, width, height = cv2.boundingRect(patch.astype(np.uint8))
    box = (float(x), float(y), float(x + width), float(y + height))
    return cut_box(frame, box, others, must=yes, must_not=no)


def _dots(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    dots = np.zeros(shape[:2], np.uint8)
    for x, y in points:
        cv2.circle(dots, (int(x), int(y)), _SEED_RADIUS, 1, -1)
    return dots > 0


def _patch(frame: Frame, points: np.ndarray, barrier: np.ndarray) -> np.ndarray:
    """Pixels (H, W) bool connected to `points` by like colours and continuous depth."""
    lab = cv2.cvtColor(cv2.medianBlur(frame.image, 5), cv2.COLOR_RGB2LAB)
    walls = np.zeros((lab.shape[0] + 2, lab.shape[1] + 2), np.uint8)
    walls[1:-1, 1:-1] = barrier | _depth_steps(frame)
    patch = np.zeros(lab.shape[:2], bool)
    tolerance = (_PATCH_COLOUR,) * 3
    for x, y in points:
        grown = walls.copy()
        grown[y + 1, x + 1] = 0
        flags = 8 | (2 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
        cv2.floodFill(lab, grown, (int(x), int(y)), 0, tolerance, tolerance, flags)
        patch |= grown[1:-1, 1:-1] == 2
    return patch


def _depth_steps(frame: Frame) -> np.ndarray:
    steps = np.zeros(frame.image.shape[:2], bool)
    if frame.depth is None:
        return steps
    depth = np.where(np.isfinite(frame.depth), frame.depth, np.nan)
    with np.errstate(invalid='ignore'):
        limit = 4.2 * frame.noise.sigma(depth) + 4 * depth / frame.camera.matrix[0, 0]
        steps[:, 1:] |= np.abs(np.diff(depth, axis=1)) > limit[:, 1:]
        steps[1:] |= np.abs(np.diff(depth, axis=0)) > limit[1:]
    return steps
