"""How the scale is found: a distorted truth stands in for the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.depth_anything.samples import seen_in
from spatialclaw_ros.perception.depth_anything.scale import by_agreement
from spatialclaw_ros.perception.depth_anything.scale import by_baseline
from spatialclaw_ros.perception.depth_anything.scale import by_sensor
from spatialclaw_ros.scene import PoseSigma

from .queries import Query
from .queries import SEEDS
from .rooms import Distortion


@pytest.mark.parametrize('shift', [0.0, 0.2])
def test_sensor_depth_tells_scale_and_shift_within_a_percent(shift):
    for seed in SEEDS:
        query = Query(seed=seed, sensor=True, distortion=Distortion(shift=shift))
        reply = query.ask()
        assert abs(np.median(query.scale_errors(reply))) < 0.01, seed
        # Where a third of a frame has no reading, its warp there is not seen.
        assert np.abs(query.scale_errors(reply)).max() < 0.025, seed
        assert 'sensor depth of 4 frames' in reply.source
        own = query.frames[0].noise.bias_share
        assert all(own <= geometry.noise.bias_share < 0.03 for geometry in reply.frames)


def with_patch(query, top, left, side, times, index=0):
    """Frames of `query`, one with a square of readings `times` as far as what is there."""
    frame = query.frames[index]
    depth = np.full(query.truth(index).shape, np.nan, np.float32)
    patch = (slice(top, top + side), slice(left, left + side))
    depth[patch] = times * query.truth(index)[patch]
    return [replace(frame, depth=depth), *(one for one in query.frames if one is not frame)]


@pytest.mark.parametrize('side', [8, 20, 40])
@pytest.mark.parametrize('times', [0.6, 1.5, 2.5])
def test_a_mirrors_reading_does_not_overrule_known_motion(side, times):
    query = Query()
    reply = query.ask(frames=with_patch(query, 60, 20, side, times))
    assert 'known motion of 4 frames' in reply.source
    assert np.abs(query.scale_errors(reply)).max() < 0.05
    assert max(geometry.noise.bias_share for geometry in reply.frames) < 0.05


def test_a_mirrors_reading_does_not_overrule_a_metric_network():
    query = Query('arc', 1, posed=False)
    reply = query.ask(frames=with_patch(query, 60, 20, 40, 1.8))
    assert "the network's own metres" in reply.source
    assert abs(query.scale_errors(reply)[0]) < 0.1


def test_a_mirrors_reading_does_not_spoil_the_sensor_depth_of_other_frames():
    query = Query(sensor={1, 2, 3})
    reply = query.ask(frames=with_patch(query, 60, 20, 40, 1.8))
    assert 'sensor depth of 3 frames' in reply.source
    assert np.abs(query.scale_errors(reply)).max() < 0.05


def test_a_small_part_of_the_image_tells_the_scale_no_better_than_the_network_knows_its_parts():
    off = []
    for seed in range(8):
        query = Query('arc', 1, seed, posed=False)
        rng = np.random.default_rng([seed, 5])
        reply = query.ask(frames=with_patch(
            query, rng.integers(0, 80), rng.integers(0, 120), 36, 1.0))
        sigma = reply.frames[0].noise.bias_share
        off.append(query.scale_errors(reply)[0] / sigma)
        assert 'sensor depth of a small part of one frame' in reply.source
        assert 0.015 < sigma < 0.04
    assert np.sqrt(np.mean(np.square(off))) < 1.5


def test_readings_in_one_corner_tell_no_scale():
    query = Query('arc', 1, posed=False, has_metres=False)
    with pytest.raises(Unanswerable, match='unknown scale'):
        query.ask(frames=with_patch(query, 0, 0, 18, 1.0))


@pytest.mark.parametrize(('kind', 'count'), [('arc', 4), ('aside', 4), ('aside', 2), ('ahead', 2)])
def test_known_motion_tells_the_scale_on_straight_lines_and_of_two_views(kind, count):
    exact = Distortion(tilt=0.0, warp=0.01, centre=0.002, rotation=0.001)
    for seed in SEEDS:
        query = Query(kind, count, seed, distortion=exact,
                      pose_noise=PoseSigma(0.0005, 0.0005))
        reply = query.ask()
        assert abs(np.median(query.scale_errors(reply))) < 0.01, seed
        assert f'known motion of {count} frames' in reply.source


def test_a_wrong_focal_length_of_the_network_is_corrected_where_the_camera_moves_aside():
    wrong = Distortion(tilt=0.0, warp=0.0, centre=0.001, rotation=0.0, focal=1.06)
    reply = (query := Query('aside', 4, distortion=wrong)).ask()
    assert abs(np.median(query.scale_errors(reply))) < 0.01


@pytest.mark.parametrize(('kind', 'count'), [('arc', 3), ('aside', 2)])
def test_depth_maps_that_must_agree_tell_the_scale_where_the_networks_poses_do_not(kind, count):
    lost = Distortion(tilt=0.01, warp=0.01, centre=2.0, rotation=1.0)
    for seed in SEEDS:
        query = Query(kind, count, seed, distortion=lost, up=None)
        seen = seen_in(query.frames, query.network.gauge(query.frames, None).views)
        scale = by_agreement(seen)
        true = np.median(np.concatenate([
            query.room.depth(query.poses[one.frame.index], one.samples.rays)
            / one.samples.predicted for one in seen]))
        assert abs(scale.value / true - 1) < min(0.05, 3 * scale.sigma), seed
    assert 'agreement of 3 frames' in Query('arc', 3, distortion=lost, up=None).ask().source


@pytest.mark.parametrize(('stretch', 'askew'), [(1.0, 0.0), (1.5, 0.0), (1.0, 0.3)])
def test_a_network_that_contradicts_itself_is_not_believed(stretch, askew):
    query = Query('arc', 4, distortion=Distortion(centre=0.0, rotation=askew))
    views = [replace(view, camera_to_world=view.scaled(stretch).camera_to_world)
             for view in query.network.gauge(query.frames, None).views]
    scale = by_baseline(seen_in(query.frames, views))
    assert (scale is None) == (stretch != 1 or askew > 0)


def test_what_the_sensor_itself_may_be_off_by_is_part_of_the_scales_error():
    query = Query(sensor=True, distortion=Distortion(tilt=0.0, warp=0.0, noise=0.001))
    off = replace(query.frames[0].noise, bias_share=0.03)
    frames = [replace(frame, noise=off) for frame in query.frames]
    assert by_sensor(seen_in(frames, query.network.gauge(frames, None).views)).sigma >= 0.03


def test_a_scene_that_is_rated_low_as_a_whole_is_aligned_all_the_same():
    query = Query(sensor=True)
    views = [replace(view, confidence=view.confidence / 10)
             for view in query.network.gauge(query.frames, None).views]
    assert by_sensor(seen_in(query.frames, views)).sigma < 0.02


def test_a_camera_that_only_turns_is_scaled_by_the_ground_under_it():
    for seed in SEEDS:
        reply = (query := Query('turn', 4, seed)).ask()
        assert 'the ground' in reply.source
        sigma = reply.frames[0].noise.bias_share
        assert np.abs(query.scale_errors(reply)).max() < 3 * sigma < 0.3


def test_one_posed_view_is_scaled_by_the_ground_and_by_no_table():
    reply = (query := Query('arc', 1)).ask()
    assert 'the ground' in reply.source
    assert abs(query.scale_errors(reply)[0]) < 0.06
    on_a_shelf = query.ask(frames=lifted(query, 1.5)).source
    assert "the network's own metres" in on_a_shelf
    assert 'the ground' not in on_a_shelf


def lifted(query, height):
    """Frames of `query` in a world whose z = 0 is `height` metres below the floor."""
    poses = [frame.camera_to_world.copy() for frame in query.frames]
    for pose in poses:
        pose[2, 3] += height
    return [replace(frame, camera_to_world=pose)
            for frame, pose in zip(query.frames, poses, strict=True)]


@pytest.mark.parametrize(('kind', 'count'), [('arc', 1), ('turn', 3)])
@pytest.mark.parametrize('height', [-0.4, -0.15, -0.08, 0.1, 0.2, 0.6])
def test_a_floor_that_is_not_at_zero_is_told_within_its_error(kind, count, height):
    for metric_error in (-0.08, 0.08):
        query = Query(kind, count, 1, metric_error=metric_error)
        reply = query.ask(frames=lifted(query, height))
        sigma = reply.frames[0].noise.bias_share
        assert abs(np.median(query.scale_errors(reply))) < 2.5 * sigma < 0.35


def test_a_ground_that_another_way_confirms_is_told_no_surer_than_they_agree():
    apart = []
    for metric_error in (-0.1, 0.0, 0.06, 0.1, 0.17, 0.3):
        reply = Query('arc', 1, metric_error=metric_error).ask()
        if 'taken to be at z = 0 of the world, confirmed by the network' in reply.source:
            apart.append(abs(np.log(reply.metric_scale)))
            assert max(apart[-1], 0.06) < reply.frames[0].noise.bias_share < 0.13
    assert min(apart) < 0.03 < 0.09 < max(apart) < 0.13


def test_a_ground_that_nothing_confirms_is_told_to_be_assumed():
    for height in (-0.5, 0.0, 0.5):
        query = Query('arc', 1, has_metres=False)
        reply = query.ask(frames=lifted(query, height))
        assert 'at z = 0 of the world, which nothing else confirms (±30.0 %)' in reply.source
        sigma = reply.frames[0].noise.bias_share
        assert abs(query.scale_errors(reply)[0]) < 2 * sigma


def test_without_anything_else_a_metric_network_tells_metres_and_says_how_sure():
    for query in (Query('turn', 4, up=None), Query('arc', 1, up=None), Query(posed=False)):
        reply = query.ask()
        assert 'metres (±12.0 %)' in reply.source
        assert np.abs(query.scale_errors(reply) - 0.06).max() < 0.03
        assert reply.frames[0].noise.bias_share >= 0.12


def test_metres_are_never_made_up():
    for query in (Query('turn', 4, up=None, has_metres=False),
                  Query(posed=False, has_metres=False)):
        with pytest.raises(Unanswerable, match='unknown scale') as caught:
            query.ask()
        for remedy in ('sensor depth', 'poses', 'DA3METRIC-LARGE', 'is not here'):
            assert remedy in str(caught.value)
