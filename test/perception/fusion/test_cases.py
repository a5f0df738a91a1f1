"""Holes and wrong readings of one kind each, in scenes of blocks."""

from __future__ import annotations

from fusing import aligned_whole
from fusing import answered
from fusing import floor_before_wall
from fusing import noisy
from fusing import seen
import numpy as np
from simulated_network import distorted

from spatialclaw_ros.calls.requests import NETWORK
from spatialclaw_ros.calls.requests import SENSOR
from spatialclaw_ros.calls.requests import UNKNOWN


def test_a_black_box_is_aligned_to_the_floor_it_stands_on_and_not_to_the_wall_behind():
    box = np.s_[72:118, 60:100]
    truth = floor_before_wall()
    foot = float(truth[118, 80])
    truth[box] = foot
    bump = 0.1 * np.exp(-np.square((np.arange(160) - 80) / 40) ** 2)
    predicted = truth * np.where(truth > 1.9, 1.0, 1 + bump)  # right of the wall alone
    depth = noisy(truth)
    depth[box] = np.nan
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    middle = np.s_[76:114, 64:96]
    assert (geometry.source_map[middle] == NETWORK).all()
    assert np.abs(geometry.depth[middle] / foot - 1).max() < 0.02
    whole = aligned_whole(seen(depth), predicted)
    assert np.abs(whole[middle] / foot - 1).max() > 0.06


def test_a_fill_meets_the_readings_about_it_without_a_seam():
    truth = floor_before_wall()
    v, u = np.mgrid[-1:1:120j, -1:1:160j]
    predicted = truth * (1 + 0.05 * u - 0.04 * v)
    depth = noisy(truth)
    hole = np.s_[20:50, 50:110]
    depth[hole] = np.nan
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    assert np.abs(geometry.depth[hole] / truth[hole] - 1).max() < 0.01
    jump = np.abs(geometry.depth[20, 50:110] - truth[19, 50:110])
    assert np.median(jump) < 0.01


def test_a_hole_that_nothing_reaches_has_a_larger_sigma():
    truth = floor_before_wall()
    truth[30:60, 60:100] = 1.0  # floats before the wall
    generator = np.random.default_rng(3)
    predicted, _, _ = distorted(truth, generator, warped=0.02, soft=0.5)
    depth = noisy(truth)
    depth[30:60, 60:100] = np.nan
    depth[30:60, 10:40] = np.nan
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    floating, reached = geometry.bias[40:50, 75:85], geometry.bias[40:50, 15:20]
    assert (geometry.source_map[40:50, 75:85] == NETWORK).all()
    assert np.median(floating) > 1.3 * np.median(reached)


def test_too_close_stays_too_close():
    truth = floor_before_wall()
    depth = noisy(truth)
    depth[80:110, 60:100] = -np.inf
    geometry = answered(seen(depth), predicted=[truth]).frames[0]
    assert np.isneginf(geometry.depth[80:110, 60:100]).all()
    assert (geometry.source_map[80:110, 60:100] == UNKNOWN).all()


def test_beyond_range_is_filled_only_where_the_network_says_it_is_far():
    truth = floor_before_wall()
    depth = noisy(truth)
    depth[20:50, 20:60] = np.inf
    depth[20:50, 100:140] = np.inf
    predicted = truth.copy()
    predicted[20:50, 20:60] = 3.0
    predicted[20:50, 100:140] = 1.0  # nearer than what the sensor reads elsewhere: contradicts it
    predicted[:10] = 30.0
    depth[:10] = np.inf
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    assert (geometry.source_map[30:40, 30:50] == NETWORK).all()
    assert np.isposinf(geometry.depth[25:45, 105:135]).all()
    assert np.isposinf(geometry.depth[:8]).all()


def test_what_a_mirror_shows_is_replaced_and_what_a_window_frames_is_kept():
    truth = floor_before_wall()
    mirror, shelf = np.s_[15:45, 20:60], np.s_[15:45, 100:140]
    depth = noisy(truth)
    depth[mirror] = 3.4  # the network sees the wall go on
    depth[shelf] = 2.6
    predicted = truth.copy()
    predicted[shelf] = 2.3  # both see a niche, and differ about how deep it is
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    inner = np.s_[18:42, 23:57]
    assert (geometry.source_map[inner] == NETWORK).all()
    assert np.abs(geometry.depth[inner] / 2.0 - 1).max() < 0.03
    assert (geometry.source_map[18:42, 103:137] == SENSOR).all()


def test_an_object_that_the_network_does_not_see_is_kept():
    truth = floor_before_wall()
    depth = noisy(truth)
    depth[30:50, 60:90] = 1.2
    geometry = answered(seen(depth), predicted=[truth]).frames[0]
    assert (geometry.source_map[32:48, 62:88] == SENSOR).all()


def test_flying_pixels_are_dropped_and_thin_things_are_kept():
    truth = floor_before_wall()
    truth[10:60, 80:82] = 1.0  # a pole
    predicted = truth.copy()
    depth = noisy(truth)
    generator = np.random.default_rng(4)
    flying = np.zeros(depth.shape, bool)
    flying[5:60, 30:150] = generator.random((55, 120)) < 0.02
    flying[:, 77:85] = False
    depth[flying] = generator.uniform(1.2, 1.7, flying.sum())
    geometry = answered(seen(depth), predicted=[predicted]).frames[0]
    assert (geometry.source_map[flying] == NETWORK).mean() > 0.9
    assert np.abs(geometry.depth[flying] - 2.0).max() < 0.05
    assert (geometry.source_map[12:58, 80:82] == SENSOR).all()
    assert 'were readings found wrong' in answered(seen(depth), predicted=[predicted]).source
