"""Two measures of one thing: when they agree, when the answer widens, when there is none."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
import pytest

from spatialclaw_ros.findings.agreement import agrees
from spatialclaw_ros.findings.agreement import apart
from spatialclaw_ros.findings.agreement import reconcile
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma


def length(value: float, sigma: float = 0.003) -> Quantity:
    return Quantity('height of mug', value, 'm', Sigma(mask=sigma),
                    Interval(value - 2 * sigma, value + 2 * sigma))


def side(word: str, margin: float, sigma: float = 0.01) -> Relation:
    return Relation(word, ('mug', 'bowl'), 'camera', margin, sigma, 'm')


@pytest.mark.parametrize(('first', 'second', 'sigmas'), [
    (length(0.100, 0.003), length(0.110, 0.004), 2.0),
    (length(0.100, 0.0001), length(0.101, 0.0001), 0.5),
    (length(0.1), length(0.1), 0.0),
    (side('left', 0.2), side('left', 0.01), 0.0),
    (side('left', 0.2), side('right', 0.05), 5.0),
    (side('left', 0.001), side('right', 0.001), 2.525)])
def test_how_far_two_measures_are_apart(first: Quantity, second: Quantity, sigmas: float) -> None:
    assert apart(first, second) == pytest.approx(sigmas)
    assert apart(second, first) == pytest.approx(sigmas)


def test_positions_are_apart_by_the_whole_of_their_covariance() -> None:
    here = Position('mug', np.zeros(3), np.diag([0.01, 0.01, 0.04]) ** 2)
    there = replace(here, point=np.array([0.0, 0.0, 0.08]))
    aside = replace(here, point=np.array([0.08, 0.0, 0.0]))
    assert agrees(here, there)
    assert not agrees(here, aside)


def test_different_kinds_are_no_measures_of_one_thing() -> None:
    with pytest.raises(TypeError, match='Quantity and Relation'):
        apart(length(0.1), side('left', 0.1))
    with pytest.raises(TypeError, match='one thing'):
        apart(length(0.1), replace(length(0.1), unit='rad'))


def test_views_that_differ_from_each_other_do_not_agree_with_their_mean() -> None:
    low, mean, high = length(0.400), length(0.408), length(0.416)
    assert agrees(mean, low) and agrees(mean, high)
    assert not agrees(mean, low, high)
    widened = reconcile([mean, low, high])
    assert widened.interval.low <= 0.400 and widened.interval.high >= 0.416


def test_a_measure_that_agrees_leaves_the_first_as_it_was() -> None:
    first = length(0.100)
    assert reconcile([first, length(0.104)]) is first


def test_one_that_differs_widens_sigma_and_interval_and_says_so() -> None:
    found = reconcile([length(0.100), length(0.116)])
    assert found.value == 0.100
    assert (found.interval.low, found.interval.high) == pytest.approx((0.094, 0.116))
    assert found.sigma.total == pytest.approx(math.hypot(0.003, 0.008))
    assert 'measures differ: 0.100 ± 0.003 m, 0.116 ± 0.003 m' in found.note


@pytest.mark.parametrize('findings', [
    [length(0.100), length(0.150)],
    [side('left', 0.2), side('right', 0.05)],
    [replace(length(2.0, 0.0), unit=''), replace(length(3.0, 0.0), unit='')],
    [Position('mug', np.zeros(3), np.eye(3) * 1e-6),
     Position('mug', np.full(3, 0.1), np.eye(3) * 1e-6)]])
def test_ones_that_contradict_are_ambiguous(findings: list[Quantity]) -> None:
    with pytest.raises(Ambiguous, match='contradict one another: '):
        reconcile(findings)


def test_many_sigmas_of_a_small_share_are_no_contradiction() -> None:
    assert reconcile([length(1.00, 0.001), length(1.05, 0.001)]).interval.high == 1.05
