"""Small operations on pixel masks."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

#: x1, y1, x2, y2 in pixels, half-open.
Box2D = tuple[float, float, float, float]


def eroded(mask: np.ndarray, steps: int = 1, *, corners: bool = True) -> np.ndarray:
    """`mask` (h, w) bool made smaller by `steps` pixels; what is beyond the image counts as in it.

    A pixel's neighbours are eight, or four without `corners`.
    """
    small = np.pad(mask, 1, constant_values=True)
    for _ in range(steps):
        across = small.copy()
        across[:, 1:] &= small[:, :-1]
        across[:, :-1] &= small[:, 1:]
        down = across.copy() if corners else across
        beside = across.copy() if corners else small
        down[1:] &= beside[:-1]
        down[:-1] &= beside[1:]
        small = down
    return small[1:-1, 1:-1]


def depth_inside(mask: np.ndarray) -> np.ndarray:
    """(h, w) pixels from each one of `mask` (h, w) bool to the nearest outside; 0 outside.

    What is beyond the image counts as outside.
    """
    return np.asarray(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1])
