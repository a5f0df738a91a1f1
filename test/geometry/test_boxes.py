"""Boxes about points whose box is known."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.geometry.boxes import convex_outline
from spatialclaw_ros.geometry.boxes import principal_axes
from spatialclaw_ros.geometry.boxes import smallest_rectangle
from spatialclaw_ros.geometry.boxes import upright_axes

SIDES = np.array([0.4, 0.2, 0.1])


def about_z(angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def turned(angle: float) -> np.ndarray:
    """(8, 3) corners of a box of SIDES, metres, turned by `angle` rad about z."""
    corners = np.stack(np.meshgrid(*([-0.5, 0.5],) * 3), axis=-1).reshape(-1, 3) * SIDES
    return corners @ about_z(angle).T


@pytest.mark.parametrize('angle', [0.0, 0.3, 1.2, -0.7])
def test_an_upright_box_has_its_longer_side_first(angle: float) -> None:
    points = turned(angle) + np.array([1.0, 2.0, 3.0])
    axes = upright_axes(points, np.array([0.0, 0, 1]))
    np.testing.assert_allclose(np.ptp(points @ axes, axis=0), SIDES)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    np.testing.assert_allclose(axes[:, 2], [0, 0, 1])
    assert abs(axes[:, 0] @ [np.cos(angle), np.sin(angle), 0]) == pytest.approx(1)


def test_stray_points_do_not_turn_a_box_that_leaves_a_share_out() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(-0.5, 0.5, (4000, 3)) * SIDES @ about_z(0.5).T
    stray = np.array([[0.5, -0.4, 0.0], [-0.5, 0.45, 0.0]])
    axes = upright_axes(np.vstack([points, stray]), np.array([0.0, 0, 1]), 0.02)
    assert abs(axes[:, 0] @ [np.cos(0.5), np.sin(0.5), 0]) > np.cos(np.deg2rad(2))


def test_without_an_up_the_third_axis_is_that_of_least_spread() -> None:
    points = turned(0.3)[:, [2, 0, 1]]
    axes = principal_axes(points)
    np.testing.assert_allclose(np.ptp(points @ axes, axis=0), SIDES)
    np.testing.assert_array_equal(principal_axes(points[:2]), np.eye(3))


@pytest.mark.parametrize('points', [
    [[0.0, 0]], [[0.0, 0], [1, 1]], [[0.0, 0], [1, 1], [2, 2], [0.5, 0.5]]])
def test_flat_points_have_an_outline_and_an_angle(points: list[list[float]]) -> None:
    given = np.array(points)
    outline = convex_outline(given)
    assert set(map(tuple, outline)) <= set(map(tuple, given))
    assert smallest_rectangle(given) == pytest.approx(0.0 if len(points) == 1 else np.pi / 4)
