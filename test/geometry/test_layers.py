import numpy as np
import pytest

from spatialclaw_ros.geometry.layers import bled_in
from spatialclaw_ros.geometry.layers import seen_through
from spatialclaw_ros.geometry.layers import step_tolerance

SHAPE, FOCAL = (120, 160), 300.0
OBJECT = np.s_[30:90, 40:120]


def scene(*patches) -> tuple[np.ndarray, np.ndarray]:
    """Depth of a face 1 m away before a wall at 2 m, and its mask; then patches over both."""
    depth, mask = np.full(SHAPE, 2.0), np.zeros(SHAPE, bool)
    depth[OBJECT], mask[OBJECT] = 1.0, True
    for where, metres in patches:
        depth[where] = metres
    return depth, mask


def dropped(depth: np.ndarray, mask: np.ndarray, sure: np.ndarray | None = None) -> np.ndarray:
    tolerance = step_tolerance(depth, np.full(SHAPE, 0.001), FOCAL)
    return bled_in(depth, mask, mask if sure is None else sure, tolerance, FOCAL)


def test_a_face_alone_keeps_every_reading():
    assert not dropped(*scene()).any()


@pytest.mark.parametrize(('columns', 'share'), [(2, 1.0), (4, 1.0), (5, 0.05)])
def test_what_shows_through_a_narrow_gap_is_seen_through(columns, share):
    """Between the legs of a chair the floor goes on, joined to the foot: no step parts it."""
    gap = np.s_[40:90, 80:80 + columns]
    depth, mask = scene((gap, np.linspace(2.0, 1.0, 50)[:, None]))
    through = seen_through(depth, mask, step_tolerance(depth, np.full(SHAPE, 0.001), FOCAL))
    assert not through[:, :80].any() and not through[:, 80 + columns:].any()
    assert through[gap][:40].mean() == pytest.approx(share, abs=0.05)


def test_a_thin_far_part_at_the_outline_is_not_seen_through():
    """The handle of a mug is behind its body, with nothing of it on the other side."""
    depth, mask = scene((np.s_[50:53, 120:140], 1.05))
    mask[50:53, 120:140] = True
    tolerance = step_tolerance(depth, np.full(SHAPE, 0.001), FOCAL)
    assert not seen_through(depth, mask, tolerance).any()


@pytest.mark.parametrize('where', [np.s_[30:32, 40:120], np.s_[30:90, 118:120]])
def test_a_sliver_of_the_wall_along_the_outline_is_dropped(where):
    depth, mask = scene((where, 2.0))
    lost = dropped(depth, mask)
    assert lost[where].all() and lost.sum() == lost[where].size


def test_a_part_that_goes_on_beyond_the_outline_is_dropped():
    depth, mask = scene((np.s_[30:50, 100:120], 2.0))
    lost = dropped(depth, mask)
    assert lost[30:50, 100:120].all() and not lost[50:, :].any()


def test_a_leg_whose_foot_goes_on_to_the_floor_is_kept():
    """Between the near legs the far one is seen; only its foot borders on something else."""
    floor = 0.97 * FOCAL / (np.arange(SHAPE[0])[:, None] + 60.0) * np.ones(SHAPE)
    near, far = np.s_[50:110, 40:120], np.s_[90:110, 70:85]
    depth, mask = floor.copy(), np.zeros(SHAPE, bool)
    depth[near], mask[near] = 1.1, True
    depth[far] = depth[110, 75]
    assert not dropped(depth, mask).any()
    doubtful = mask.copy()
    doubtful[far] = False
    assert dropped(depth, mask, sure=doubtful)[far].all()
    depth[far] = floor[far]
    assert dropped(depth, mask)[far].all()


def test_a_part_that_rises_from_the_table_it_joins_is_kept():
    """The stem of a fruit: nothing parts it from the table below, but it does not lie in it."""
    table = 0.5 * FOCAL / (np.arange(SHAPE[0])[:, None] + 200.0) * np.ones(SHAPE)
    depth, mask = table.copy(), np.zeros(SHAPE, bool)
    body, stem = np.s_[40:80, 40:100], np.s_[56:70, 100:114]
    depth[body], mask[body] = 0.45, True
    depth[stem], mask[stem] = table[70, 0], True
    assert not dropped(depth, mask).any()
    depth[stem] = table[stem]
    assert dropped(depth, mask)[stem].all()


def test_a_leg_nearer_or_farther_than_the_body_is_kept():
    depth, mask = scene((np.s_[50:80, 60:75], 1.12), (np.s_[50:80, 90:105], 0.9))
    assert not dropped(depth, mask).any()


def test_an_island_farther_behind_than_the_object_is_large_is_dropped():
    small = np.s_[50:60, 60:70]
    size = float(np.hypot(59, 79)) / FOCAL
    depth, mask = scene((small, 1.0 + 1.2 * size))
    lost = dropped(depth, mask)
    assert lost[small].all() and lost.sum() == lost[small].size
    depth, mask = scene((small, 1.0 + 0.8 * size))
    assert not dropped(depth, mask).any()
