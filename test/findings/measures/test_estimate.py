"""Views of one thing as one measure: none counts for more than its errors allow."""

from dataclasses import replace

import numpy as np
import pytest

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.sight import PointSight
from spatialclaw_ros.findings.surface import PointSurface
from spatialclaw_ros.findings.surface import View


def estimate(value, sigma, frame=0):
    return Estimate(value, np.zeros(2), sigma, 0.0, 0.0, np.zeros((2, 3)), (frame,))


@pytest.mark.parametrize('sign', [1, -1])
def test_a_poor_view_does_not_decide_an_extremum(sign):
    good, poor = estimate(sign * 1.0, 0.002), estimate(sign * 1.015, 0.02, 1)
    found, note = combined([good, poor], extremum=sign)
    assert sign * found.value == pytest.approx(1.0, abs=0.001)
    assert found.sigma.total < 0.0025
    assert not note


@pytest.mark.parametrize('sign', [1, -1])
def test_what_only_one_view_shows_is_the_extremum(sign):
    hidden, whole = estimate(sign * 1.0, 0.002), estimate(sign * 1.1, 0.004, 1)
    found, note = combined([hidden, whole], extremum=sign)
    assert sign * found.value == pytest.approx(1.1)
    assert found.sigma.total == pytest.approx(0.004)
    assert 'views differ' in note


def test_views_alike_are_averaged_and_the_extremum_is_not_biased():
    rng = np.random.default_rng(1)
    found = [combined([estimate(value, 0.01, i) for i, value in enumerate(drawn)], extremum=1)[0]
             for drawn in 1 + 0.01 * rng.standard_normal((4000, 2))]
    errors = np.array([one.value for one in found]) - 1
    assert abs(errors.mean()) < 0.0015
    assert errors.std() < 0.0085
    assert np.mean(np.abs(errors) < 1.96 * np.array([one.sigma.total for one in found])) > 0.92


def test_views_that_differ_beyond_their_errors_widen_a_mean():
    found, note = combined([estimate(1.0, 0.001), estimate(1.02, 0.001, 1)])
    assert found.value == pytest.approx(1.01)
    assert found.sigma.total > 0.009
    assert 'views differ' in note


def test_where_views_show_different_parts_their_difference_is_no_error():
    found, note = combined([estimate(1.0, 0.001), estimate(1.02, 0.001, 1)], parts_differ=True)
    assert found.value == pytest.approx(1.01)
    assert found.sigma.total == pytest.approx(0.001)
    assert 'views differ' in note


def test_where_views_differ_the_one_of_small_told_errors_does_not_decide():
    found, _ = combined([estimate(1.0, 0.001), estimate(1.04, 0.004, 1)])
    assert found.value == pytest.approx(1.02, abs=0.002)
    alike, _ = combined([estimate(1.0, 0.001), estimate(1.004, 0.004, 1)])
    assert alike.value == pytest.approx(1.0, abs=0.0005)


@pytest.mark.parametrize(('offset', 'mean'), [(0.008, 1.01), (0.1, 1.0)])
def test_a_view_that_shows_the_same_places_counts_though_its_extremum_is_another(offset, mean):
    """Else the smallest of several poor calibrations would be told; what is hidden there is not."""
    views = []
    for i, (value, shift) in enumerate(((1.0, 0.0), (1.02, offset))):
        ends = np.array([[shift, 0, 1], [1.0 + shift, 0, 1]])
        seen = tuple((end, PointSight(PointSurface(end[None], np.zeros(1)))) for end in ends)
        views.append(replace(estimate(value, 0.001, i), points=ends, ends=seen))
    found, _ = combined(views, extremum=-1)
    assert found.value == pytest.approx(mean, abs=1e-6)


def test_no_view_is_an_error():
    with pytest.raises(NotVisible, match='no view'):
        combined([])


def view(frame, camera, y=0.0):
    """A camera at (0, y, 0) that looks along z, of depth half a percent off and exact focus."""
    pose = np.eye(4)
    pose[1, 3] = y
    return View(frame, camera, 0, pose, 0.005, 0.0, 0.003, 0.0, 'world', 500.0)


@pytest.mark.parametrize(('second', 'expected'), [
    (view(0, 'front'), 0.005), (view(1, 'front'), 0.005),
    (view(1, 'rear'), 0.005 * np.hypot(2, 3))])
def test_depth_bias_is_the_cameras_in_all_of_its_frames(second, expected):
    """Along the line of sight 2 m and 3 m are 1 m apart, and so are both told too far."""
    ends = [(np.array([[0.0, 0, 2]]), view(0, 'front')), (np.array([[0.0, 0, 3]]), second)]
    found = frame_sigma(lambda points: float(points[1][0, 2] - points[0][0, 2]), ends)
    assert found == pytest.approx(expected)


def test_poses_err_in_every_frame_by_themselves():
    first, second = view(0, 'front'), view(1, 'front')
    ends = [(np.array([[0.0, 0, 2]]), first), (np.array([[0.0, 0, 3]]), second)]

    def apart(points):
        return float(points[1][0, 2] - points[0][0, 2])
    assert pose_sigma(apart, ends) == pytest.approx(0.003 * np.sqrt(2))
    assert pose_sigma(apart, [ends[0], (ends[1][0], first)]) == pytest.approx(0, abs=1e-9)


def test_what_the_camera_errs_by_does_not_shrink_with_more_views():
    views = [replace(estimate(1.0, 0.01, i), frame=0.005) for i in range(4)]
    found, _ = combined(views)
    assert found.sigma.mask == pytest.approx(0.01), 'masks err alike too'
    assert found.sigma.frame == pytest.approx(0.005)
