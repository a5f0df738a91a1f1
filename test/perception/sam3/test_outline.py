"""Logits become the mask they stand for on the sensor's pixels, whatever the image's size."""

from __future__ import annotations

import cv2
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.outline import DOUBT
from spatialclaw_ros.perception.sam3.outline import outlined

#: Side of the network's masks in SAM 3.
SIDE = 288
side = st.integers(48, 900)


def distances(size, center, radius, network=SIDE):
    """How far within a disc of the sensor each pixel of the network's mask lies, sensor pixels."""
    resizing = Resizing(size, (network, network))
    v, u = np.mgrid[:network, :network]
    points = resizing.points_back(np.column_stack([u.ravel(), v.ravel()]))
    return (radius - np.linalg.norm(points - center, axis=1)).reshape(network, network)


def disc(size, center, radius):
    v, u = np.mgrid[:size[1], :size[0]]
    return radius - np.hypot(u - center[0], v - center[1])


@given(side, side, st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.floats(0.15, 0.6))
@settings(max_examples=40, deadline=None)
def test_a_disc_comes_back_on_the_pixels_of_the_sensor(width, height, x, y, share):
    size, center = (width, height), np.array([x * width, y * height])
    radius = share * min(size)
    mask = outlined(distances(size, center, radius), size, 0.9)
    assert mask.score == 0.9
    inside = disc(size, center, radius)
    coarse = max(width, height) / SIDE
    # Bilinear interpolation leaves (pixel of the mask)² / 8 radius of a curved outline; beyond
    # the outermost pixels of the network's mask nothing is known.
    unsure = 1e-3 + coarse ** 2 / (4 * radius)
    rim = int(coarse / 2) + 1
    wrong = (mask.full((height, width)) ^ (inside > 0))[rim:-rim, rim:-rim]
    assert np.abs(inside[rim:-rim, rim:-rim][wrong]).max(initial=0) <= unsure
    low, high = mask.alternatives
    assert (low <= mask.pixels).all()
    assert (high >= mask.pixels).all()
    reach = DOUBT + max(1, 0.25 * (width + height) / SIDE) + unsure + 1
    for other, sign in ((low, 1), (high, -1)):
        moved = Mask(mask.origin, other, mask.alternatives, 1.0).full((height, width))
        assert (sign * inside[moved ^ (inside > 0)]).max(initial=0) <= reach


def test_nothing_positive_is_no_mask():
    assert outlined(np.full((32, 32), -3.0, np.float32), (64, 48), 0.5) is None


def test_pixels_of_other_objects_are_left_to_them():
    taken = np.zeros((120, 160), bool)
    taken[:, :80] = True
    logits = distances((160, 120), (80, 60), 40, 64).astype(np.float32)
    mask = outlined(logits, (160, 120), 1.0, taken=taken)
    assert mask.box[0] == 80
    assert not mask.full(taken.shape)[:, :80].any()
    assert mask.origin[0] + np.flatnonzero(mask.alternatives.any(axis=(0, 1)))[0] >= 80
    assert outlined(logits, (160, 120), 1.0, taken=np.ones_like(taken)) is None


def test_another_mask_of_the_prompt_is_an_alternative_when_it_roughly_agrees():
    size = (160, 120)
    logits, slightly, part = (distances(size, (80, 60), radius, 64).astype(np.float32)
                              for radius in (40, 36, 12))
    alone = outlined(logits, size, 1.0)
    assert len(alone.alternatives) == 2
    assert len(outlined(logits, size, 1.0, [part, logits]).alternatives) == 2
    several = outlined(logits, size, 1.0, [part, slightly, slightly])
    assert len(several.alternatives) == 3
    third = several.alternatives[2].sum() / several.pixels.sum()
    assert third == pytest.approx((36 / 40) ** 2, abs=0.02)


def test_a_mask_that_a_higher_threshold_empties_has_smaller_alternatives_still():
    size = (160, 120)
    faint = np.clip(distances(size, (80, 60), 40, 64), -5, 0.5).astype(np.float32)
    mask = outlined(faint, size, 1.0)
    assert 0 < mask.alternatives[0].sum() < mask.pixels.sum()


def test_a_mask_of_one_pixel_has_alternatives_with_pixels():
    logits = np.full((64, 64), -5.0, np.float32)
    logits[20, 20] = 5
    mask = outlined(logits, (64, 64), 1.0)
    assert mask.pixels.any()
    assert mask.alternatives.any(axis=(1, 2)).all()


def test_the_outline_of_a_large_image_is_no_surer_than_the_networks_pixels():
    size = (1920, 1080)
    sharp = np.sign(distances(size, (900, 500), 300)).astype(np.float32) * 20
    mask = outlined(sharp, size, 1.0)
    widths = [np.sqrt(a.sum() / np.pi) for a in (*mask.alternatives, mask.pixels)]
    assert widths[2] - widths[0] == pytest.approx(0.5 * (1920 + 1080) / 2 / SIDE, abs=0.8)
    assert widths[1] - widths[2] == pytest.approx(0.5 * (1920 + 1080) / 2 / SIDE, abs=0.8)


def test_thin_things_are_kept():
    size = (576, 576)
    canvas = np.full((SIDE, SIDE), -4, np.float32)
    cv2.line(canvas, (20, 20), (250, 160), 4.0, 1)
    mask = outlined(canvas, size, 1.0)
    assert mask.box[0] < 50
    assert mask.box[2] > 490
