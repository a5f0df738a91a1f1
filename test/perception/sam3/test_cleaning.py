"""Specks go and holes are filled; parts, slits and thin things stay."""

from __future__ import annotations

import cv2
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.perception.sam3.cleaning import cleaned

SIZE = (480, 640)
AREA = SIZE[0] * SIZE[1]
#: Pixels of the largest flaw in an image of this size.
MOST = int(16 / 288 ** 2 * AREA)


def disc(radius=60, center=(320, 240), size=SIZE):
    canvas = np.zeros(size, np.uint8)
    cv2.circle(canvas, center, radius, 1, -1)
    return canvas > 0


def test_a_speck_goes_and_a_hole_is_filled():
    whole = disc()
    flawed = whole.copy()
    flawed[100:106, 500:506] = True
    flawed[240:246, 320:326] = False
    assert (cleaned(flawed, AREA) == whole).all()


def test_what_is_larger_than_a_flaw_stays():
    side = int(np.sqrt(MOST)) + 1
    parts = disc()
    parts[100:100 + side, 500:500 + side] = True
    parts[240:240 + side, 320:320 + side] = False
    assert (cleaned(parts, AREA) == parts).all()


@pytest.mark.parametrize('value', [True, False])
def test_thin_parts_and_slits_stay(value):
    parts = disc()
    row, column = (100, 480) if value else (240, 290)
    parts[row, column:column + 50] = value
    assert (cleaned(parts, AREA) == parts).all()


def test_parts_of_a_small_object_stay():
    small = np.zeros(SIZE, bool)
    small[10:14, 10:14] = small[10:14, 20:23] = True
    assert (cleaned(small, AREA) == small).all()


def test_a_hole_at_the_edge_of_the_crop_is_none():
    crop = np.ones((50, 50), bool)
    crop[0, 20:23] = crop[20:23, 49] = False
    assert (cleaned(crop, AREA) == crop).all()


def test_a_mask_cut_in_two_by_a_corner_is_one_piece():
    diagonal = np.zeros((40, 40), bool)
    diagonal[:20, :20] = True
    diagonal[20:22, 20:22] = True
    assert (cleaned(diagonal, AREA) == diagonal).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.98))
@settings(max_examples=60, deadline=None)
def test_only_flaws_change(seed, share):
    generator = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(generator.random((60, 80)), (0, 0), 1.5)
    mask = noise > np.quantile(noise, share)
    once = cleaned(mask, AREA)
    assert once.any() == mask.any()
    for changed, connectivity in ((mask & ~once, 8), (once & ~mask, 4)):
        count, _, stats, _ = cv2.connectedComponentsWithStats(
            changed.astype(np.uint8), connectivity=connectivity)
        assert all(stats[1:count, cv2.CC_STAT_AREA] <= MOST)
