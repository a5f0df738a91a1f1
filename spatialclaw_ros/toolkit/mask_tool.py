"""tools.Mask: measures of single (H, W) bool masks in pixels; thin over numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialclaw_ros.toolkit.guided import guided


def _mask(mask: Any) -> np.ndarray:
    array = np.asarray(mask)
    if array.ndim != 2:
        raise ValueError(f'a mask is (H, W) bool, got shape {array.shape}; write '
                         'seg.get_mask(frame, object)')
    return array.astype(bool)


@guided
class MaskTool:
    """`centroid centroids area bounding_box iou intersection mask_to_bbox` of (H, W) masks."""

    @staticmethod
    def centroid(mask: Any) -> tuple[float, float]:
        """Median pixel (x, y); NaNs when empty."""
        rows, columns = np.nonzero(_mask(mask))
        if not len(rows):
            return (float('nan'), float('nan'))
        return (float(np.median(columns)), float(np.median(rows)))

    @staticmethod
    def centroids(masks: Any) -> list[tuple[float, float]]:
        """Median pixels of several masks (N, H, W)."""
        return [MaskTool.centroid(mask) for mask in masks]

    @staticmethod
    def area(mask: Any) -> int:
        """Number of pixels."""
        return int(_mask(mask).sum())

    @staticmethod
    def bounding_box(mask: Any) -> tuple[int, int, int, int] | None:
        """Tight box (x1, y1, x2, y2), half-open; None when empty."""
        full = _mask(mask)
        rows, columns = np.flatnonzero(full.any(axis=1)), np.flatnonzero(full.any(axis=0))
        if not len(rows):
            return None
        return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @staticmethod
    def mask_to_bbox(mask: Any) -> np.ndarray | None:
        """`bounding_box` as a float array (4,); None when empty."""
        box = MaskTool.bounding_box(mask)
        return None if box is None else np.array(box, float)

    @staticmethod
    def intersection(a: Any, b: Any) -> np.ndarray:
        """(H, W) bool of the pixels in both."""
        first, second = _mask(a), _mask(b)
        if first.shape != second.shape:
            raise ValueError(f'masks of {first.shape} and {second.shape} do not lie on one image')
        return first & second

    @staticmethod
    def iou(a: Any, b: Any) -> float:
        """Intersection over union, 0 when both are empty."""
        both = int(MaskTool.intersection(a, b).sum())
        union = MaskTool.area(a) + MaskTool.area(b) - both
        return both / union if union else 0.0
