from __future__ import annotations

import math

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spatialclaw_ros.geometry.alignment import fit_cameras
from spatialclaw_ros.geometry.alignment import fit_depth
from spatialclaw_ros.geometry.alignment import ground_scale

SEEDS = st.integers(0, 2 ** 32 - 1)
FEW = settings(max_examples=40, deadline=None)


# Depth.

def pairs(rng, *, count=3000, near=1.0, far=4.0, noise=0.03, sensor=0.002, wrong=0.0, kind=0):
    """What a network says of true depths without a gauge, and what a sensor measures."""
    true = rng.uniform(near, far, count)
    sigma = sensor * true ** 2
    measured = true + sigma * rng.standard_normal(count)
    said = true * (1 + noise * rng.standard_t(4, count) / math.sqrt(2))
    outlier = rng.random(count) < wrong
    measured[outlier] = [rng.uniform(0.3, 9, outlier.sum()), 1.5 * measured[outlier],
                         np.full(outlier.sum(), rng.uniform(1, 6))][kind]
    return said, measured, sigma


@FEW
@given(SEEDS, st.floats(0.05, 20), st.floats(-0.5, 0.5), st.integers(0, 2),
       st.sampled_from([(0.0, 0.01), (0.3, 0.01), (0.4, 0.02)]))
def test_a_random_gauge_is_found_among_up_to_two_fifths_of_outliers(
        seed, scale, shift, kind, wrong):
    share, within = wrong
    said, measured, sigma = pairs(np.random.default_rng(seed), wrong=share, kind=kind)
    fit = fit_depth((said - shift) / scale, measured, sigma)
    assert fit.scale == pytest.approx(scale, rel=within)
    assert fit.shift == pytest.approx(shift, abs=3 * within)
    assert abs(fit.inliers - (1 - share)) < 0.1 and 0.01 < fit.residual_share < 0.05
    assert abs(fit.scale - scale) < 3 * fit.scale_sigma


def test_noise_of_the_network_does_not_flatten_the_slope():
    said, measured, sigma = pairs(np.random.default_rng(1), count=20_000, near=1, far=2, noise=0.05)
    fit = fit_depth(said, measured, sigma)
    assert fit.scale == pytest.approx(1, abs=0.015)
    assert np.polyfit(said, measured, 1)[0] < 0.97


def test_noise_of_the_sensor_does_not_steepen_it():
    said, measured, sigma = pairs(np.random.default_rng(2), count=20_000, near=1, far=2, noise=1e-4,
                                  sensor=0.05)
    fit = fit_depth(said, measured, sigma)
    assert fit.scale == pytest.approx(1, abs=0.02)
    assert 1 / np.polyfit(measured, said, 1)[0] > 1.04


@FEW
@given(SEEDS, st.floats(0.1, 10), st.floats(-3, 3))
def test_the_fit_moves_with_the_networks_gauge(seed, scale, shift):
    said, measured, sigma = pairs(np.random.default_rng(seed), count=300, wrong=0.2)
    fit, moved = fit_depth(said, measured, sigma), fit_depth(scale * said + shift, measured, sigma)
    np.testing.assert_allclose(moved.apply(scale * said + shift), fit.apply(said), rtol=1e-5)
    assert moved.scale_sigma * scale == pytest.approx(fit.scale_sigma, rel=1e-4)


@FEW
@given(SEEDS, st.floats(0.1, 10))
def test_a_scale_alone_moves_with_either_unit(seed, unit):
    said, measured, sigma = pairs(np.random.default_rng(seed), count=300, wrong=0.2)
    fit = fit_depth(said, measured, sigma, with_shift=False)
    assert fit.shift == 0.0
    assert fit_depth(said / unit, measured, sigma, with_shift=False).scale == (
        pytest.approx(fit.scale * unit))
    assert fit_depth(said, measured * unit, sigma * unit, with_shift=False).scale == (
        pytest.approx(fit.scale * unit))


def test_few_far_points_that_are_wrong_have_no_lever():
    rng = np.random.default_rng(3)
    said, measured, sigma = pairs(rng, noise=0.01)
    said[:200], measured[:200] = 20 + rng.uniform(0, 1, 200), 5.0
    assert fit_depth(said, measured, sigma).scale == pytest.approx(1, abs=0.01)


def test_what_is_all_at_one_depth_tells_a_scale_and_no_shift():
    said, measured, sigma = pairs(np.random.default_rng(4), near=2.0, far=2.02)
    fit = fit_depth(said / 3, measured, sigma)
    assert fit.shift == 0.0 and fit.scale == pytest.approx(3, rel=0.01)
    same = fit_depth(np.full(100, 0.5), np.full(100, 2.0), np.full(100, 0.01))
    assert (same.scale, same.shift) == (pytest.approx(4), 0.0)


def test_a_plane_and_a_wall_of_readings_without_any_noise():
    said = np.repeat([1.0, 2.0], 50)
    fit = fit_depth(said, 0.5 * said + 0.25, np.zeros(100))
    assert (fit.scale, fit.shift) == (pytest.approx(0.5), pytest.approx(0.25))
    assert fit.inliers == 1.0 and fit.residual_share < 1e-6


def test_unknown_points_are_left_out():
    said, measured, sigma = pairs(np.random.default_rng(5), count=200, noise=0.001)
    told = fit_depth(said, measured, sigma)
    junk = [np.nan, np.inf, -np.inf, 1.0, 1.0, 1.0]
    holes = [1.0, 1.0, 1.0, np.nan, -np.inf, -1.0]
    with_junk = fit_depth(np.append(said, junk), np.append(measured, holes),
                          np.append(sigma, np.ones(6)))
    assert with_junk.scale == pytest.approx(told.scale, rel=1e-3)


@pytest.mark.parametrize(('said', 'measured'), [
    ([], []), ([1.0] * 7, [1.0] * 7), ([np.nan] * 50, [1.0] * 50), ([1.0] * 50, [np.inf] * 50),
    ([-1.0] * 50, [2.0] * 50), ([0.0] * 50, list(range(1, 51)))])
def test_what_tells_nothing_gives_nothing(said, measured):
    assert fit_depth(np.array(said), np.array(measured), np.ones(len(said))) is None


def test_depth_that_falls_where_the_sensors_rises_has_no_shift():
    rng = np.random.default_rng(6)
    measured = rng.uniform(1, 4, 500)
    fit = fit_depth(5 - measured, measured, np.full(500, 0.01))
    assert fit is None or (fit.shift == 0.0 and fit.residual_share > 0.1)


def test_metres_behind_the_camera_are_unknown():
    fit = fit_depth(np.arange(1.0, 101), np.arange(1.0, 101) * 2 + 1, np.full(100, 0.01))
    applied = fit.apply(np.array([[1.0, -4.0], [np.nan, 2.0]]))
    np.testing.assert_allclose(applied, [[3, np.nan], [np.nan, 5]], rtol=1e-6)


def test_arrays_that_do_not_match():
    with pytest.raises(ValueError, match='3 predicted, 4 measured'):
        fit_depth(np.ones(3), np.ones(4), np.ones(4))


# Cameras.

def pose(rotation, place):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, place
    return matrix


def places_of(kind, rng, count):
    if kind == 'line':
        return np.outer(np.linspace(0, rng.uniform(0.1, 3), count), rng.standard_normal(3))
    if kind == 'rotation':
        return np.tile(rng.standard_normal(3), (count, 1))
    return rng.normal(0, rng.uniform(0.05, 3), (count, 3))


def gauges(rng, kind, count, noise=0.0):
    """Known poses, and the same in another gauge: scale, rotation, and place of its origin."""
    turns = Rotation.random(count, random_state=rng).as_matrix()
    places = places_of(kind, rng, count)
    scale, rotation = math.exp(rng.normal(0, 1.5)), Rotation.random(random_state=rng).as_matrix()
    origin = rng.normal(0, 2, 3)
    size = max(float(places.std(axis=0).max()), 1e-3)
    wobble = Rotation.from_rotvec(rng.normal(0, noise, (count, 3))).as_matrix()
    predicted = np.stack([pose(
        rotation.T @ turn @ off, rotation.T @ (place - origin) / scale
        + rng.normal(0, noise * size, 3) / scale)
        for turn, place, off in zip(turns, places, wobble, strict=True)])
    known = np.stack([pose(turn, place) for turn, place in zip(turns, places, strict=True)])
    return predicted, known, scale, rotation, origin


def angle(rotation) -> float:
    return float(np.linalg.norm(Rotation.from_matrix(rotation).as_rotvec()))


@FEW
@given(SEEDS, st.sampled_from(['any', 'line']), st.integers(2, 9))
def test_a_random_similarity_is_found_exactly(seed, kind, count):
    predicted, known, scale, rotation, _ = gauges(np.random.default_rng(seed), kind, count)
    fit = fit_cameras(predicted, known)
    assert fit.scale == pytest.approx(scale, rel=1e-6)
    np.testing.assert_allclose(fit.rotation, rotation, atol=1e-6)
    assert fit.kept.all()


@FEW
@given(SEEDS, st.integers(1, 6))
def test_pure_rotation_gives_all_but_the_scale(seed, count):
    predicted, known, _, rotation, _ = gauges(np.random.default_rng(seed), 'rotation', count)
    fit = fit_cameras(predicted, known)
    assert math.isnan(fit.scale) and math.isnan(fit.scale_sigma)
    np.testing.assert_allclose(fit.rotation, rotation, atol=1e-6)


@FEW
@given(SEEDS, st.integers(4, 9))
def test_one_bad_pose_of_four_or_more_changes_nothing(seed, count):
    rng = np.random.default_rng(seed)
    predicted, known, scale, rotation, _ = gauges(rng, 'any', count, noise=0.003)
    size = np.linalg.norm(np.ptp(predicted[:, :3, 3], axis=0))
    bad = int(rng.integers(count))
    away = rng.standard_normal(3)
    predicted[bad, :3, 3] += (0.5 + rng.random()) * size * away / np.linalg.norm(away)
    if rng.random() < 0.5:
        turn = Rotation.from_rotvec([0, rng.uniform(0.5, 3), 0]).as_matrix()
        predicted[bad, :3, :3] = predicted[bad, :3, :3] @ turn
    fit = fit_cameras(predicted, known)
    assert not fit.kept[bad]
    assert fit.scale == pytest.approx(scale, rel=0.05)
    assert angle(fit.rotation @ rotation.T) < 0.02


def test_a_quarter_of_sixteen_bad_poses():
    rng = np.random.default_rng(8)
    predicted, known, scale, _, _ = gauges(rng, 'any', 16, noise=0.005)
    predicted[:4, :3, 3] = rng.normal(0, 5, (4, 3)) * predicted[:, :3, 3].std()
    fit = fit_cameras(predicted, known)
    assert fit.scale == pytest.approx(scale, rel=0.01)
    np.testing.assert_array_equal(fit.kept, np.arange(16) >= 4)


def test_places_far_apart_tell_the_rotation_better_than_poor_orientations():
    rng = np.random.default_rng(12)
    predicted, known, scale, rotation, _ = gauges(rng, 'any', 6)
    wobble = Rotation.from_rotvec(rng.normal(0, 0.05, (6, 3))).as_matrix()
    predicted[:, :3, :3] = predicted[:, :3, :3] @ wobble
    fit = fit_cameras(predicted, known)
    assert angle(fit.rotation @ rotation.T) < 3e-3
    assert fit.scale == pytest.approx(scale, rel=1e-3)


def test_sigmas_tell_the_error():
    off = []
    for seed in range(120):
        predicted, known, scale, rotation, _ = gauges(
            np.random.default_rng(seed), ('any', 'line')[seed % 2], 2 + seed % 5, noise=0.01)
        fit = fit_cameras(predicted, known)
        off.append(((fit.scale - scale) / fit.scale_sigma,
                    angle(fit.rotation @ rotation.T) / math.sqrt(3) / fit.rotation_sigma))
    spread = np.sqrt(np.mean(np.square(off), axis=0))
    assert (spread > 0.4).all() and (spread < 1.3).all()


@FEW
@given(SEEDS)
def test_the_fit_moves_with_both_gauges(seed):
    rng = np.random.default_rng(seed)
    predicted, known, *_ = gauges(rng, 'any', 5, noise=0.02)
    fit = fit_cameras(predicted, known)
    turn, unit = pose(Rotation.random(random_state=rng).as_matrix(), rng.normal(0, 3, 3)), 2.5
    moved = turn @ predicted
    moved[:, :3, 3] *= unit
    again = fit_cameras(moved, known)
    assert again.scale * unit == pytest.approx(fit.scale, rel=1e-6)
    np.testing.assert_allclose(again.rotation @ turn[:3, :3], fit.rotation, atol=1e-6)
    other = fit_cameras(predicted, turn @ known)
    assert other.scale == pytest.approx(fit.scale, rel=1e-6)
    np.testing.assert_allclose(other.rotation, turn[:3, :3] @ fit.rotation, atol=1e-6)


def test_a_baseline_within_the_known_poses_error_tells_no_scale():
    predicted, known, *_ = gauges(np.random.default_rng(9), 'any', 2)
    apart = float(np.linalg.norm(known[1, :3, 3] - known[0, :3, 3]))
    assert math.isnan(fit_cameras(predicted, known, known_sigma=apart).scale)
    told = fit_cameras(predicted, known, known_sigma=0.1 * apart)
    assert told.scale_sigma / told.scale == pytest.approx(0.1 * math.sqrt(2), rel=0.05)


def test_poses_that_are_not_known():
    predicted, known, scale, *_ = gauges(np.random.default_rng(10), 'any', 4)
    known[2, 0, 3] = np.nan
    predicted[3] = np.inf
    fit = fit_cameras(predicted, known)
    assert fit.scale == pytest.approx(scale)
    np.testing.assert_array_equal(fit.kept, [True, True, False, False])
    assert fit_cameras(predicted[2:], known[2:]) is None
    assert fit_cameras(np.empty((0, 4, 4)), np.empty((0, 4, 4))) is None
    with pytest.raises(ValueError, match=r'\(K, 4, 4\)'):
        fit_cameras(predicted, known[:2])


# The ground.

def ground(rng, height, up, count=4000):
    """Points of a floor `height` below the camera, and of things on it."""
    across = rng.uniform(-2, 2, (count, 2)) * height
    tall = np.where(rng.random(count) < 0.5, 0, rng.uniform(0, 0.8, count) * height)
    level = np.column_stack([across, tall - height])
    level += 0.005 * height * rng.standard_normal(level.shape)
    turn, _ = Rotation.align_vectors([up], [[0, 0, 1.0]])
    return turn.apply(level)


@FEW
@given(SEEDS, st.floats(0.1, 10), st.floats(0.2, 2))
def test_the_scale_puts_the_floor_at_its_height(seed, scale, height):
    rng = np.random.default_rng(seed)
    up = Rotation.random(random_state=rng).apply([0, 0, 1])
    fit = ground_scale(ground(rng, height, up) / scale, up, height)
    assert fit.scale == pytest.approx(scale, rel=0.01)
    assert 0 < fit.scale_sigma < 0.05 * scale and 0.3 < fit.share < 0.7


def test_what_is_no_ground():
    rng = np.random.default_rng(11)
    wall = np.column_stack([rng.uniform(-1, 1, (500, 2)), np.full(500, 2.0)])
    up = np.array([0, -1.0, 0])
    assert ground_scale(wall, up, 1.0) is None
    assert ground_scale(np.empty((0, 3)), up, 1.0) is None
    for height in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match='above the floor'):
            ground_scale(wall, up, height)
