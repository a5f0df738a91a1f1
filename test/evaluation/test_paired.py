"""Two contestants over the same questions, against published and hand-computed values."""

from __future__ import annotations

import pytest

from spatialclaw_ros.evaluation.paired import Pair
from spatialclaw_ros.evaluation.paired import pairs
from spatialclaw_ros.evaluation.paired import wilson


@pytest.mark.parametrize(('counts', 'difference', 'interval'), [
    # Bentur et al. (2009), the example of Fagerland, Lydersen and Laake (2014): phi is cut to 0.
    ((1, 1, 7, 12), -6 / 21, (-0.507, -0.026)),
    # Altman et al., Statistics with Confidence (2000), table 6.2: phi keeps part of its value.
    ((14, 5, 0, 22), 5 / 41, (0.011, 0.226)),
])
def test_newcombes_interval_of_published_examples(counts, difference, interval):
    pair = Pair('A', 'B', *counts)
    assert pair.difference == pytest.approx(difference)
    assert pair.interval == pytest.approx(interval, abs=6e-4)


def test_newcombes_interval_by_hand():
    # 10 questions: 4 both, 3 only A, 1 only B, 2 neither. Wilson: 7 of 10 0.3968 to 0.8922,
    # 5 of 10 0.2366 to 0.7634. 4 x 2 - 3 x 1 = 5, less 10 / 2 is 0, so phi is 0:
    # 0.2 - sqrt(0.3032^2 + 0.2634^2) = -0.2016, 0.2 + sqrt(0.2634^2 + 0.1922^2) = 0.5261.
    assert Pair('A', 'B', 4, 3, 1, 2).interval == pytest.approx((-0.2016, 0.5261), abs=2e-4)
    # 2 both, 4 only A, 4 only B, 0 neither: -16 / sqrt(6 x 4 x 6 x 4) = -2 / 3; 6 of 10 is
    # 0.3127 to 0.8318: sqrt(0.2873^2 + 2 x 2/3 x 0.2873 x 0.2318 + 0.2318^2) = 0.4744.
    assert Pair('A', 'B', 2, 4, 4, 0).interval == pytest.approx((-0.4744, 0.4744), abs=2e-4)


def test_the_interval_turns_with_the_pair():
    low, high = Pair('A', 'B', 4, 3, 1, 2).interval
    assert Pair('B', 'A', 4, 1, 3, 2).interval == pytest.approx((-high, -low))


@pytest.mark.parametrize('counts', [(5, 0, 0, 0), (0, 0, 0, 5), (0, 5, 0, 0), (1, 0, 0, 0)])
def test_an_interval_at_the_edge(counts):
    pair = Pair('A', 'B', *counts)
    low, high = pair.interval
    assert -1 <= low <= pair.difference <= high <= 1
    assert low < high


@pytest.mark.parametrize(('only_first', 'only_second', 'p'), [
    (1, 7, 2 * (1 + 8) / 2 ** 8), (5, 0, 2 / 2 ** 5), (3, 3, 1.0), (0, 0, 1.0)])
def test_the_exact_mcnemar_test_looks_at_unlike_pairs_only(only_first, only_second, p):
    assert Pair('A', 'B', 9, only_first, only_second, 4).p_value == pytest.approx(p)


def test_wilsons_interval():
    assert wilson(7, 10) == pytest.approx((0.3968, 0.8922), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)


def test_only_questions_that_both_were_asked_are_compared(make_row):
    def row(name, right, recording='a'):
        return make_row(id=name, right=right, recording=recording)

    found = pairs({
        'A': [row('q1', True), row('q2', True), row('q3', False), row('q4', False),
              row('q1', False, 'b'), row('q5', True)],
        'B': [row('q4', True), row('q3', False), row('q2', False), row('q1', True),
              row('q6', True)],
        'C': [row('q9', True)]})
    assert found == [Pair('A', 'B', both=1, only_first=1, only_second=1, neither=1)]
