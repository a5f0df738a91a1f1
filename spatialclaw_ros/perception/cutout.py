"""From a region drawn on an image to the pixels of the object in it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spatialclaw_ros.perception.masks import cropped
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


class NothingInside(Exception):
    """No pixel of the region can be told from what surrounds it."""


def cut_out(frame: Frame, region: Region, others: Sequence[Region]) -> Mask:
    """Mask of the object in `region`; `others` are regions of other objects in the frame.

    Raises NothingInside when no object can be told from its surroundings.
    """
    if region.mask is not None:
        return _as_given(region.mask)
    if region.points is not None:
        x, y = np.asarray(region.points)[np.asarray(region.point_labels) == 1].mean(axis=0)
        box = (x - 60, y - 60, x + 60, y + 60)
    else:
        box = region.box
    height, width = frame.image.shape[:2]
    pad = 0.3 * max(box[2] - box[0], box[3] - box[1])
    x1, y1 = max(int(box[0] - pad), 0), max(int(box[1] - pad), 0)
    x2, y2 = min(int(box[2] + pad), width), min(int(box[3] + pad), height)
    crop = np.ascontiguousarray(frame.image[y1:y2, x1:x2])
    trimap = np.full(crop.shape[:2], cv2.GC_BGD, np.uint8)
    trimap[max(int(box[1]) - y1, 0):int(box[3]) - y1,
           max(int(box[0]) - x1, 0):int(box[2]) - x1] = cv2.GC_PR_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(crop, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), 4,
                cv2.GC_INIT_WITH_MASK)
    pixels = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    if not pixels.any():
        raise NothingInside('nothing in it can be told from its surroundings')
    return _as_given(pixels, (x1, y1))


def _as_given(mask: np.ndarray, origin: tuple[int, int] = (0, 0)) -> Mask:
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return cropped(mask.astype(bool), eroded[None], 1.0, origin)
