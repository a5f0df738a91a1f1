"""Depth a few pixels off its colour image: what lies beside an object is not of it."""

import numpy as np

from spatialclaw_ros.geometry.layers import step_tolerance
from spatialclaw_ros.geometry.misplaced import readings_beside

SHAPE, FOCAL = (160, 200), 500.0
OBJECT = np.s_[40:120, 50:150]


def beside(depth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return readings_beside(
        depth, mask, step_tolerance(depth, np.full(SHAPE, 0.001), FOCAL), FOCAL)


def face_before_a_wall() -> tuple[np.ndarray, np.ndarray]:
    depth, mask = np.full(SHAPE, 2.0), np.zeros(SHAPE, bool)
    depth[OBJECT], mask[OBJECT] = 1.0, True
    return depth, mask


def test_depth_that_fits_its_mask_is_kept():
    assert not beside(*face_before_a_wall()).any()


def test_the_side_that_a_shifted_depth_image_leaves_bare_is_told():
    depth, mask = face_before_a_wall()
    told = beside(np.roll(depth, 4, axis=0), mask)
    assert told[40:44, 50:150].all() and told.sum() == told[40:44, 50:150].size


def test_it_is_told_also_where_the_surroundings_touch_the_object_at_a_corner():
    depth, mask = face_before_a_wall()
    depth = np.roll(depth, 4, axis=0)
    depth[30:60, 40:56] = np.linspace(2.0, 1.0, 16)
    told = beside(depth, mask)
    assert told[40:44, 60:150].all() and not told[46:].any()


def test_holes_between_both_surfaces_do_not_hide_the_step():
    depth, mask = face_before_a_wall()
    depth = np.roll(depth, 5, axis=0)
    depth[43:46, 50:150] = np.nan
    assert beside(depth, mask)[40:43, 55:145].all()


def test_what_is_thin_is_kept():
    """A handle before the wall, and a leg that its foot joins to the floor."""
    depth, mask = face_before_a_wall()
    handle = np.s_[70:90, 150:156]
    depth[handle], mask[handle] = 1.2, True
    assert not beside(depth, mask).any()
    leg = np.s_[120:150, 60:70]
    depth[leg], mask[leg], depth[150:] = 1.3, True, 1.3
    assert not beside(depth, mask).any()


def test_a_small_thing_is_not_eaten():
    depth, mask = np.full(SHAPE, 2.0), np.zeros(SHAPE, bool)
    depth[60:84, 60:84], mask[60:84, 60:84] = 1.0, True
    told = beside(np.roll(depth, 5, axis=0), mask)
    assert not told[62:].any()
