from __future__ import annotations

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.perception.depth_anything.views import batches
from spatialclaw_ros.perception.depth_anything.views import ENOUGH
from spatialclaw_ros.perception.depth_anything.views import groups
from spatialclaw_ros.perception.depth_anything.views import overlaps

from .rooms import looking
from .rooms import Room

ROOM = Room.drawn(0)


def round_the_room(count, posed=True):
    return [ROOM.frame(i, looking((0, 0, 1.2), (np.cos(a), np.sin(a), 1.1)), posed=posed)
            for i, a in enumerate(np.linspace(0, 2 * np.pi, count, endpoint=False))]


def test_overlap_is_of_what_both_see():
    shared = overlaps(round_the_room(12))
    np.testing.assert_allclose(np.diag(shared), 1)
    assert (shared[np.arange(12), (np.arange(12) + 1) % 12] > 0.3).all()
    assert shared[0, 4] == shared[0, 6] == 0


def test_without_poses_frames_near_in_time_share_most():
    shared = overlaps(round_the_room(5, posed=False))
    assert shared[0].tolist() == sorted(shared[0], reverse=True)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(2, 16), st.booleans())
def test_every_frame_is_in_a_batch_that_shares_one_with_those_before(count, most, posed):
    chosen = batches(round_the_room(count, posed), most)
    assert sorted({i for batch in chosen for i in batch}) == list(range(count))
    assert sum(len(batch) for batch in chosen[1:]) + len(chosen[0]) >= count
    before = set(chosen[0])
    for batch in chosen:
        assert len(batch) <= most
        assert len(set(batch)) == len(batch)
        assert before & set(batch)
        assert posed or set(batch) & set(chosen[0])
        before |= set(batch)


def test_without_poses_the_first_batch_is_a_stride_with_both_ends():
    assert batches(round_the_room(13, posed=False), 5)[0] == [0, 3, 6, 9, 12]


@pytest.mark.parametrize(('count', 'most'), [(30, 12), (30, 5), (24, 4), (60, 8)])
def test_by_overlap_each_frame_shares_enough_with_another_of_its_batch(count, most):
    frames = round_the_room(count)
    shared = overlaps(frames)
    for batch in batches(frames, most):
        for i in batch:
            assert max(shared[i, j] for j in batch if j != i) >= ENOUGH


def test_far_surfaces_are_seen_from_places_farther_apart():
    frames = [ROOM.frame(i, looking((x, 0, 1), (x, 9, 1))) for i, x in enumerate((0, 2))]
    assert overlaps(frames)[0, 1] < ENOUGH
    assert overlaps(frames, 10.0)[0, 1] > 0.7


def test_frames_are_of_one_group_where_others_lead_from_one_to_the_next():
    shared = overlaps(round_the_room(24))
    assert groups(range(24), shared) == [list(range(24))]
    assert groups([0, 12, 1, 11], shared) == [[0, 1], [11, 12]]
    assert groups([], shared) == []
    assert len(groups(range(5), overlaps(round_the_room(5, posed=False)))) == 1


def test_a_frame_seen_twice_is_not_chosen_twice_where_others_are_left_unseen():
    frames = round_the_room(8)
    still = [ROOM.frame(100 + i, looking((0, 0, 1.2), (1, 0, 1.1))) for i in range(8)]
    first = batches(still + frames, 8)[0]
    assert sum(i < 8 for i in first) <= 2
