from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np

from spatialclaw_ros.geometry.partition import partition


def drawn(seed, count, unknown=0.0, barred=0.0):
    """Groups, and scores of which few speak against them, none for a pair that is apart."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, max(count // 3, 1), count)
    same = truth[:, None] == truth
    scores = np.where(same, 1.0, -1.0) + rng.normal(0, 0.3, (count, count))
    scores = np.triu(scores, 1) + np.triu(scores, 1).T
    pairs = np.triu(rng.random((count, count)) >= unknown, 1).astype(float)
    apart = ~same & (np.triu(rng.random((count, count)) < barred, 1))
    return truth, scores, pairs + pairs.T, apart | apart.T


def numbered(labels):
    first = {}
    return [first.setdefault(int(label), len(first)) for label in labels]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 25))
def test_clear_groups_are_found_with_some_pairs_unknown(seed, count):
    truth, scores, pairs, apart = drawn(seed, count, 0.1, 0.2)
    found = partition(scores, pairs, apart)
    assert found.tolist() == numbered(found)
    whole = partition(scores, np.ones_like(pairs), apart)
    assert whole.tolist() == numbered(truth)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 15))
def test_what_is_apart_stays_apart_and_the_order_does_not_matter(seed, count):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, (count, count))
    scores = scores + scores.T
    pairs, apart = np.ones((count, count)), np.triu(rng.random((count, count)) < 0.3, 1)
    apart = apart | apart.T
    found = partition(scores, pairs, apart)
    assert not (apart & (found[:, None] == found)).any()
    order = rng.permutation(count)
    place = np.ix_(order, order)
    again = partition(scores[place], pairs[place], apart[place])
    assert numbered(found[order]) == again.tolist()


def test_one_that_was_joined_too_soon_changes_over():
    scores = np.array([[0, 1.0, -2, -2], [1.0, 0, 0.9, 0.9], [-2, 0.9, 0, 0.8], [-2, 0.9, 0.8, 0]])
    free = np.zeros((4, 4), bool)
    assert partition(scores, np.ones((4, 4)), free).tolist() == [0, 1, 1, 1]
    barred = free.copy()
    barred[1, 2] = barred[2, 1] = True
    assert partition(scores, np.ones((4, 4)), barred).tolist() == [0, 0, 1, 1]


def test_nothing_known_joins_nothing():
    scores = np.full((4, 4), 5.0)
    assert partition(scores, np.zeros((4, 4)), np.zeros((4, 4), bool)).tolist() == [0, 1, 2, 3]
    assert partition(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), bool)).size == 0
