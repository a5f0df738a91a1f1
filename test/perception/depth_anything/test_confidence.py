from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import numpy as np

from spatialclaw_ros.perception.depth_anything.confidence import AT_STEP
from spatialclaw_ros.perception.depth_anything.confidence import of_network
from spatialclaw_ros.perception.depth_anything.confidence import steps

PICTURE = np.random.default_rng(0).integers(0, 256, (42, 56, 3), np.uint8)
FLAT = np.full((42, 56), 2.0, np.float32)


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=8))
def test_a_higher_rating_is_never_less_confident(ratings):
    ratings = sorted(ratings)
    told = [of_network(np.full(FLAT.shape, r), FLAT, PICTURE)[0, 0] for r in ratings]
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 0.9974


def test_steps_holes_and_empty_pictures_lower_it():
    depth = FLAT.copy()
    depth[:, 20:] = 3
    depth[5, 5] = np.nan
    told = of_network(np.full(depth.shape, 50.0), depth, PICTURE)
    assert told[5, 5] == 0
    assert (told[:, 19:21] == AT_STEP)[10:].all()
    assert told[20, 40] > 0.95
    assert of_network(None, FLAT, PICTURE)[0, 0] == np.float32(0.9)
    dark = np.random.default_rng(1).integers(0, 4, PICTURE.shape, np.uint8)
    assert of_network(np.full(depth.shape, 50.0), FLAT, dark).max() <= 0.05


@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_a_slanted_plane_has_no_steps(a, b):
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 56), np.linspace(-0.5, 0.5, 42))
    assert not steps(1 / (1 + a * x + b * y)).any()
