"""Calls that agree with one another."""

from __future__ import annotations

from dataclasses import replace
import re

import numpy as np

from spatialclaw_ros.perception.depth_anything import world
from spatialclaw_ros.perception.depth_anything.reconstructing import Reconstructor
from spatialclaw_ros.perception.depth_anything.views import ENOUGH
from spatialclaw_ros.perception.depth_anything.views import overlaps
from spatialclaw_ros.scene import PoseSigma

from .queries import Query
from .rooms import Distortion
from .rooms import FakeNetwork
from .rooms import looking


def how(reply):
    """Its source without the figures."""
    return re.sub(r'\(±.*?\)', '', reply.source)


def test_two_calls_without_poses_are_answered_in_one_world():
    for posed in (False, {0}):
        query = Query('arc', 9, 1, posed=posed, sensor={2, 7})
        first, second = query.ask(1, 4), query.ask(6, 4, 5)
        asked = len(query.network.calls)
        both = query.ask(1, 6)
        assert len(query.network.calls) == asked
        assert how(first) == how(second) == how(both)
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


EXACTLY = Distortion(tilt=0.0, warp=0.01, centre=0.002, rotation=0.001)


class Loose(FakeNetwork):
    """As networks are: views of one pass that show nothing in common have scales of their own."""

    def gauge(self, frames, cancelled):
        gauge = super().gauge(frames, cancelled)
        shared = overlaps(frames)
        shared = np.maximum(shared, shared.T) >= ENOUGH
        for _ in frames:
            shared = shared @ shared
        rng = np.random.default_rng(len(self.calls))
        scales = np.exp(rng.normal(0, 0.5, len(frames)))
        scales[0] = 1.0
        return replace(gauge, views=tuple(
            view.scaled(scales[shared[k].argmax()]) for k, view in enumerate(gauge.views)))


def turning(count=16):
    """A query of a robot that turns and drives on; a frame shows some of the next, no more."""
    query = Query('arc', count, 3, pose_noise=PoseSigma(0.0005, 0.0005), distortion=EXACTLY)
    query.poses = [looking((0.2 * np.sin(i), -0.5 + 0.06 * i, 1.2),
                           (3 * np.sin(0.4 * i), 3 * np.cos(0.4 * i), 0.7)) for i in range(count)]
    query.frames = [query.room.frame(i, pose) for i, pose in enumerate(query.poses)]
    network = Loose(query.room, dict(enumerate(query.poses)), 3, query.network.distortion)
    query.network, query.reconstructor = network, Reconstructor(network)
    return query


def test_frames_that_show_what_none_before_did_are_scaled_anew():
    query = turning()
    first, second = query.ask(0, 1, 2, 3), query.ask(9, 10, 11, 12)
    assert not {0, 1, 2, 3} & set(query.network.calls[-1])
    assert first.metric_scale == second.metric_scale
    for reply in (first, second):
        sigma = reply.frames[0].noise.bias_share
        assert np.abs(query.scale_errors(reply)).max() < 2 * sigma < 0.1
    alone = query.ask(0, 6, frames=[query.frames[0], query.frames[6]])
    assert 'known motion of 4 frames (±2.9 %), that of frames [6] from the ground' in alone.source
    assert alone.frames[1].noise.bias_share > 0.05


def test_frames_apart_are_joined_where_the_scene_is_far():
    query = Query('aside', 2, distortion=EXACTLY)
    query.poses = [looking((x, -3.5, 1.2), (x, 5, 1.2)) for x in (-0.9, -0.5, 0.4, 0.8)]
    query.frames = [query.room.frame(i, pose) for i, pose in enumerate(query.poses)]
    query.network.poses = dict(enumerate(query.poses))
    first, later = query.ask(0, 1, frames=query.frames[:2]), query.ask(1, 3)
    assert set(query.network.calls[-1]) >= {0, 3}
    assert later.frames[1].noise.bias_share > first.frames[0].noise.bias_share
    assert np.abs(query.scale_errors(later)).max() < 2 * later.frames[1].noise.bias_share


def test_a_chain_of_calls_is_joined_by_what_it_shares_and_less_sure_with_each_join():
    query, sigmas = turning(), []
    for start in (0, 3, 6, 9, 12):
        some = [query.frames[i] for i in range(start, start + 4)]
        reply = query.ask(frames=some)
        sigmas.append(reply.frames[-1].noise.bias_share)
        assert np.abs(query.scale_errors(reply)).max() < 2 * sigmas[-1]
        assert start == 0 or start in query.network.calls[-1]
    assert (np.diff(sigmas) > 0.002).all()
    assert sigmas[-1] < 0.08


def test_without_depth_in_common_a_frame_is_scaled_by_itself():
    query = Query('arc', 6)
    first = query.ask(0, 1, 2, 3)
    held = query.reconstructor._worlds._held[-1][1]
    for told in held.told.values():
        told.view.depth[:] = np.nan
    later = query.ask(5)
    assert query.network.calls[-1][-1] == 5
    assert first.metric_scale == later.metric_scale
    assert abs(query.scale_errors(later)[0]) < 2 * later.frames[0].noise.bias_share < 0.3


def test_what_is_held_of_all_worlds_is_bounded(monkeypatch):
    monkeypatch.setattr(world, '_MOST_TOLD', 30)
    query = Query('arc', 40, sensor=True)
    for start in (0, 20, 5):
        query.ask(frames=query.frames[start:start + 20])
        worlds = query.reconstructor._worlds._held
        views = [told.view for _, one in worlds for told in one.told.values()]
        assert len(views) <= 30
        width, height = views[0].resizing.network
        assert {view.depth.nbytes + view.confidence.nbytes for view in views} == {
            6 * width * height}
        assert sum(len(one.links) for _, one in worlds) <= 8 * len(worlds)


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
