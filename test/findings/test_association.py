"""Masks of one thing are told by its surface, whatever side of it they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import part_of
from raycast import Sensor

from spatialclaw_ros.findings.association import same_things
from spatialclaw_ros.findings.build import masked_view
from spatialclaw_ros.findings.moments import anchors
from spatialclaw_ros.findings.moments import compared
from spatialclaw_ros.findings.moments import moments
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import PoseSigma

POSE = PoseSigma(0.002, 0.001)
CUBES = [Box((x, 0.0, 0.04), (0.08, 0.08, 0.08)) for x in (-0.06, 0.06)]


def eye(turn, up=0.35, away=0.8):
    return away * np.array([np.cos(turn), np.sin(turn), up])


def seen_from(shapes, eyes, *, stamps=None, cameras=None, seed=0, target=(0, 0, 0.04)):
    """Frames with what each pixel shows; a shape list per frame where `shapes` holds lists."""
    frames = []
    for k, at in enumerate(eyes):
        here = shapes[k] if isinstance(shapes[0], list) else shapes
        sensor = Sensor(np.random.default_rng([seed, k]))
        frame, seen = frame_of([*here, Floor()], looking(at, target), sensor, k,
                               stamp=k * 10**9 if stamps is None else stamps[k], pose_sigma=POSE)
        if cameras is not None:
            camera = frame.camera
            frame = replace(frame, camera=Camera(
                cameras[k], camera.frame_id, camera.width, camera.height, camera.matrix))
        frames.append((frame, seen))
    return frames


def masks_of(frames, count=1):
    """One thing per mask and frame, and which shape it is."""
    found = [([masked_view(part_of(frame, seen == k))], k) for frame, seen in frames
             for k in range(count) if (seen == k).sum() > 20]
    return [thing for thing, _ in found], [k for _, k in found]


def grouped(things, kinds=None):
    return same_things(things, kinds or ['cube'] * len(things))


def is_partition(found, truth):
    return len(set(zip(found, truth, strict=True))) == len(set(found)) == len(set(truth))


@pytest.mark.parametrize('turn', [0.3, np.pi / 2, np.pi])
def test_two_equal_things_side_by_side_are_two_from_any_side(turn):
    things, truth = masks_of(seen_from(CUBES, [eye(-1.2), eye(-1.2 + turn)]), 2)
    assert len(things) == 4
    assert is_partition(grouped(things), truth)


def test_front_and_back_of_a_slab_without_a_common_surface_are_one():
    slab = Box((0.0, 0.0, 0.1), (0.16, 0.05, 0.2))
    frames = seen_from([slab], [eye(-np.pi / 2, 0.02), eye(np.pi / 2, 0.02)], target=(0, 0, 0.1))
    assert grouped(masks_of(frames)[0]) == [0, 0]


def test_masks_of_one_frame_or_of_other_kinds_are_other_things():
    (frame, seen), other = seen_from(CUBES[:1], [eye(0.1), eye(0.3)])
    whole = masked_view(part_of(frame, seen == 0))
    half = (seen == 0) & (np.arange(320) < np.nonzero(seen == 0)[1].mean())
    assert len(set(grouped([[whole], [masked_view(part_of(frame, half))]]))) == 2
    again = masked_view(part_of(other[0], other[1] == 0))
    assert grouped([[whole], [again]]) == [0, 0]
    assert grouped([[whole], [again]], ['cube', 'box']) == [0, 1]


def test_a_mask_of_another_frame_does_not_join_two_of_one():
    (frame, seen), other, third = seen_from(CUBES[:1], [eye(0.1), eye(0.2), eye(0.3)])
    whole = masked_view(part_of(frame, seen == 0))
    half = (seen == 0) & (np.arange(320) < np.nonzero(seen == 0)[1].mean())
    found = grouped([[whole], [masked_view(part_of(frame, half))],
                     *([masked_view(part_of(f, s == 0))] for f, s in (other, third))])
    assert found[0] != found[1] and found[2] == found[3] == found[0]


def test_what_a_frame_sees_to_be_no_part_of_the_mask_is_against_it():
    near = [replace(cube, center=(0.68 * cube.center[0], 0.0, 0.04)) for cube in CUBES]
    frames = seen_from(near, [eye(-1.6, 0.6), eye(-1.5, 0.6)])
    things = [[masked_view(part_of(frame, seen == k))] for k, (frame, seen) in enumerate(frames)]
    assert grouped(things) == [0, 1]


def test_what_has_left_is_another_thing_unless_it_was_followed():
    there = [[Box((x, 0.0, 0.04), (0.08, 0.08, 0.08))] for x in (-0.15, 0.15)]
    frames = seen_from(there, [eye(-1.5), eye(-1.4)])
    (first,), (second,) = masks_of(frames)[0]
    assert grouped([[first], [second]]) == [0, 1]
    assert grouped([[first, second]]) == [0]


def test_what_goes_on_step_by_step_is_one_though_nobody_followed_it():
    there = [[Box((-0.1 + 0.07 * step, 0.0, 0.04), (0.08, 0.08, 0.08)), CUBES[0], CUBES[1]]
             for step in range(4)]
    for here in there:
        here[1], here[2] = (replace(cube, center=(x, 0.25, 0.04))
                            for x, cube in zip((-0.1, 0.1), CUBES, strict=True))
    frames = seen_from(there, [eye(-1.6, 0.6)] * 4, stamps=[k * 4 * 10**8 for k in range(4)])
    things, truth = masks_of(frames, 3)
    assert len(things) == 12
    assert is_partition(grouped(things), truth)


def test_what_moves_is_matched_across_cameras_at_its_own_time():
    there = [[Box((0.11 * step + ahead, 0.0, 0.04), (0.08, 0.08, 0.08)) for ahead in (0, 0.11)]
             for step in range(3)]
    frames = seen_from([*there, *there], [*[eye(-1.6)] * 3, *[eye(1.0)] * 3], stamps=[
        0, 5 * 10**8, 10**9, 2 * 10**7, 5 * 10**8 + 2 * 10**7, 10**9 + 2 * 10**7],
        cameras=['left'] * 3 + ['right'] * 3)
    tracks = [[masked_view(part_of(frame, seen == k)) for frame, seen in view]
              for view in (frames[:3], frames[3:]) for k in range(2)]
    assert grouped(tracks) == [0, 1, 0, 1]


def test_the_order_of_things_does_not_matter():
    things, truth = masks_of(seen_from(CUBES, [eye(t) for t in (0.0, 2.0, 4.0)]), 2)
    rng = np.random.default_rng(1)
    for order in (rng.permutation(len(things)) for _ in range(5)):
        assert is_partition(grouped([things[k] for k in order]), [truth[k] for k in order])


def test_frames_without_a_pose_are_not_compared():
    frames = [(replace(frame, camera_to_world=None), seen)
              for frame, seen in seen_from(CUBES[:1], [eye(0.1), eye(0.1)])]
    assert grouped(masks_of(frames)[0]) == [0, 1]


@pytest.mark.parametrize('spoilt', [
    {'depth': np.full((240, 320), np.nan, np.float32)},
    {'depth': np.full((240, 320), -np.inf, np.float32)},
    {'camera_to_world': np.full((4, 4), np.nan)}])
def test_frames_that_measure_nothing_join_nothing_and_break_nothing(spoilt):
    frames = seen_from(CUBES, [eye(0.1), eye(0.4), eye(0.7)])
    frames[1] = replace(frames[1][0], **spoilt), frames[1][1]
    things, truth = masks_of(frames, 2)
    found = grouped(things)
    sound = [k for k, thing in enumerate(things) if thing[0].view.frame != 1]
    assert is_partition([found[k] for k in sound], [truth[k] for k in sound])


def test_none_and_one():
    assert same_things([], []) == []
    assert grouped(masks_of(seen_from(CUBES[:1], [eye(0.1)]))[0]) == [0]


def views_at(*told):
    frames = seen_from(CUBES[:1], [eye(0.1)])
    view = masks_of(frames)[0][0][0].view
    return [replace(view, frame=k, camera=camera, stamp=int(seconds * 1e9))
            for k, (camera, seconds) in enumerate(told)]


def test_a_moment_has_one_frame_of_each_camera():
    views = views_at(('a', 0.0), ('b', 0.03), ('a', 0.1), ('b', 0.13), ('a', 5.0), ('b', 5.3))
    assert moments(views) == [[0, 1], [2, 3], [4], [5]]


def test_many_frames_are_compared_with_a_few_and_with_their_neighbours():
    groups = moments(views_at(*(('ab'[k % 2], 0.5 * (k // 2)) for k in range(80))))
    chosen = anchors(groups)
    pairs = compared(groups, chosen)
    assert {0, 1, 78, 79} <= chosen and len(chosen) == 8
    assert (30, 31) in pairs and (30, 32) in pairs and (30, 0) in pairs and (0, 30) in pairs
    assert (30, 36) not in pairs and len(pairs) < 80 * 24
