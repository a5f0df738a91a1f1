"""Planes through points that lie on a known one, among others that do not."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.geometry.planes import dominant_plane
from spatialclaw_ros.geometry.planes import least_squares_plane

NORMAL = np.array([0.0, 0.6, 0.8])


def on_plane(rng: np.random.Generator, count: int, noise: float = 0.0) -> np.ndarray:
    """Points (count, 3) of the plane NORMAL · x = 2, metres, moved off it by `noise`."""
    across = np.array([[1.0, 0, 0], [0, 0.8, -0.6]])
    return (rng.uniform(-1, 1, (count, 2)) @ across
            + NORMAL * (2 + rng.normal(0, noise, (count, 1)) if noise else 2))


def test_least_squares_goes_through_exact_points() -> None:
    normal, offset = least_squares_plane(on_plane(np.random.default_rng(0), 20))
    sign = np.sign(normal @ NORMAL)
    np.testing.assert_allclose(sign * normal, NORMAL, atol=1e-9)
    assert sign * offset == pytest.approx(2)


def test_the_dominant_plane_is_found_among_others() -> None:
    rng = np.random.default_rng(1)
    points = np.vstack([on_plane(rng, 600, 0.002), rng.uniform(-2, 3, (400, 3))])
    fit = dominant_plane(points, 0.01)
    assert fit is not None
    facing = fit.facing(NORMAL * 9)
    np.testing.assert_allclose(facing.normal, NORMAL, atol=0.005)
    assert facing.offset == pytest.approx(2, abs=0.002)
    assert fit.inliers[:600].mean() > 0.95 and fit.inliers[600:].mean() < 0.05
    assert fit.residual == pytest.approx(0.002, rel=0.25)
    assert facing.height(np.zeros(3)) == pytest.approx(-2, abs=0.002)


def test_a_direction_passes_over_what_lies_otherwise() -> None:
    rng = np.random.default_rng(2)
    level = np.column_stack([rng.uniform(-1, 1, (200, 2)), np.zeros(200)])
    points = np.vstack([on_plane(rng, 600, 0.001), level])
    fit = dominant_plane(points, 0.01, np.array([0.0, 0, 1]), np.deg2rad(10))
    assert fit is not None
    np.testing.assert_allclose(np.abs(fit.normal), [0, 0, 1], atol=0.01)
    assert dominant_plane(points[:600], 0.01, np.array([1.0, 0, 0]), np.deg2rad(10)) is None


@pytest.mark.parametrize('points', [np.zeros((2, 3)), np.zeros((9, 3)), np.eye(3)[[0, 0, 0]]])
def test_too_few_or_equal_points_have_no_plane(points: np.ndarray) -> None:
    assert dominant_plane(points, 0.01) is None
