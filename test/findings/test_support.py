"""What a thing stands on is found before a wall and on a small base, not only on a free floor."""

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor
from raycast import UP

from spatialclaw_ros.findings.support import levels_of
from spatialclaw_ros.findings.support import support_under


def level_under(shapes, eye, at, seed=3):
    sensor = Sensor(np.random.default_rng(seed))
    thing = object_in([frame_of(shapes, looking(eye, at), sensor)], 0)
    return support_under(thing.sights[0], UP)


@pytest.mark.parametrize('seed', range(4))
def test_a_wall_close_behind_is_no_support(seed):
    board = Box((0, 0, 0.6), (0.4, 0.03, 1.2))
    wall = Box((0, 0.1, 1.25), (4, 0.1, 2.5))
    found = level_under([board, wall, Floor()], (0.5, -3.0, 1.4), (0, 0, 0.75), seed)
    assert found is not None
    assert found.level == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize('seed', range(4))
def test_a_small_base_is_told_from_what_that_stands_on(seed):
    die = Box((0, 0, 0.12), (0.04, 0.04, 0.04))
    base = Box((0.01, 0, 0.05), (0.12, 0.08, 0.1))
    found = level_under([die, base, Floor()], (0.2, -0.8, 0.6), (0, 0, 0.1), seed)
    assert found is not None
    assert found.level == pytest.approx(0.1, abs=0.003)
    assert found.normal == pytest.approx(UP)


def test_a_lower_table_beside_is_no_support():
    cupboard = Box((0, 0, 0.5), (0.5, 0.4, 1.0))
    table = Box((0.7, -0.1, 0.2), (0.7, 0.7, 0.4))
    found = level_under([cupboard, table, Floor()], (0.6, -2.5, 1.5), (0.1, 0, 0.4))
    assert found is not None
    assert found.level == pytest.approx(0, abs=0.015)


def test_without_gravity_the_support_tells_which_way_is_up():
    sensor = Sensor(np.random.default_rng(5))
    shapes = [Box((0, 0, 0.1), (0.15, 0.15, 0.2)), Floor()]
    frame = frame_of(shapes, looking((0.3, -1.0, 0.7), (0, 0, 0.1)), sensor)
    found = support_under(object_in([frame], 0, up=None).sights[0], None)
    assert found is not None
    assert np.degrees(np.arccos(found.normal @ UP)) < 2
    assert found.level == pytest.approx(0, abs=0.004)


def grid(width, depth, level, at=(0.0, 0.0), step=0.01):
    x, y = np.meshgrid(np.arange(0, width, step) + at[0], np.arange(0, depth, step) + at[1])
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, level)])


def test_what_stands_on_a_surface_is_no_level_of_it():
    """A box about "the table" is cut out with the top of the brick on it."""
    table, brick = grid(0.8, 0.6, 0.7), grid(0.2, 0.1, 0.76, (0.3, 0.2), 0.004)
    kept = levels_of(np.concatenate([table, brick]), UP)
    np.testing.assert_array_equal(kept, table)


def test_boards_of_a_shelf_are_all_levels_of_it():
    shelf = np.concatenate([grid(0.8, 0.3, level) for level in (0.1, 0.5, 0.9)])
    assert len(levels_of(shelf, UP)) == len(shelf)


def test_levels_are_areas_not_readings():
    """The nearer of two surfaces has more readings for its area."""
    floor, top = grid(3.0, 2.0, 0.0, step=0.02), grid(0.9, 0.6, 0.7, step=0.005)
    assert len(top) > 0.8 * len(floor)
    np.testing.assert_array_equal(levels_of(np.concatenate([floor, top]), UP), floor)


def test_without_gravity_no_level_is_told():
    points = grid(0.2, 0.1, 0.3)
    assert levels_of(points, None) is points
