"""Pictures for a model: whole, no larger than it profits from, and not shifted."""

from __future__ import annotations

import base64
from dataclasses import replace
import io

import numpy as np
from PIL import Image
import pytest

from spatialclaw_ros.models.pictures import as_data_url
from spatialclaw_ros.models.pictures import sent_as
from spatialclaw_ros.models.pictures import tokens_of
from spatialclaw_ros.models.profile import Profile

PROFILE = Profile(image_edge=100, image_format='png', image_patch=10)


def received(image, profile=PROFILE):
    data = as_data_url(image, profile).partition(';base64,')[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.mark.parametrize(('width', 'height', 'sent'), [
    (640, 480, (100, 75)), (480, 640, (75, 100)), (100, 100, (100, 100)), (99, 7, (99, 7)),
    (3000, 2, (100, 1)), (1, 1, (1, 1)), (101, 67, (100, 66))])
def test_a_picture_is_whole_and_never_enlarged(width, height, sent):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    got = received(image)
    assert got.shape == (sent[1], sent[0], 3)
    assert sent_as(image, PROFILE).network == sent
    assert tokens_of(image, PROFILE) == max(sent[0] * sent[1] // 100, 1)
    assert got.mean() == pytest.approx(image.mean(), abs=0.5)
    if sent == (width, height):
        assert np.array_equal(got, image)


@pytest.mark.parametrize('edge', [64, 100, 250])
@pytest.mark.parametrize('place', [(80, 60), (320, 240), (601, 433)])
def test_what_a_model_points_at_lies_where_the_sensor_saw_it(edge, place):
    u, v = np.meshgrid(np.arange(640), np.arange(480))
    image = np.zeros((480, 640, 3), np.uint8)
    image[np.hypot(u - place[0], v - place[1]) < 24] = 255
    profile = replace(PROFILE, image_edge=edge)
    weights = received(image, profile)[..., 0].astype(float)
    middle = [(np.arange(n) * weights.sum(axis=axis)).sum() / weights.sum()
              for axis, n in enumerate(weights.shape[::-1])]
    found = sent_as(image, profile).points_back([middle])[0]
    assert found == pytest.approx(place, abs=0.1)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match='every side must be at least 1'):
        as_data_url(np.zeros((0, 640, 3), np.uint8), PROFILE)
