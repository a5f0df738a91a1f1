"""A view that contradicts the others is cut; one that is alone with what it sees is not."""

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
from raycast import UP
from raycast import with_holes

from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.scene import PoseSigma

BOX = Box((0.0, 0.0, 0.06), (0.14, 0.1, 0.12), 0.4)
OTHER = Box((0.3, 0.25, 0.06), (0.14, 0.1, 0.12), 0.2)
WALL = Box((0.0, 0.4, 0.5), (4.0, 0.02, 1.0))
FAR_WALL = Box((0.0, 4.0, 0.5), (4.0, 0.02, 1.0))
POSE = PoseSigma(0.002, 0.001)


def views(turns, *, seed=0, told=None, moved=None, wall=WALL):
    """Frames about the box; `told` moves what is told of a frame's camera, `moved` the box."""
    found = []
    for k, turn in enumerate(turns):
        box = replace(BOX, center=(*np.add(BOX.center[:2], (moved or {}).get(k, (0, 0))), 0.06))
        pose = looking((0.8 * np.sin(turn), -0.8 * np.cos(turn), 0.45), (0.03, 0.05, 0.06))
        shown = pose.copy()
        shown[:3, 3] += (told or {}).get(k, (0, 0, 0))
        found.append(frame_of([box, OTHER, wall, Floor()], pose,
                              Sensor(np.random.default_rng([seed, k])), k, told_pose=shown,
                              stamp=k * 10**9, pose_sigma=POSE))
    return found


def built(frames, masks=None):
    masks = masks or {}
    return build_object('box', [part_of(frame, masks.get(k, seen == 0))
                                for k, (frame, seen) in enumerate(frames)], UP)


def reaching(frames, k):
    """The mask of frame `k` with a piece of the wall behind the box, nearly as large as the box."""
    seen = frames[k][1]
    rows, columns = np.nonzero(seen == 0)
    piece = np.zeros(seen.shape, bool)
    height, width = int(0.8 * np.ptp(rows)), np.ptp(columns)
    piece[rows.min() - height:rows.min() + 4, columns.min():columns.min() + width] = True
    return (seen == 0) | (piece & (seen == 2))


@pytest.mark.parametrize('turns', [(0, 0.5), (-0.5, 0, 0.5), (-1, -0.5, 0, 0.5, 1)])
def test_a_mask_that_reaches_onto_the_wall_is_cut(turns):
    frames = views(turns)
    clean, k = built(frames), len(turns) // 2
    spoilt = built(frames, {k: reaching(frames, k)})
    assert f'frame {k} is cut' in spoilt.note and clean.note == ''
    assert np.allclose(np.sort(spoilt.box.size), np.sort(clean.box.size), atol=0.02)
    assert spoilt.frame_indices == clean.frame_indices


def test_a_mask_on_another_thing_leaves_its_view_out():
    frames = views((-0.5, 0, 0.5, 0.8))
    found = built(frames, {2: frames[2][1] == 1})
    assert found.frame_indices == (0, 1, 3)
    assert 'frame 2 is left out: its mask' in found.note


def test_a_pose_that_is_wrong_leaves_its_view_out():
    frames = views((-0.5, 0, 0.5, 0.8), told={1: (0.12, 0.05, 0.1)})
    found = built(frames)
    assert found.frame_indices == (0, 2, 3)
    assert 'frame 1 is left out' in found.note and 'its pose is wrong' in found.note


@pytest.mark.parametrize('seed', range(6))
def test_views_from_all_around_stay_though_each_is_alone_with_a_side(seed):
    turns = np.random.default_rng(seed).uniform(-0.3, 0.3, 4) + np.linspace(0, 4.7, 4)
    found = built(views(turns, seed=seed, wall=FAR_WALL))
    assert found.note == '' and found.frame_indices == (0, 1, 2, 3) and not found.moved


@pytest.mark.parametrize('moved', [
    {3: (-0.25, -0.1)}, {1: (0.06, -0.05), 2: (0.12, -0.1), 3: (0.18, -0.15)}])
def test_what_moved_is_not_cut(moved):
    frames = views((0.1, 0.1, 0.1, 0.1), moved=moved)
    found = built(frames)
    assert found.frame_indices == (0, 1, 2, 3)
    assert found.note == (
        'frames see through where others show it, so it moved or a pose is wrong; '
        'its points and box are those of its newest frame 3 alone')
    newest = built(frames[3:])
    assert found.moved and np.allclose(found.centroid, newest.centroid)
    assert np.allclose(found.box.size, newest.box.size)


def test_what_stands_is_not_taken_for_moved_by_holes():
    small, poses = Box((0.0, 0.0, 0.03), (0.06, 0.06, 0.06)), PoseSigma(0.006, 0.003)
    moved = []
    for seed in range(12):
        rng, frames = np.random.default_rng(seed), []
        for k, turn in enumerate(0.15 * np.arange(6)):
            pose = looking((1.6 * np.sin(turn), -1.6 * np.cos(turn), 0.9), (0, 0, 0.05))
            told = pose.copy()
            told[:3, 3] += rng.normal(0, poses.translation, 3)
            frame, seen = frame_of([small, Floor()], pose, Sensor(rng), k, told_pose=told,
                                   stamp=k * 10**9, pose_sigma=poses)
            frames.append((replace(frame, depth=with_holes(frame.depth, 0.3, (12, 12), rng)), seen))
        moved.append(built(frames).moved)
    assert sum(moved) <= 1


def test_of_two_views_that_disagree_neither_can_be_called_wrong():
    frames = views((-0.3, 0.3))
    found = built(frames, {1: frames[1][1] == 1})
    assert found.frame_indices == (0, 1)


def test_a_mask_that_shows_a_part_only_does_not_cut_the_whole():
    frames = views((-0.3, 0.3))
    seen = frames[1][1] == 0
    half = seen & (np.arange(320) < np.median(np.nonzero(seen)[1]))
    found, whole = built(frames, {1: half}), built(frames)
    assert found.note == ''
    assert np.allclose(np.sort(found.box.size), np.sort(whole.box.size), atol=0.01)


def test_frames_without_poses_say_nothing_of_one_another():
    frames = [(replace(frame, camera_to_world=None), seen) for frame, seen in views((0, 1, 2))]
    assert built(frames, {0: frames[0][1] == 1}).note == ''
