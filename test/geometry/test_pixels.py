"""Pixel masks made smaller, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spatialclaw_ros.geometry.pixels import eroded


@pytest.mark.parametrize('steps', [1, 2, 3])
@pytest.mark.parametrize('corners', [True, False])
def test_erosion_is_that_of_scipy(steps: int, corners: bool) -> None:
    structure = np.ones((3, 3)) if corners else None
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 9), (7, 2), (30, 41)):
        mask = ndimage.binary_dilation(rng.random(shape) < 0.5)
        expected = ndimage.binary_erosion(mask, structure, steps, border_value=1)
        np.testing.assert_array_equal(eroded(mask, steps, corners=corners), expected)
