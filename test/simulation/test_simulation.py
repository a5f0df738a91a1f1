"""The simulated camera: what it sees, how it errs, and that both follow from the seed."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.simulation import SCENES
from spatialclaw_ros.simulation import Simulation

pytest.importorskip('open3d')
SMALL = {'width': 160, 'height': 120}


@pytest.fixture(scope='module', params=sorted(SCENES))
def pair(request):
    """A scene seen by a sensor with errors and by a perfect one."""
    return (Simulation.build(request.param, 3, **SMALL),
            Simulation.build(request.param, 3, **SMALL, perfect=True))


def test_a_frame_carries_what_a_camera_publishes(pair):
    frame = pair[0].frame(1.5, index=4)
    assert frame.index == 4 and frame.stamp == 1_500_000_000
    assert frame.image.shape == (120, 160, 3) and frame.image.std() > 10
    assert frame.depth.dtype == np.float32
    assert set(np.unique(frame.labels.ids)) - {0} <= set(frame.labels.names)
    assert frame.pose_sigma.translation > 0


def test_the_same_seed_and_moment_give_the_same_frame(pair):
    again = Simulation.build(pair[0].scene.kind, 3, **SMALL).frame(1.5)
    first = pair[0].frame(1.5)
    np.testing.assert_array_equal(first.depth, again.depth)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.camera_to_world, again.camera_to_world)
    assert not np.array_equal(first.depth, pair[0].frame(2.5).depth, equal_nan=True)


def test_perfect_depth_lies_on_the_table_or_floor(pair):
    """Back-projected by hand: the z of every pixel of the horizontal surface is its height."""
    perfect = pair[1]
    frame = perfect.frame(0.0)
    name = 'floor' if perfect.scene.kind == 'room' else 'table'
    level = 0.0 if name == 'floor' else 0.74
    number = perfect.scene.number(name)
    rows, columns = np.nonzero(frame.labels.ids == number)
    z = frame.depth[rows, columns].astype(float)
    local = np.column_stack([frame.camera.columns[columns] * z, frame.camera.rows[rows] * z, z])
    world = local @ frame.camera_to_world[:3, :3].T + frame.camera_to_world[:3, 3]
    assert np.median(np.abs(world[:, 2] - level)) < 1e-5


def test_noise_grows_with_range_and_bias_is_common(pair):
    noisy, perfect = pair
    true, read = perfect.frame(0.0), noisy.frame(0.0)
    difference = (read.depth - true.depth) / true.depth
    inner = np.isfinite(difference) & (np.abs(difference) < 0.05)
    assert 0.001 < difference[inner].std() < 0.03
    assert abs(np.median(difference[inner])) < 0.02
    assert 0.005 < np.isnan(read.depth).mean() < 0.3


def test_tf_errs_by_what_it_states(pair):
    simulation = pair[0]
    kind = simulation.scene.kind
    errors = []
    for seed in range(30):
        other = Simulation.build(kind, seed, **SMALL)
        errors.append([np.linalg.inv(other.true_camera_to_world(t)) @ other.told_camera_to_world(t)
                       for t in (0.1, 5.0)])
    shifts = np.array(errors)[..., :3, 3]
    stated = simulation.pose_sigma.translation
    assert 0.7 * stated < np.std(shifts) < 1.3 * stated
    together, apart = shifts.mean(axis=1).std(), (shifts[:, 0] - shifts[:, 1]).std()
    assert 0.7 * stated < together, 'the mounting errs alike at all moments'
    assert 0.7 * stated < apart, 'and the carrier by itself at each'


def test_poses_are_rigid_and_look_down(pair):
    pose = pair[0].told_camera_to_world(3.0)
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(pose[:3, :3]) > 0
    assert pose[2, 2] < 0


def test_depth_errors_are_about_those_the_estimator_assumes():
    """The prior of DepthNoise is honest: over many cameras its sigma is that of the errors."""
    from spatialclaw_ros.geometry.noise import DepthNoise
    from spatialclaw_ros.simulation.sensor import SensorErrors
    rng = np.random.default_rng(0)
    prior = DepthNoise()
    drawn = [SensorErrors.draw(rng, 0.002, 0.002) for _ in range(2000)]
    bias = np.sqrt(np.mean([e.depth_error ** 2 for e in drawn]))
    pixel = np.sqrt(np.mean([(e.floor + 4 * e.quadratic) ** 2 for e in drawn]))
    assert bias == pytest.approx(prior.bias_share, rel=0.1)
    assert pixel == pytest.approx(prior.floor + 4 * prior.quadratic, rel=0.15)
    assert np.std([e.focal_error for e in drawn]) == pytest.approx(prior.focal_share, rel=0.1)


def test_solids_do_not_touch_but_for_what_they_stand_on():
    from scipy.spatial import cKDTree
    for kind in SCENES:
        scene = Simulation.build(kind, 5, **SMALL).scene
        things = [solid for solid in scene.solids if solid.support and solid.name != 'table']
        for i, a in enumerate(things):
            for b in things[:i]:
                if a.support != b.name and b.support != a.name and kind == 'tabletop':
                    gap = cKDTree(a.mesh.vertices).query(b.mesh.vertices)[0].min()
                    assert gap > 0.01, (a.name, b.name)


@pytest.mark.parametrize('scene, seed, message', [
    ('kitchen', 0, 'room, tabletop'), ('room', -1, 'negative')])
def test_what_cannot_be_simulated(scene, seed, message):
    with pytest.raises(ValueError, match=message):
        Simulation.build(scene, seed)
