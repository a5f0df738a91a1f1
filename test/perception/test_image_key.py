"""Images are known by their content, whatever memory they lie in."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.memory import seal
from spatialclaw_ros.perception.image_key import image_key

IMAGE = np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8)


@pytest.mark.parametrize('same', [
    IMAGE.copy(), np.asfortranarray(IMAGE), IMAGE[::-1].copy()[::-1], seal([IMAGE])[0],
    np.repeat(IMAGE, 2, axis=0)[::2]])
def test_equal_images_have_one_key(same):
    assert image_key(same) == image_key(IMAGE)


def changed(where):
    image = IMAGE.copy()
    image[where] ^= 1
    return image


@pytest.mark.parametrize('other', [
    changed((0, 0, 0)), changed((47, 63, 2)), changed((20, 31, 1)), IMAGE[:, ::-1], IMAGE[..., 0],
    IMAGE.reshape(64, 48, 3), IMAGE.view(np.int8), IMAGE[:, :0], np.zeros((0, 0, 3), np.uint8)])
def test_other_images_have_other_keys(other):
    assert image_key(other) != image_key(IMAGE)
    assert len(image_key(other)) == 16
