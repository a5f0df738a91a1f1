from __future__ import annotations

import math

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.geometry.gravity import fit_floor
from spatialclaw_ros.simulation.simulation import Simulation

FEW = settings(max_examples=40, deadline=None)


def room(rng, height, count=4000):
    """Half floor, a quarter wall, a quarter clutter; optical axes of a camera held level."""
    across = rng.uniform(-1.5, 1.5, count) * height
    depth = rng.uniform(0.6, 3.5, count) * height
    down = np.full(count, float(height))
    wall, clutter = np.arange(count) % 4 == 2, np.arange(count) % 4 == 3
    down[wall], depth[wall] = rng.uniform(-1, 1, wall.sum()) * height, 3.5 * height
    down[clutter] -= rng.exponential(0.3, clutter.sum()) * height
    points = np.column_stack([across, down, depth])
    points *= 1 + 0.01 * rng.standard_normal((count, 1))
    points[rng.random(count) < 0.1] = np.nan
    return points


def off(found, up) -> float:
    return math.degrees(math.acos(min(1.0, float(found.up @ up))))


@FEW
@given(st.integers(0, 2 ** 32 - 1), st.floats(0.3, 2), st.floats(-20, 45), st.floats(-25, 25),
       st.floats(0.05, 20))
def test_gravity_is_found_within_half_a_degree(seed, height, pitch, roll, unit):
    """Noise, holes, clutter of half the points; the camera is held anyhow, the unit unknown."""
    rng = np.random.default_rng(seed)
    turn = Rotation.from_euler('xz', [pitch, roll], degrees=True)
    points = unit * turn.apply(room(rng, height))
    found = fit_floor(points, np.zeros(3))
    assert off(found, turn.apply([0, -1, 0])) < 0.5
    assert found.height == pytest.approx(unit * height, rel=0.02)
    assert found.up @ np.zeros(3) - found.offset == pytest.approx(found.height)
    assert found.is_lowest and 0.4 < found.share < 0.6
    assert off(found, turn.apply([0, -1, 0])) < 3 * math.degrees(found.sigma)
    assert abs(found.height - unit * height) < 3 * found.height_sigma


@pytest.mark.parametrize('scene', ['room', 'tabletop'])
def test_the_simulators_depth_camera(scene):
    for seed in range(600, 608):
        simulation = Simulation.build(scene, seed, 160, 120)
        frame = simulation.frame(1.0)
        points = frame_points(frame.depth, frame.camera).reshape(-1, 3)
        found = fit_floor(points, np.zeros(3))
        assert off(found, simulation.true_camera_to_world(1.0)[:3, :3].T @ simulation.up) < 0.5


def test_a_camera_somewhere_in_the_world_with_a_rough_hint():
    rng = np.random.default_rng(1)
    turn = Rotation.random(random_state=rng)
    origin = rng.normal(0, 5, 3)
    points = turn.apply(room(rng, 1.2)) + origin
    up = turn.apply([0, -1, 0])
    hint = Rotation.from_rotvec([0.3, -0.2, 0.1]).apply(up)
    found = fit_floor(points, origin, hint)
    assert off(found, up) < 0.5
    assert np.median(np.abs(points[np.isfinite(points[:, 0])] @ found.up - found.offset)) < 0.1
    assert fit_floor(points, origin, -up, within=0.3) is None


def test_a_table_is_level_but_not_the_lowest():
    rng = np.random.default_rng(2)
    table = np.column_stack([rng.uniform(-0.5, 0.5, 2000), np.full(2000, 0.4),
                             rng.uniform(0.4, 1.2, 2000)])
    below = np.column_stack([rng.uniform(-2, 2, 300), rng.uniform(0.6, 1.2, 300),
                             rng.uniform(1.5, 3, 300)])
    found = fit_floor(np.concatenate([table, below]), np.zeros(3))
    assert off(found, [0, -1, 0]) < 0.5
    assert found.height == pytest.approx(0.4, abs=0.01) and not found.is_lowest
    assert fit_floor(table, np.zeros(3)).is_lowest


def test_the_floor_beside_a_larger_table_is_the_floor():
    rng = np.random.default_rng(3)
    table = np.column_stack([rng.uniform(-0.5, 0.5, 2000), np.full(2000, 0.4),
                             rng.uniform(0.4, 1.2, 2000)])
    floor = np.column_stack([rng.uniform(-2, 2, 400), np.full(400, 1.1), rng.uniform(1.5, 3, 400)])
    points = np.concatenate([table, floor])
    points += 0.003 * rng.standard_normal(points.shape)
    found = fit_floor(points, np.zeros(3))
    assert found.height == pytest.approx(1.1, abs=0.02) and found.is_lowest
    assert off(found, [0, -1, 0]) < 0.5


def test_neither_wall_nor_ceiling_is_a_floor():
    rng = np.random.default_rng(4)
    wall = np.column_stack([rng.uniform(-1, 1, (1000, 2)), np.full(1000, 2.0)])
    ceiling = np.column_stack([rng.uniform(-1, 1, 1000), np.full(1000, -1.0),
                               rng.uniform(1, 3, 1000)])
    assert fit_floor(wall, np.zeros(3)) is None
    assert fit_floor(ceiling, np.zeros(3)) is None
    # A camera that looks 40 degrees down sees a wall's normal nearer to its own down than its up.
    turn = Rotation.from_euler('x', 40, degrees=True)
    floor = np.column_stack([rng.uniform(-1, 1, 300), np.full(300, 0.8),
                             rng.uniform(0.5, 1.9, 300)])
    found = fit_floor(turn.apply(np.concatenate([wall, ceiling, floor])), np.zeros(3))
    assert off(found, turn.apply([0, -1, 0])) < 1.0


@pytest.mark.parametrize('points', [
    np.empty((0, 3)), np.zeros((100, 3)), np.full((100, 3), np.nan), np.ones((100, 3)),
    np.outer(np.arange(1.0, 101), [0.1, 0.2, 1.0]),
    np.column_stack([np.tile([-1.0, 0, 1], 40), np.zeros(120), np.arange(1.0, 121)])])
def test_what_shows_no_floor(points):
    assert fit_floor(points, np.zeros(3)) is None
