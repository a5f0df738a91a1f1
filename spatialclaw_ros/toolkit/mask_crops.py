"""Cropped masks expanded to their frame, cut again, and joined with their alternatives."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from spatialclaw_ros.calls.requests import InstanceMask


def expanded(mask: InstanceMask, full: np.ndarray, variant: int = -1) -> np.ndarray:
    """`full` (H, W) bool with the mask drawn into it; `variant` ≥ 0 draws an alternative."""
    (x, y), crop = mask.origin, mask.mask if variant < 0 else mask.alternatives[variant]
    height, width = full.shape
    x1, y1 = max(x, 0), max(y, 0)
    x2, y2 = min(x + crop.shape[1], width), min(y + crop.shape[0], height)
    if x1 < x2 and y1 < y2:
        full[y1:y2, x1:x2] = crop[y1 - y:y2 - y, x1 - x:x2 - x]
    return full


def cropped(mask: InstanceMask, variants: Sequence[np.ndarray]) -> InstanceMask:
    """`mask` with other pixels: `variants` (H, W) bool, the mask itself first."""
    union = np.logical_or.reduce(variants)
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    if not len(rows):
        return replace(mask, mask=np.zeros((0, 0), np.uint8), origin=(0, 0),
                       alternatives=np.zeros((0, 0, 0), np.uint8))
    y1, y2, x1, x2 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    crops = np.array([variant[y1:y2, x1:x2] for variant in variants], np.uint8)
    return replace(mask, mask=crops[0], alternatives=crops[1:], origin=(int(x1), int(y1)),
                   box=_box(variants[0], mask.box))


def _box(full: np.ndarray, otherwise: tuple[float, float, float, float],
         ) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(full.any(axis=1)), np.flatnonzero(full.any(axis=0))
    if not len(rows):
        return otherwise
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def eroded(mask: InstanceMask, px: int, shape: tuple[int, ...]) -> InstanceMask:
    """`mask` and its alternatives `px` pixels smaller (larger when negative), image (H, W).

    Beyond the image a mask goes on: its border is no edge of the object.
    """
    steps = abs(px)
    (x, y), (rows, columns) = mask.origin, mask.mask.shape
    left, top = max(x - steps, 0), max(y - steps, 0)
    right, bottom = min(x + columns + steps, shape[1]), min(y + rows + steps, shape[0])
    around = replace(mask, origin=(x - left, y - top))
    crops = [expanded(around, np.zeros((bottom - top, right - left), bool), variant)
             for variant in range(-1, len(mask.alternatives))]
    if steps:
        change = ndimage.binary_erosion if px > 0 else ndimage.binary_dilation
        crops = [change(crop, iterations=steps, border_value=px > 0) for crop in crops]
    small = cropped(around, crops)
    (x, y), (x1, y1, x2, y2) = small.origin, small.box
    return replace(small, origin=(x + left, y + top),
                   box=(x1 + left, y1 + top, x2 + left, y2 + top))


def combined(a: InstanceMask | None, b: InstanceMask | None, shape: tuple[int, ...],
             join: Callable[..., np.ndarray]) -> InstanceMask | None:
    """`a` and `b` of one frame joined pixel by pixel; None when no pixel is left.

    Alternatives of each are joined with the other's mask, so that what is uncertain stays so.
    """
    template = a if a is not None else b
    if template is None:
        return None
    main_a, main_b = _full(a, shape), _full(b, shape)
    variants = [join(main_a, main_b)]
    for mask, other in ((a, main_b), (b, main_a)):
        if mask is not None:
            variants += [join(expanded(mask, np.zeros(shape, bool), k), other)
                         for k in range(len(mask.alternatives))]
    if not variants[0].any():
        return None
    score = min(m.score for m in (a, b) if m is not None)
    return replace(cropped(template, variants), score=score)


def _full(mask: InstanceMask | None, shape: tuple[int, ...]) -> np.ndarray:
    full = np.zeros(shape, bool)
    return full if mask is None else expanded(mask, full)
