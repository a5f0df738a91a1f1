"""What Depth Anything 3 says, aligned: a distorted truth stands in for the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.perception.depth_anything.consistency import Placed
from spatialclaw_ros.perception.depth_anything.samples import seen_in
from spatialclaw_ros.perception.depth_anything.upright import found_up
from spatialclaw_ros.perception.weights.licences import NON_COMMERCIAL
from spatialclaw_ros.scene import PoseSigma

from .queries import Query
from .queries import SEEDS
from .queries import UP
from .rooms import Distortion


def total_sigma(geometry, truth):
    """Of a pixel, what its region shares in it, and of the frame."""
    return np.hypot(geometry.sigma, geometry.noise.bias_share * truth)


def test_known_poses_are_kept_and_gravity_stays_as_given():
    reply = Query(sensor=True).ask()
    assert all(geometry.camera_to_world is None for geometry in reply.frames)
    assert reply.up is None
    assert 'poses as given; gravity as given' in reply.source


def test_without_poses_the_world_is_the_newest_camera_and_the_others_lie_within_their_sigma():
    moved, turned = [], []
    for seed in SEEDS:
        query = Query('arc', 5, seed, posed=False, sensor=True)
        reply = query.ask()
        np.testing.assert_array_equal(reply.frames[-1].camera_to_world, np.eye(4))
        assert reply.frames[-1].pose_sigma == PoseSigma()
        to_newest = np.linalg.inv(query.poses[-1])
        for geometry in reply.frames[:-1]:
            true = to_newest @ query.poses[geometry.frame]
            told, sigma = geometry.camera_to_world, geometry.pose_sigma
            moved += list((told[:3, 3] - true[:3, 3]) / sigma.translation)
            turned += list(Rotation.from_matrix(told[:3, :3].T @ true[:3, :3]).as_rotvec()
                           / sigma.rotation)
            assert sigma.translation < 0.1
            assert sigma.rotation < 0.06
        error = np.arccos(np.clip(reply.up @ to_newest[:3, :3] @ UP, -1, 1))
        assert np.degrees(error) < 1.0
        assert 'gravity from a fitted floor' in reply.source
    for errors in (moved, turned):
        assert 0.1 < np.sqrt(np.mean(np.square(errors))) < 1.1


def test_a_camera_that_is_misplaced_does_not_tell_gravity():
    query = Query('arc', 5)
    views = query.network.gauge(query.frames, None).views
    poses = list(query.poses)
    askew = np.eye(4)
    askew[:3, :3] = Rotation.from_euler('z', 15, degrees=True).as_matrix()
    poses[0] = poses[0] @ askew
    placed = [Placed(one, pose) for one, pose in zip(
        seen_in(query.frames, views), poses, strict=True)]
    error = np.degrees(np.arccos(found_up(placed).up @ UP))
    assert error < 1.0
    assert found_up([]).up is None


def test_frames_without_a_pose_are_placed_among_those_with_one():
    for seed in SEEDS:
        query = Query('arc', 6, seed, posed={0, 1, 3})
        reply = query.ask()
        for geometry in reply.frames:
            if geometry.frame in {0, 1, 3}:
                assert geometry.camera_to_world is None
            else:
                off = geometry.camera_to_world[:3, 3] - query.poses[geometry.frame][:3, 3]
                assert np.abs(off).max() < 4 * geometry.pose_sigma.translation < 0.3


def test_error_bars_hold_with_a_depth_sensor_and_without():
    for sensor, least in ((True, 0.9), (False, 0.95)):
        inside = []
        for seed in SEEDS:
            reply = (query := Query('arc', 3, seed, sensor=sensor, posed=sensor)).ask()
            for geometry in reply.frames:
                truth = query.truth(geometry.frame)
                good = geometry.confidence > 0.3
                off = np.abs(geometry.depth - truth)[good]
                inside.append((off < 1.96 * total_sigma(geometry, truth)[good]).mean())
        assert least < np.mean(inside) <= 1.0
        assert np.min(inside) > least - 0.1


def test_with_a_sensor_the_error_bars_are_as_wide_as_the_errors_and_follow_confidence():
    loose = (query := Query(sensor=True, distortion=Distortion(noise=0.04))).ask().frames[0]
    tight = Query(sensor=True, distortion=Distortion(noise=0.004)).ask().frames[0]
    narrow, wide = (np.nanmedian(g.sigma / g.depth) for g in (tight, loose))
    assert 0.01 < narrow < 0.03 < wide < 0.12
    share, off = loose.sigma / loose.depth, np.abs(loose.depth / query.truth(0) - 1)
    middle = np.nanmedian(share)
    assert np.nanmedian(off[share > middle]) > 1.5 * np.nanmedian(off[share < middle])


def test_what_a_region_shares_is_part_of_sigma_and_told_apart():
    flat, wavy = (Query(sensor=True, distortion=Distortion(warp=warp, tilt=0.0, noise=0.02)).ask()
                  .frames[0] for warp in (0.0, 0.03))
    assert np.median(flat.bias) < 0.012 < 0.015 < np.median(wavy.bias)
    known = np.isfinite(wavy.depth)
    assert np.mean((wavy.bias * wavy.depth <= wavy.sigma)[known]) > 0.5


def test_confidence_is_the_share_within_three_sigma():
    reply = (query := Query(sensor=True)).ask()
    for geometry in reply.frames:
        known = geometry.confidence > 0
        within = np.abs(geometry.depth - query.truth(geometry.frame)) < 3 * geometry.sigma
        assert abs(within[known].mean() - geometry.confidence[known].mean()) < 0.06


def test_empty_pictures_alone_are_not_answered_and_one_among_others_is_named():
    query = Query(posed=False)
    black = [replace(frame, image=np.zeros_like(frame.image) + frame.index)
             for frame in query.frames]
    for asked in ((1,), (0, 1, 2, 3)):
        with pytest.raises(NotVisible, match=r"'depth_anything_3': frames \[.*show nothing"):
            query.ask(*asked, frames=black)
    reply = query.ask(frames=[*query.frames[:2], black[2], query.frames[3]])
    assert 'frames [2] show nothing but one colour' in reply.source
    dark, light = reply.frames[2].confidence, reply.frames[0].confidence
    assert dark.max() <= 0.05 < light.max()
    assert 'show nothing' not in query.ask().source


def test_what_is_said_of_poses_is_what_was_done():
    said = {}
    for name, query in (('one', Query('arc', 1, posed=False)), ('placed', Query(posed=False)),
                        ('some', Query(posed={0, 1})), ('given', Query()),
                        ('alone', Query(posed=False, is_related=False)),
                        ('alone some', Query(posed={0, 1}, is_related=False))):
        said[name] = query.ask().source
    assert "in the newest frame's camera; gravity" in said['one']
    assert "in the newest frame's camera, the others placed by the network;" in said['placed']
    assert 'poses as given, and by the network where none were;' in said['some']
    assert 'poses as given; gravity' in said['given']
    assert "in the newest frame's camera; frames [0, 1, 2] have no place" in said['alone']
    assert 'poses as given; frames [2, 3] have no place' in said['alone some']


def test_every_frame_is_answered_in_the_order_asked_and_once():
    reply = Query('arc', 5, sensor=True).ask(3, 0, 3)
    assert [geometry.frame for geometry in reply.frames] == [3, 0]


def test_a_non_commercial_checkpoint_is_named_with_its_licence():
    words = Query(sensor=True, licence=NON_COMMERCIAL).ask().source
    assert 'CC BY-NC 4.0' in words
    assert 'not for commercial use' in words
    assert 'commercial' not in Query(sensor=True).ask().source


def test_bad_input_is_told_by_name():
    query = Query()
    with pytest.raises(NoFrames, match='no frame'):
        query.ask(frames=[])
    with pytest.raises(ValueError, match=r'frames \[9\] .* \[0, 1, 2, 3\]'):
        query.ask(9)
    with pytest.raises(ValueError, match='asked for SegmentText'):
        query.reconstructor.answer(
            EngineCall('depth_anything_3', SegmentText((0,), ('cup',), ('cup',)),
                       tuple(query.frames)), lambda: False)
    query.up = np.array([0, 0, np.nan])
    with pytest.raises(ValueError, match='no unit vector'):
        query.ask()


@pytest.mark.parametrize(('pose', 'words'), [
    (np.full((4, 4), np.nan), 'frame 2: its pose .* finite'),
    (np.diag([2.0, 2, 2, 1]), 'frame 2: .* no rigid motion'),
    (np.diag([1.0, 1, -1, 1]), 'frame 2: .* no rigid motion')])
def test_a_pose_that_is_none_is_refused(pose, words):
    query = Query()
    query.frames[2] = replace(query.frames[2], camera_to_world=pose)
    with pytest.raises(ValueError, match=words):
        query.ask()
