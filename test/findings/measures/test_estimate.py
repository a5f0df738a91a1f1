import numpy as np
import pytest

from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate


def estimate(value: float, sigma: float, frame: int = 0) -> Estimate:
    return Estimate(value, np.zeros(8), sigma, (0.0, 0.0), 0.0, np.zeros((2, 3)), (frame,))


def test_one_view_is_taken_as_it_is():
    only = estimate(0.3, 0.01)
    assert combined([only]) == (only, '')


def test_views_are_averaged_by_their_errors():
    both, note = combined([estimate(0.30, 0.01), estimate(0.32, 0.02, 1)])
    assert both.value == pytest.approx((0.30 * 4 + 0.32) / 5)
    assert both.sigma.total < 0.01 and both.frames == (0, 1) and not note


@pytest.mark.parametrize('extremum', [-1, 1])
def test_an_extremum_of_views_that_agree_is_their_mean(extremum):
    """The least of two noisy values of one thing would come out too small."""
    both, note = combined([estimate(0.30, 0.01), estimate(0.31, 0.01, 1)], extremum=extremum)
    assert both.value == pytest.approx(0.305, abs=1e-6) and not note


@pytest.mark.parametrize(('extremum', 'expected'), [(-1, 0.30), (1, 0.40)])
def test_an_extremum_of_views_that_surely_differ_is_the_extreme_one(extremum, expected):
    """It is less sure: one of them may err more than told."""
    both, note = combined([estimate(0.30, 0.002), estimate(0.40, 0.002, 1)], extremum=extremum)
    assert both.value == pytest.approx(expected, abs=1e-3)
    assert both.sigma.total == pytest.approx(0.025, rel=0.1)
    assert note.startswith('views differ: 0.300, 0.400')


def test_a_mean_of_views_that_surely_differ_is_less_sure():
    agreeing, _ = combined([estimate(0.30, 0.002), estimate(0.301, 0.002, 1)])
    differing, note = combined([estimate(0.30, 0.002), estimate(0.32, 0.002, 1)])
    assert differing.sigma.total > 4 * agreeing.sigma.total and 'views differ' in note
