"""One thing is found once: duplicates, parts and heaps that score lower are taken out."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from spatialclaw_ros.perception.sam3.instances import CANDIDATES
from spatialclaw_ros.perception.sam3.instances import distinct
from spatialclaw_ros.perception.sam3.instances import instances


def boxes(*corners, size=40):
    masks = np.zeros((len(corners), size, size), bool)
    for mask, (x1, y1, x2, y2) in zip(masks, corners, strict=True):
        mask[y1:y2, x1:x2] = True
    return masks


def kept(scores, *corners):
    return distinct(np.asarray(scores, float), boxes(*corners)).tolist()


def output(scores, masks, presence=1.0):
    scores = torch.tensor([scores], dtype=torch.float64)
    return SimpleNamespace(
        pred_logits=torch.logit(scores),
        pred_masks=torch.from_numpy(np.where(masks, 3.0, -3.0))[None],
        presence_logits=torch.logit(torch.tensor([[presence]], dtype=torch.float64)),
        pred_boxes=torch.rand(1, len(masks), 4))


def test_the_better_of_two_duplicates_stays():
    assert kept([0.9, 0.8], (0, 0, 20, 20), (1, 0, 21, 20)) == [True, False]


def test_neighbours_that_overlap_a_little_are_two():
    assert kept([0.9, 0.8], (0, 0, 20, 20), (16, 0, 36, 20)) == [True, True]


def test_a_part_goes_only_where_it_is_clearly_less_sure():
    assert kept([0.9, 0.5], (0, 0, 30, 30), (10, 10, 16, 16)) == [True, False]
    assert kept([0.9, 0.8], (0, 0, 30, 30), (10, 10, 16, 16)) == [True, True]


def test_a_heap_goes_where_its_things_are_clearly_surer():
    things = ((0, 0, 10, 10), (12, 0, 22, 10), (0, 0, 22, 10))
    assert kept([0.9, 0.85, 0.4], *things) == [True, True, False]


def test_what_was_taken_out_takes_nothing_out():
    chain = ((0, 0, 20, 20), (6, 0, 26, 20), (12, 0, 32, 20))
    assert kept([0.9, 0.8, 0.7], *chain) == [True, False, True]


def test_an_empty_mask_is_nothing():
    assert kept([0.9, 0.8], (5, 5, 5, 5), (0, 0, 9, 9)) == [False, True]
    assert distinct(np.zeros(0), np.zeros((0, 8, 8), bool)).tolist() == []


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 10)] * 2), max_size=12),
       st.floats(0.05, 0.95))
@settings(max_examples=80, deadline=None)
def test_what_is_kept_is_apart_and_everything_else_is_shown_by_something_kept(placed, duplicate):
    masks = boxes(*((x, y, x + w, y + h) for x, y, w, h in placed))
    scores = np.linspace(0.9, 0.7, len(masks))
    first = distinct(scores, masks, duplicate)
    overlaps = np.array([[(a & b).sum() / (a | b).sum() for b in masks] for a in masks])
    for i in range(len(masks)):
        better = [overlaps[i, j] for j in range(i) if first[j]]
        assert first[i] == all(overlap <= duplicate for overlap in better)


def test_scores_are_those_of_query_and_presence_and_come_best_first():
    masks = boxes((0, 0, 9, 9), (10, 0, 19, 9), (20, 0, 29, 9))
    seen = instances(output([0.5, 0.9, 0.7], masks, presence=0.5), 0.3)
    assert seen.queries.tolist() == [1, 2, 0]
    assert seen.scores == pytest.approx([0.45, 0.35, 0.25])
    assert seen.found == 2
    assert seen.rejected == pytest.approx(0.25)


def test_what_came_near_follows_and_the_best_of_the_rest_is_told():
    masks = boxes(*((4 * i, 0, 4 * i + 3, 9) for i in range(10)))
    scores = [0.9, 0.39, 0.38, 0.37, 0.36, 0.35, 0.34, 0.33, 0.1, 0.05]
    seen = instances(output(scores, masks), 0.4)
    assert (seen.found, len(seen.queries)) == (1, 1 + CANDIDATES)
    assert seen.scores[1:] == pytest.approx(scores[1:1 + CANDIDATES])
    assert seen.rejected == pytest.approx(0.39)
    nothing = instances(output([0.1, 0.05], masks[:2]), 0.4)
    assert (nothing.found, len(nothing.queries)) == (0, 0)
    assert nothing.rejected == pytest.approx(0.1)


def test_a_score_at_the_threshold_is_not_found():
    seen = instances(output([0.5], boxes((0, 0, 9, 9))), 0.5)
    assert (seen.found, len(seen.queries)) == (0, 1)


def test_repeated_queries_are_named():
    masks = boxes((0, 0, 20, 20), (20, 20, 30, 30), (0, 1, 20, 21))
    seen = instances(output([0.8, 0.9, 0.7], masks), 0.3)
    assert seen.queries.tolist() == [1, 0]
    assert seen.repeated.tolist() == [2]


def test_an_empty_mask_above_the_threshold_is_told_apart():
    masks = boxes((0, 0, 9, 9), (5, 5, 5, 5), (7, 7, 7, 7))
    seen = instances(output([0.1, 0.8, 0.3], masks), 0.4)
    assert (seen.found, seen.repeated.tolist()) == (0, [1, 2])
    assert (seen.empty, seen.rejected) == pytest.approx((0.8, 0.3))
    assert instances(output([0.7, 0.3], masks[:2]), 0.4).empty == 0.0


def test_a_threshold_of_zero_takes_every_detection():
    masks = boxes((0, 0, 9, 9), (10, 0, 19, 9))
    seen = instances(output([0.01, 0.02], masks), 0.0)
    assert (seen.found, seen.rejected) == (2, 0.0)
