"""What is seen several times counts once, what only looks alike does not."""

from dataclasses import replace

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import part_of
from raycast import Sensor
from raycast import UP

from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.measures import count
from spatialclaw_ros.findings.measures.inputs import as_object

CUBES = [Box((x, 0.0, 0.04), (0.08, 0.08, 0.08)) for x in (-0.07, 0.07)]


def frames(turns, known_pose=True, offsets=None):
    found = []
    for k, turn in enumerate(turns):
        dx = 0.0 if offsets is None else offsets[k]
        shapes = [replace(cube, center=(cube.center[0] + dx, *cube.center[1:])) for cube in CUBES]
        pose = looking(0.8 * np.array([np.cos(turn), np.sin(turn), 0.4]), (0, 0, 0.04))
        found.append(frame_of([*shapes, Floor()], pose, Sensor(np.random.default_rng(k)), k,
                              known_pose, stamp=k * 10**9))
    return found


def each(seen):
    return [object_in([one], k) for one in seen for k in range(2) if (one[1] == k).sum() > 30]


@pytest.mark.parametrize('turns', [(-1.3,), (-1.3, -1.0), (-1.5, 0.6, 2.7)])
def test_two_equal_cubes_are_two_in_however_many_views(turns):
    assert count(each(frames(turns))).value == 2


def test_the_views_of_one_thing_put_together_count_as_before():
    seen = frames((-1.5, 0.6, 2.7))
    assert count([object_in(seen, k) for k in range(2)]).value == 2
    assert count([object_in(seen[:2], 0), object_in(seen[2:], 0)]).value == 1


def test_two_masks_on_one_thing_are_one_and_masks_that_touch_are_two():
    frame, seen = frames((-1.3,))[0]
    column = np.nonzero(seen == 0)[1]
    left = (seen == 0) & (np.arange(320) < np.median(column))
    whole, part, rest = (build_object('cube', [part_of(frame, mask)], UP)
                         for mask in (seen == 0, left, (seen == 0) & ~left))
    assert count([whole, part]).value == 1
    assert count([part, rest]).value == 2


def test_a_thing_that_was_followed_is_one_and_other_things_are_others():
    moved = frames((-1.5, -1.5, -1.5), offsets=(0.0, 0.1, 0.2))
    assert count([object_in(moved, k) for k in range(2)]).value == 2


def test_without_a_common_world_the_fullest_frame_counts():
    found = count(each(frames((-1.3, -1.0), known_pose=False)))
    assert found.value == 2 and 'without a common world' in found.note


def test_bare_points_and_nothing():
    points = [as_object(np.array([[0.0, 0, k], [0, 0.1, k]])) for k in range(3)]
    assert count(points).value == 3
    assert count([]).value == 0
