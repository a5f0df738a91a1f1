"""Batches, sizes and told poses: a network that knows where each picture was taken."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.geometry.resizing import within
from spatialclaw_ros.perception.depth_anything import predictor
from spatialclaw_ros.perception.depth_anything.network import Look
from spatialclaw_ros.perception.depth_anything.predictor import common_size
from spatialclaw_ros.perception.depth_anything.predictor import poses_to_tell
from spatialclaw_ros.perception.depth_anything.predictor import Predictor
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

from .rooms import camera
from .rooms import looking
from .rooms import Room

ROOM = Room.drawn(3)


def numbered(index, pose, *, posed=False, view=None, sigma=0.0):
    """A frame whose picture tells its number: black to the left, grey to the right."""
    view = view or camera()
    image = np.zeros((view.height, view.width, 3), np.uint8)
    image[:, view.width // 2:] = 20 + 5 * index
    return Frame(index, index, view, image, None, pose if posed else None,
                 PoseSigma(sigma, 0.0))


def swing(count):
    return [looking((0.5 * np.sin(t), -0.6 + 0.3 * t, 1.2), (0.3 * t, 3, 0.6))
            for t in np.linspace(-1, 1, count)]


class Truthful:
    """Stands in for `Network`: exact depth and poses, each pass in a gauge of its own."""

    relates_views, takes_poses = True, True

    def __init__(self, name, settings):
        self.name, self.passes, self.told, self.sizes = name, [], [], []
        self.poses = POSES

    def __call__(self, images, matrices, world_to_camera=None):
        numbers = [round((int(image[0, -1, 0]) - 20) / 5) for image in images]
        self.passes.append(numbers)
        self.told.append(world_to_camera)
        self.sizes.append(images.shape[1:3])
        rng = np.random.default_rng(len(self.passes))
        scale = rng.uniform(0.3, 3)
        turn = looking(rng.normal(size=3), rng.normal(size=3))
        h, w = images.shape[1:3]
        u, v = np.meshgrid(np.arange(w), np.arange(h))
        depths, poses = [], []
        for number, m in zip(numbers, matrices, strict=True):
            rays = np.column_stack([(u.ravel() - m[0, 2]) / m[0, 0],
                                    (v.ravel() - m[1, 2]) / m[1, 1]])
            depths.append(scale * ROOM.depth(self.poses[number], rays).reshape(h, w))
            pose = turn @ self.poses[number]
            pose[:3, 3] *= scale
            poses.append(pose)
        focal = matrices[:, [0, 1], [0, 1]]
        return Look(np.array(depths), np.full((len(images), h, w), 9.0), np.array(poses),
                    focal, False)


POSES = swing(12)


@pytest.fixture
def networks(monkeypatch):
    made = {}
    monkeypatch.setattr(predictor, 'Network', lambda name, settings: made.setdefault(
        name, Truthful(name, settings)))
    return made


def gauge(frames, **settings):
    return Predictor(EngineSettings(edge=112, **settings)).gauge(frames, lambda: False)


@pytest.mark.parametrize('posed', [False, True])
def test_more_frames_than_fit_come_in_batches_joined_to_one_gauge(networks, posed):
    frames = [numbered(i, pose, posed=posed) for i, pose in enumerate(POSES)]
    views = gauge(frames, views=5).views
    passes = networks['depth-anything/DA3-BASE'].passes
    assert {number for batch in passes for number in batch} == set(range(12))
    assert all(len(batch) <= 5 for batch in passes)
    assert all(set(batch) & set(passes[0]) for batch in passes)
    unit = np.median(views[0].depth / exact(views[0], frames[0]))
    base, true = np.linalg.inv(views[0].camera_to_world), np.linalg.inv(POSES[0])
    for view, frame, pose in zip(views, frames, POSES, strict=True):
        np.testing.assert_allclose(view.depth, unit * exact(view, frame), rtol=2e-3)
        moved, expected = base @ view.camera_to_world, true @ pose
        expected[:3, 3] *= unit
        np.testing.assert_allclose(moved, expected, atol=5e-3)


def exact(view, frame):
    """(h, w) exact depth at the centres of the network's pixels."""
    h, w = view.depth.shape
    u, v = np.meshgrid(np.arange(w), np.arange(h))
    pixels = view.resizing.points_back(np.column_stack([u.ravel(), v.ravel()]))
    return ROOM.depth(POSES[frame.index], frame.camera.normalized(pixels)).reshape(h, w)


def test_frames_of_different_sizes_go_through_at_one_and_each_is_mapped_back(networks):
    sizes = [(160, 120), (120, 160), (320, 180)]
    frames = [numbered(i, pose, view=camera(size)) for i, (pose, size) in enumerate(
        zip(POSES, sizes, strict=False))]
    views = gauge(frames).views
    assert len(set(networks['depth-anything/DA3-BASE'].sizes)) == 1
    unit = np.median(views[0].depth / exact(views[0], frames[0]))
    for view, frame in zip(views, frames, strict=True):
        assert view.resizing.sensor == (frame.camera.width, frame.camera.height)
        np.testing.assert_allclose(view.depth, unit * exact(view, frame), rtol=1e-5)
        np.testing.assert_allclose(view.matrix[[0, 1], [0, 1]],
                                   frame.camera.matrix[[0, 1], [0, 1]])


def test_frames_that_share_no_depth_with_those_before_have_none(networks, monkeypatch):
    def sky_in_later_passes(network, images, matrices, world_to_camera=None):
        look = truthful(network, images, matrices, world_to_camera)
        if len(network.passes) == 2:
            look.depth[:2] = np.nan
        return look

    truthful = Truthful.__call__
    monkeypatch.setattr(Truthful, '__call__', sky_in_later_passes)
    views = gauge([numbered(i, pose) for i, pose in enumerate(POSES[:7])], views=5).views
    passes = networks['depth-anything/DA3-BASE'].passes
    alone = set(passes[1]) - set(passes[0])
    assert len(passes[1]) - len(alone) <= 2
    for number, view in enumerate(views):
        assert np.isnan(view.depth).all() == (number in alone)
        assert (view.camera_to_world is None) == (number in alone)
        assert view.confidence.any() != (number in alone)


def test_one_frame_goes_to_the_metric_checkpoint(networks):
    gauge([numbered(0, POSES[0])])
    assert list(networks) == ['depth-anything/DA3METRIC-LARGE']


def test_it_ends_between_batches_when_nobody_waits(networks):
    frames = [numbered(i, pose) for i, pose in enumerate(POSES)]
    answers = iter([False, True])
    with pytest.raises(CallCancelled):
        Predictor(EngineSettings(edge=112, views=5)).gauge(frames, lambda: next(answers))
    assert len(networks['depth-anything/DA3-BASE'].passes) == 1


def test_a_non_commercial_checkpoint_says_so_once_when_it_loads(networks, caplog):
    one = Predictor(EngineSettings(edge=112, depth_anything='depth-anything/DA3-GIANT-1.1'))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            one.gauge([numbered(i, pose) for i, pose in enumerate(POSES[:2])], lambda: False)
    assert [r.getMessage() for r in caplog.records] == [
        'Depth Anything 3 checkpoint depth-anything/DA3-GIANT-1.1 is under CC BY-NC 4.0: '
        'not for commercial use']


def test_poses_are_told_in_the_first_cameras_frame_and_in_units_of_their_distance(networks):
    frames = [numbered(i, pose, posed=True) for i, pose in enumerate(POSES[:5])]
    gauge(frames)
    told = np.linalg.inv(networks['depth-anything/DA3-BASE'].told[0])
    np.testing.assert_allclose(told[0], np.eye(4), atol=1e-12)
    assert np.median(np.linalg.norm(told[:, :3, 3], axis=1)) == pytest.approx(1)
    moved = np.linalg.inv(POSES[0]) @ POSES[3]
    np.testing.assert_allclose(told[3, :3, :3], moved[:3, :3], atol=1e-12)
    np.testing.assert_allclose(np.cross(told[3, :3, 3], moved[:3, 3]), 0, atol=1e-12)


@pytest.mark.parametrize('case', ['two', 'one unposed', 'turning', 'unsure'])
def test_poses_that_would_not_help_are_not_told(case):
    poses = [looking((0, 0, 1), (t, 3, 1)) for t in (-1, 0, 1)] if case == 'turning' else POSES[:3]
    frames = [numbered(i, pose, posed=case != 'one unposed' or i != 1,
                       sigma=0.5 if case == 'unsure' else 0.0) for i, pose in enumerate(poses)]
    assert poses_to_tell(frames[:2] if case == 'two' else frames) is None


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=1, max_size=4),
       st.integers(56, 700))
def test_the_common_size_is_of_whole_patches_and_no_longer_than_the_edge(sensors, edge):
    width, height = common_size(sensors, edge)
    assert width % 14 == 0 and height % 14 == 0
    assert max(width, height) <= edge + 7
    assert common_size(sensors[:1], edge) == within(sensors[0], edge, 14).network
