from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.perception.depth_anything.error_bars import calibrated
from spatialclaw_ros.perception.depth_anything.error_bars import frame_scale
from spatialclaw_ros.perception.depth_anything.error_bars import FrameScale
from spatialclaw_ros.perception.depth_anything.error_bars import prior
from spatialclaw_ros.perception.depth_anything.samples import Samples
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.scale import Scale

from .rooms import Room
from .rooms import way

FRAME = Room.drawn(0).frame(0, way('arc', 1)[0])
ONE = FrameScale(1.0, 0.0, 0.01, 2.0, 0.0)


def seen(predicted, measured, confidence=None, noise=0.0):
    count = len(predicted)
    rows = np.arange(count)
    return Seen(FRAME, None, Samples(
        np.zeros((count, 2)), np.zeros((count, 2)), predicted,
        np.full(count, 0.9) if confidence is None else confidence, measured,
        np.full(count, noise), np.isfinite(predicted), rows * 64 // count))


@pytest.mark.parametrize('heavy', [False, True])
def test_sigma_is_that_of_the_errors_and_wider_for_heavy_tails(heavy):
    rng = np.random.default_rng(3)
    truth = rng.uniform(1, 4, 6000)
    confidence = rng.uniform(0.3, 1, 6000)
    sigma = 0.02 + 0.1 * (1 - confidence)
    draw = rng.standard_t(2, 6000) if heavy else rng.normal(size=6000)
    bars = calibrated([seen(truth * (1 + sigma * draw), truth, confidence)], [ONE])
    told = bars.sigma(confidence, truth) / truth
    inside = np.abs(sigma * draw) < 1.96 * told
    assert 0.93 < inside.mean() < 0.985
    assert (np.diff(bars.share) <= 0).all()
    assert (np.diff(bars.within) >= 0).all()
    assert bars.share[0] > 1.5 * bars.share[-1]


def test_less_sure_pixels_are_never_told_to_be_better_than_surer_ones():
    rng = np.random.default_rng(6)
    truth, confidence = rng.uniform(1, 4, 4000), rng.uniform(0.3, 1, 4000)
    off = 0.1 * confidence * rng.normal(size=4000)
    bars = calibrated([seen(truth * (1 + off), truth, confidence)], [ONE])
    assert (np.diff(bars.share) <= 0).all()
    assert bars.share[-1] > 0.06


def test_an_error_of_wide_parts_is_told_apart_from_that_of_pixels():
    rng = np.random.default_rng(4)
    truth = rng.uniform(1, 4, 6400)
    wide = np.repeat(rng.normal(0, 0.03, 64), 100)
    own = rng.normal(0, 0.03, 6400)
    assert calibrated([seen(truth * (1 + own), truth)], [ONE]).shared < 0.008
    assert calibrated([seen(truth * (1 + wide), truth)], [ONE]).shared == pytest.approx(
        0.03, rel=0.3)


def test_few_readings_calibrate_nothing():
    assert calibrated([seen(np.ones(100), np.ones(100))], [ONE]) is None
    assert calibrated([seen(np.ones(900), np.full(900, np.nan))], [ONE]) is None


def test_readings_of_a_small_part_calibrate_nothing():
    truth = np.random.default_rng(7).uniform(1, 4, 6400)
    part = np.where(np.arange(6400) < 1000, truth, np.nan)
    assert calibrated([seen(truth, part)], [ONE]) is None
    assert calibrated([seen(truth, part), seen(truth, truth)], [ONE, ONE]) is not None


def test_the_fewer_parts_are_read_the_less_sure_is_their_scale():
    truth = np.ones(6400)
    sigmas = [seen(truth, np.where(np.arange(6400) < count, truth, np.nan)).parts_sigma
              for count in (6400, 1600, 400, 50)]
    assert sigmas == pytest.approx([0.03 / 4, 0.03 / 2, 0.03, 0.03])


def test_the_prior_is_widened_where_views_disagree_and_never_narrowed():
    usual = prior(float('nan'))
    assert prior(0.001).share.tolist() == usual.share.tolist()
    wide = prior(0.2)
    assert wide.share[-1] == pytest.approx(0.2)
    assert wide.shared == pytest.approx(4 * usual.shared)


def test_a_shift_is_fitted_only_where_the_depths_tell_it():
    rng = np.random.default_rng(5)
    common = Scale(2.0, 0.05, 'something')
    x = rng.uniform(1, 4, 3000)
    shifted = frame_scale(seen(x, 2 * x + 0.4 + rng.normal(0, 0.01, 3000), noise=0.01), common)
    assert (shifted.scale, shifted.shift) == pytest.approx((2, 0.4), abs=0.02)
    straight = frame_scale(seen(x, 2 * x + rng.normal(0, 0.01, 3000), noise=0.01), common)
    assert (straight.scale, straight.shift) == (pytest.approx(2, abs=0.01), 0)
    narrow = 1 + 0.01 * x
    flat = frame_scale(seen(narrow, 2 * narrow + 0.4, noise=0.01), common)
    assert flat.shift == 0
    few = np.where(np.arange(3000) < 12, 2 * x * rng.lognormal(0, 0.5, 3000), np.nan)
    assert frame_scale(seen(x, few, noise=0.01), common).scale == common.value
    unread = frame_scale(seen(x, np.full(3000, np.nan)), common)
    assert (unread.scale, unread.shift) == (2.0, 0.0)
    assert unread.sigma > 0.05


def test_beyond_the_measured_depths_a_doubtful_slope_widens_the_error():
    scale = FrameScale(1.0, 0.2, 0.005, 1.0, 0.02)
    near, far = scale.beyond(np.array([1.0, 8.0]))
    assert near == 0
    assert far == pytest.approx(0.02 * 7 / 8.2, rel=1e-5)
    assert ONE.beyond(np.ones(2)).tolist() == [0, 0]
    assert np.isnan(FrameScale(1.0, -1.0, 0.01, 2.0, 0.01).metres(np.array([0.5]))).all()
