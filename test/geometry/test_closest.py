"""Closest points of two clouds, against every pair."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from spatialclaw_ros.geometry.closest import near
from spatialclaw_ros.geometry.closest import nearest_pairs
from spatialclaw_ros.geometry.closest import reach

RNG = np.random.default_rng(3)
FIRST = RNG.uniform(0, 1, (1500, 3))
SECOND = RNG.uniform(0, 1, (1200, 3)) + np.array([1.2, 0, 0])


def test_reach_bounds_the_least_distance_from_above() -> None:
    least = cdist(FIRST, SECOND).min()
    assert least <= reach(FIRST, SECOND) < least + 0.2


def test_what_is_not_near_cannot_be_within_the_limit() -> None:
    kept = near(FIRST, SECOND, 0.4)
    within = np.flatnonzero(cdist(FIRST, SECOND).min(axis=1) <= 0.4)
    assert set(within) <= set(kept)
    assert len(kept) < len(FIRST)


def test_pairs_are_those_within_the_limit_nearest_first() -> None:
    apart = cdist(FIRST, SECOND)
    limit = float(np.sort(apart.min(axis=1))[40])
    index, neighbours = nearest_pairs(FIRST, SECOND, limit, 4)
    np.testing.assert_array_equal(index, np.flatnonzero(apart.min(axis=1) <= limit))
    np.testing.assert_array_equal(neighbours[:, 0], apart[index].argmin(axis=1))
    for i, row in zip(index, neighbours, strict=True):
        wanted = np.argsort(apart[i])[:4]
        wanted = np.where(apart[i, wanted] <= limit, wanted, wanted[0])
        np.testing.assert_array_equal(row, wanted)


def test_no_more_neighbours_than_there_are() -> None:
    _, neighbours = nearest_pairs(FIRST, SECOND[:2], np.inf, 5)
    assert neighbours.shape == (1500, 2)
