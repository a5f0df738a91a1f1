"""Calls that agree with one another."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.perception.depth_anything import world

from .queries import Query
from .rooms import Distortion


def test_two_calls_without_poses_are_answered_in_one_world():
    for posed in (False, {0}):
        query = Query('arc', 9, 1, posed=posed, sensor={2, 7})
        first, second = query.ask(1, 4), query.ask(6, 4, 5)
        asked = len(query.network.calls)
        both = query.ask(1, 6)
        assert len(query.network.calls) == asked
        assert first.source == second.source == both.source
        assert first.metric_scale == second.metric_scale
        np.testing.assert_array_equal(first.up, second.up)
        for a, b in ((first.frames[1], second.frames[1]), (first.frames[0], both.frames[0]),
                     (second.frames[0], both.frames[1])):
            np.testing.assert_array_equal(a.depth, b.depth)
            np.testing.assert_array_equal(a.camera_to_world, b.camera_to_world)
        true = np.linalg.inv(query.poses[1]) @ query.poses[6]
        told = (np.linalg.inv(both.frames[0].camera_to_world) @ both.frames[1].camera_to_world)
        assert np.abs(told - true)[:3, 3].max() < 0.06
        assert np.abs(query.scale_errors(second)).max() < 0.04


def test_a_posed_frame_that_comes_later_is_aligned_to_those_told_before():
    query = Query('arc', 6, 2, distortion=Distortion(centre=0.03))
    first = query.ask(frames=query.frames[:4])
    later = query.ask(frames=query.frames[3:])
    np.testing.assert_array_equal(first.frames[3].depth, later.frames[0].depth)
    errors = query.scale_errors(first), query.scale_errors(later)
    assert abs(np.median(errors[0]) - np.median(errors[1])) < 0.02
    assert first.metric_scale == later.metric_scale


def test_frames_that_tell_the_scale_far_better_do_not_inherit_a_poor_one():
    query = Query('arc', 5, up=None)
    poor = query.ask(frames=query.frames[:1])
    assert "the network's own metres" in poor.source
    better = query.ask()
    assert 'known motion of 5 frames' in better.source
    assert np.abs(query.scale_errors(better)).max() < 0.03
    again = query.ask(frames=query.frames[:1])
    np.testing.assert_array_equal(again.frames[0].depth, better.frames[0].depth)


def test_very_many_frames_are_not_all_remembered_but_those_joined_by_are(monkeypatch):
    monkeypatch.setattr(world, '_MOST_TOLD', 5)
    query = Query('arc', 12, posed=False, sensor=True)
    for asked in ((0, 1, 2), (3, 4, 5), (6, 7, 8, 9)):
        reply = query.ask(*asked)
        assert [geometry.frame for geometry in reply.frames] == list(asked)
    looked_at = len(query.network.calls)
    query.ask(11)
    assert len(query.network.calls) == looked_at
    query.ask(3)
    assert len(query.network.calls) == looked_at + 1


def test_another_query_is_a_world_of_its_own_and_only_the_last_few_are_remembered():
    query = Query('arc', 6, posed=False)
    first, other = query.ask(0), query.ask(0, frames=query.frames[:3])
    assert not np.allclose(first.frames[0].camera_to_world, other.frames[0].camera_to_world)
    looked_at = len(query.network.calls)
    query.ask(0)
    assert len(query.network.calls) == looked_at
    for count in (4, 5):
        query.ask(0, frames=query.frames[:count])
    query.ask(0)
    assert len(query.network.calls) == looked_at + 2
    query.ask(0, frames=query.frames[:3])
    assert len(query.network.calls) == looked_at + 3
