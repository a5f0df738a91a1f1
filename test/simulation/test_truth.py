"""Truth of simple arrangements, where it can be written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spatialclaw_ros.simulation import exact
from spatialclaw_ros.simulation import meshes
from spatialclaw_ros.simulation import Simulation
from spatialclaw_ros.simulation.scene import Path
from spatialclaw_ros.simulation.scene import Scene
from spatialclaw_ros.simulation.scene import Solid
from spatialclaw_ros.simulation.truth import Truth

pytest.importorskip('open3d')
GREY = (0.5, 0.5, 0.5)


def look_at(*solids):
    """Truth of `solids` from (0, -1, 0.5), looking along y and down, as the only view."""
    path = Path(np.array([0, -1.0, 0.5]), np.array([0, -1.0, 0.5]), np.array([0, 0.0, 0.1]))
    base = Simulation.build('tabletop', 0, 320, 240, perfect=True)
    return Truth(replace(base, scene=Scene('test', solids, path, '')), [0.0])


def cube(name, x, y, side=0.1, z=0.0):
    return Solid(name, meshes.box((side, side, side), (x, y, z)), GREY, 'floor', z)


def test_the_gap_between_two_cubes_is_exact():
    truth = look_at(cube('a', -0.15, 0), cube('b', 0.15, 0))
    a, b = truth.visible(1, [0]), truth.visible(2, [0])
    assert exact.closest(a, b) == pytest.approx(0.2, abs=1e-4)
    assert exact.closest(truth.mesh(1), truth.mesh(2)) == pytest.approx(0.2, abs=1e-4)
    assert exact.horizontal_gap(a, b) == pytest.approx(0.2, abs=1e-3)


def test_hidden_surface_counts_for_the_mesh_only():
    """Two cubes one behind the other: the near one's back face is not seen."""
    truth = look_at(cube('near', 0, -0.1), cube('far', 0, 0.2, side=0.3))
    seen = exact.closest(truth.visible(1, [0]), truth.visible(2, [0]))
    whole = exact.closest(truth.mesh(1), truth.mesh(2))
    assert whole == pytest.approx(0.1, abs=1e-3)
    assert seen > 0.1
    assert truth.visible(1, [0]).points[:, 1].mean() < truth.mesh(1).points[:, 1].mean()


def test_what_is_covered_is_out_of_sight():
    truth = look_at(cube('wall', 0, -0.5, side=0.6), cube('behind', 0, 0.3, side=0.1))
    assert truth.visible(2, [0]) is None
    assert truth.sighted(2, 0) is None
    assert truth.sighted(1, 0).truncated


def test_share_in_sight_and_box():
    truth = look_at(cube('left', -0.2, -0.2), cube('part', -0.16, 0.0), cube('free', 0.2, 0))
    assert truth.sighted(3, 0).share == 1.0
    assert truth.sighted(1, 0).share == 1.0
    assert 0.2 < truth.sighted(2, 0).share < 0.95
    x1, y1, x2, y2 = truth.sighted(3, 0).box
    camera, pose = truth.simulation.true_camera, truth.poses[0]
    pixels = camera.project(
        (truth.mesh(3).points - pose[:3, 3]) @ pose[:3, :3])
    np.testing.assert_allclose([x1, y1], pixels.min(axis=0), atol=1.5)
    np.testing.assert_allclose([x2, y2], pixels.max(axis=0), atol=1.5)


def test_height_sides_and_camera_distance():
    truth = look_at(Solid('box', meshes.box((0.2, 0.1, 0.3)).moved((0, 0, 0.1), yaw=0.4), GREY))
    shape = truth.visible(1, [0])
    assert exact.top(shape) == pytest.approx(0.4, abs=1e-6)
    np.testing.assert_allclose(exact.sides(shape), [0.2, 0.1, 0.3], atol=3e-3)
    nearest = np.linalg.norm(truth.mesh(1).points - truth.poses[0][:3, 3], axis=1).min()
    assert exact.from_point(shape, truth.poses[0][:3, 3]) == pytest.approx(nearest, abs=2e-3)


def test_width_is_the_side_across_the_view():
    truth = look_at(Solid('box', meshes.box((0.2, 0.1, 0.1)).moved(yaw=0.3), GREY),)
    shape, pose = truth.visible(1, [0]), truth.poses[0]
    assert exact.across(shape, pose) == pytest.approx(0.2, abs=3e-3)
    assert exact.squareness(shape, pose) == pytest.approx(np.cos(0.3), abs=5e-3)


def test_sides_of_view():
    truth = look_at(cube('a', -0.15, -0.1), cube('b', 0.15, 0.2, z=0.2))
    a, b = truth.visible(1, [0]), truth.visible(2, [0])
    assert exact.to_the_right(a, b, truth.poses[0]) == pytest.approx(-0.3, abs=0.03)
    assert exact.nearer(a, b, truth.poses[0]) == pytest.approx(0.3, abs=0.03)
    assert exact.higher(b, a) == pytest.approx(0.2, abs=0.05)


def test_a_perfect_camera_measures_the_truth():
    """Pixels of a perfect image approach the visible truth from within a pixel's pitch."""
    simulation = Simulation.build('tabletop', 4, 640, 480, perfect=True)
    frame, truth = simulation.frame(0.0), Truth(simulation, [0.0])
    for name in ('mug', 'ramp', 'ball'):
        number = next((n for n, known in simulation.scene.labels.items() if known == name), None)
        shape = truth.visible(number, [0]) if number else None
        if shape is None:
            continue
        rows, columns = np.nonzero(frame.labels.ids == number)
        z = frame.depth[rows, columns].astype(float)
        local = np.column_stack([frame.camera.columns[columns], frame.camera.rows[rows],
                                 np.ones(len(z))]) * z[:, None]
        world = local @ frame.camera_to_world[:3, :3].T + frame.camera_to_world[:3, 3]
        np.testing.assert_allclose(world.mean(axis=0), shape.centroid, atol=1e-3)
        assert shape.points[:, 2].max() - 0.003 < world[:, 2].max() <= (
            shape.points[:, 2].max() + 1e-5)
