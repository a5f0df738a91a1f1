"""Rigid transforms and directions."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.geometry.transforms import angle_between
from spatialclaw_ros.geometry.transforms import basis_with_third
from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.geometry.transforms import unit

#: A quarter turn about z, then a shift.
TURN = np.array([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])


def test_points_are_turned_and_then_shifted() -> None:
    np.testing.assert_allclose(transform(TURN, np.array([1.0, 2, 3])), [3, 7, 10])
    grid = np.zeros((4, 2, 3))
    np.testing.assert_allclose(transform(TURN, grid), np.broadcast_to([5.0, 6, 7], grid.shape))


def test_the_inverse_takes_points_back() -> None:
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(transform(inverse(TURN), transform(TURN, points)), points)
    np.testing.assert_allclose(inverse(TURN) @ TURN, np.eye(4), atol=1e-15)


@pytest.mark.parametrize('vector', [[0, 0, 0], [np.nan, 0, 1], [np.inf, 0, 0]])
def test_what_has_no_direction_is_refused(vector: list[float]) -> None:
    with pytest.raises(ValueError, match='no direction'):
        unit(np.array(vector))


@pytest.mark.parametrize('direction', [[0, 0, 2], [0, 0, -1], [1, 1, 1], [0.3, -5, 0]])
def test_a_basis_is_right_handed_about_its_third_axis(direction: list[float]) -> None:
    basis = basis_with_third(np.array(direction, float))
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    assert np.linalg.det(basis) == pytest.approx(1)
    np.testing.assert_allclose(basis[:, 2], unit(np.array(direction)))


def test_small_and_straight_angles_keep_their_digits() -> None:
    x = np.array([1.0, 0, 0])
    for angle in (0.0, 1e-9, 0.5, np.pi / 2, np.pi - 1e-9, np.pi):
        turned = 3 * np.array([np.cos(angle), np.sin(angle), 0])
        assert angle_between(x, turned) == pytest.approx(angle, abs=1e-12)
