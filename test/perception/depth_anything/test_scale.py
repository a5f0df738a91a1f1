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
    on_a_shelf = [replace(frame, camera_to_world=np.block(
        [[frame.camera_to_world[:3, :3], frame.camera_to_world[:3, 3:] + [[0], [0], [1.5]]],
         [np.zeros((1, 3)), np.ones((1, 1))]])) for frame in query.frames]
    assert "the network's own metres" in query.ask(frames=on_a_shelf).source


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
