"""What a network filled in errs as a whole, and not as the sensor's readings beside it do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import part_of
from raycast import Sensor

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.depth_errors import depth_errors
from spatialclaw_ros.findings.errors import TooClose
from spatialclaw_ros.findings.measures.closest import closest_distance
from spatialclaw_ros.findings.measures.heights import height
from spatialclaw_ros.findings.measures.places import centroid_distance
from spatialclaw_ros.findings.measures.places import position
from spatialclaw_ros.findings.measures.planes import plane
from spatialclaw_ros.findings.measures.relations import direction
from spatialclaw_ros.findings.measures.standing import on
from spatialclaw_ros.scene import PoseSigma

POSE = looking((0, -1.6, 0.9), (0, 0, 0.1))
SHAPES = [Box((-0.2, -0.15, 0.1), (0.16, 0.14, 0.2)), Box((0.25, 0.3, 0.12), (0.2, 0.16, 0.24)),
          Floor()]
UP = np.array([0, 0, 1.0])
BIAS = 0.03


def geometry_of(frame, seen, filled, bias=BIAS, off=0.0, **more) -> FrameGeometry:
    """The shapes `filled` are from a network, `off` by a share of range and sure to `bias`."""
    mask = np.isin(seen, filled)
    depth = np.where(mask, frame.depth * (1 + off), frame.depth).astype(np.float32)
    noise = frame.noise.sigma(depth)
    return FrameGeometry(
        frame.index, depth, frame.noise,
        sigma=np.where(mask, np.hypot(noise, bias * depth), noise).astype(np.float32),
        bias=np.where(mask, bias, 0).astype(np.float32), **more)


def objects(filled, seed=0, names=('near', 'far', 'floor'), **more):
    frame, seen = frame_of(SHAPES, POSE, Sensor(np.random.default_rng(seed)))
    geometry = geometry_of(frame, seen, filled, **more)
    return [build_object(name, [replace(part_of(frame, seen == i), geometry=geometry)], UP)
            for i, name in enumerate(names)]


def truth():
    return objects(())


@pytest.mark.parametrize('measure', [closest_distance, centroid_distance])
def test_a_distance_between_filled_and_measured_holds_within_its_sigma(measure):
    expected = measure(*truth()[:2]).value
    generator = np.random.default_rng(5)
    within = []
    for seed in range(12):
        near, far, _ = objects((1,), seed, off=generator.normal(0, BIAS))
        found = measure(near, far)
        within.append(abs(found.value - expected) < 2 * found.sigma.total)
        assert found.sigma.frame > 0.3 * BIAS * 2.0
    assert np.mean(within) > 0.8
    blind = measure(*objects((1,), off=0.06, bias=0.0)[:2])
    assert abs(blind.value - expected) > 2 * blind.sigma.total


def test_two_filled_things_err_each_for_itself_and_two_measured_ones_together():
    measured, one, other, both = (closest_distance(*objects(filled)[:2]).sigma.frame
                                  for filled in ((), (0,), (1,), (0, 1)))
    assert measured < 0.005
    assert both == pytest.approx(np.hypot(one, other), rel=0.1)


def test_which_side_something_filled_is_on_is_less_sure():
    (near, far, _), (plain, other, _) = objects((0,)), truth()
    found, expected = (direction(a, b, among=('front', 'behind'))
                       for a, b in ((near, far), (plain, other)))
    assert found.word == expected.word == 'front'
    assert found.margin_sigma > 0.7 * BIAS * 1.8 > 2 * expected.margin_sigma


def test_a_plane_through_something_filled_is_less_sure():
    found, expected = (plane(things[2], things[2].views[0], UP)
                       for things in (objects((2,)), truth()))
    assert found.offset_sigma == pytest.approx(BIAS * POSE[2, 3], rel=0.1)
    assert expected.offset_sigma < 0.3 * found.offset_sigma


def test_a_height_of_something_filled_above_a_measured_floor():
    expected = height(truth()[0])
    assert expected.sigma.frame < 0.005
    for off in (0.0, -0.01):
        found = height(objects((0,), off=off)[0])
        assert found.sigma.frame > 0.01
        assert abs(found.value - expected.value) < 2 * found.sigma.total


def test_whether_something_filled_stands_on_something_measured_is_less_sure():
    near, _, floor = objects((0,))
    plain, _, ground = truth()
    assert on(near, floor).margin_sigma > 3 * on(plain, ground).margin_sigma


def test_a_place_of_something_filled_is_unsure_along_the_ray():
    filled, measured = objects((0,))[0], truth()[0]
    ray = filled.centroid - POSE[:3, 3]
    ray /= np.linalg.norm(ray)
    away = np.linalg.norm(filled.centroid - POSE[:3, 3])
    for found in (position(filled).covariance, filled.found().pose_covariance[:3, :3]):
        assert np.sqrt(ray @ found @ ray) == pytest.approx(BIAS * away, rel=0.3)
    assert np.sqrt(ray @ position(measured).covariance @ ray) < 0.5 * BIAS * away


def test_points_have_the_error_of_their_own_alone():
    filled, measured = objects((0,))[0], truth()[0]
    assert np.nanmedian(filled.sigma) == pytest.approx(np.nanmedian(measured.sigma), rel=0.3)
    assert len(filled.points) == pytest.approx(len(measured.points), rel=0.05)


def test_what_readings_err_by_alone_and_together():
    frame, seen = frame_of(SHAPES, POSE)
    geometry = geometry_of(frame, seen, (0,))
    window, own = np.s_[:, :], seen == 0
    depth = geometry.depth.astype(float)
    alone, shared = depth_errors(geometry, window, depth, own)
    assert shared == pytest.approx(BIAS)
    np.testing.assert_allclose(alone[own], frame.noise.sigma(depth[own]), rtol=0.05)
    v, u = np.argwhere(own)[50]
    sigma = geometry.sigma.copy()
    sigma[v, u] = 0.5
    alone, _ = depth_errors(replace(geometry, sigma=sigma), window, depth, own)
    assert alone[v, u] == pytest.approx(3 * np.median(alone[own]), rel=0.01)
    plain, shared = depth_errors(replace(geometry, sigma=None, bias=None), window, depth, own)
    np.testing.assert_allclose(plain[own], frame.noise.sigma(depth[own]))
    assert shared == 0.0
    total, shared = depth_errors(replace(geometry, bias=None), window, depth, own)
    np.testing.assert_array_equal(total[own], geometry.sigma[own])
    assert shared == 0.0


def test_a_part_that_was_filled_counts_as_such():
    frame, seen = frame_of(SHAPES, POSE, Sensor(np.random.default_rng(0)))
    rows, _ = np.nonzero(seen == 0)
    parted = np.where((seen == 0) & (np.arange(240)[:, None] < np.quantile(rows, 0.25)), 7, seen)
    geometry = geometry_of(frame, parted, (7,))
    thing = build_object('thing', [replace(part_of(frame, seen == 0), geometry=geometry)], UP)
    assert thing.views[0].own_bias_share == pytest.approx(BIAS / 2, rel=0.1)


def test_too_close_is_not_hidden_by_what_was_filled():
    frame, seen = frame_of(SHAPES, POSE)
    geometry = geometry_of(frame, seen, (0,))
    rows, _ = np.nonzero(seen == 0)
    close = (seen == 0) & (np.arange(240)[:, None] > np.quantile(rows, 0.7))
    depth = np.where(close, -np.inf, geometry.depth).astype(np.float32)
    with pytest.raises(TooClose, match='too close'):
        build_object('near', [replace(part_of(frame, seen == 0),
                                      geometry=replace(geometry, depth=depth))], UP)


def test_an_engine_that_found_the_pose_tells_its_error_too():
    frame, seen = frame_of(SHAPES, POSE)
    told = PoseSigma(0.05, 0.02)
    part = replace(part_of(frame, seen == 0),
                   geometry=geometry_of(frame, seen, (), pose_sigma=told))
    view = build_object('near', [part], UP).views[0]
    assert (view.pose_translation_sigma, view.pose_rotation_sigma) == (0.05, 0.02)
