"""Pixels to rays and back, for every distortion model, against the models' own formulas."""

from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.geometry.backproject import crop_points
from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.scene import Camera

MATRIX = np.array([[300.0, 0, 159.5], [0, 310.0, 119.5], [0, 0, 1]])
MODELS = {
    '': (),
    'plumb_bob': (-0.28, 0.09, 0.001, -0.0007, -0.01),
    'rational_polynomial': (0.4, -0.2, 0.0005, 0.0003, 0.05, 0.6, -0.15, 0.04),
    'equidistant': (-0.02, 0.008, -0.003, 0.0006),
}
RAYS = np.array([[0.0, 0.0], [0.3, -0.2], [-0.45, 0.1], [0.2, 0.35]])


def camera(model: str) -> Camera:
    return Camera('camera', 'optical', 320, 240, MATRIX, model, MODELS[model])


def by_formula(model: str, ray: np.ndarray) -> list[float]:
    """Pixel of a ray (x/z, y/z), as sensor_msgs/distortion_models and REP 104 define it."""
    x, y = ray
    r2 = x * x + y * y
    if model == 'equidistant':
        theta = np.arctan(np.sqrt(r2))
        k1, k2, k3, k4 = MODELS[model]
        bent = theta * (1 + k1 * theta**2 + k2 * theta**4 + k3 * theta**6 + k4 * theta**8)
        scale = bent / np.sqrt(r2) if r2 else 1.0
        x, y = x * scale, y * scale
    elif model:
        k1, k2, p1, p2, k3, k4, k5, k6 = (*MODELS[model], 0.0, 0.0, 0.0)[:8]
        radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (
            1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
        x, y = (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y)
    return [MATRIX[0, 0] * x + MATRIX[0, 2], MATRIX[1, 1] * y + MATRIX[1, 2]]


@pytest.mark.parametrize('model', MODELS)
def test_points_are_projected_as_the_model_says(model: str) -> None:
    points = np.column_stack([RAYS, np.ones(len(RAYS))]) * [[2.0], [0.7], [1.3], [5.0]]
    expected = [by_formula(model, ray) for ray in RAYS]
    np.testing.assert_allclose(camera(model).project(points), expected, atol=1e-6)


@pytest.mark.parametrize('model', MODELS)
def test_pixels_become_the_rays_they_came_from(model: str) -> None:
    pixels = [by_formula(model, ray) for ray in RAYS]
    np.testing.assert_allclose(camera(model).normalized(pixels), RAYS, atol=1e-6)


@pytest.mark.parametrize('model', MODELS)
def test_depth_is_taken_along_the_ray_of_its_own_pixel(model: str) -> None:
    seen = camera(model)
    depth = np.full((240, 320), 1.5, np.float32)
    whole = frame_points(depth, seen)
    np.testing.assert_allclose(whole[..., 2], 1.5, rtol=1e-6)
    u, v = np.meshgrid([10, 160, 300], [20, 120, 230])
    pixels = np.column_stack([u.ravel(), v.ravel()])
    np.testing.assert_allclose(
        seen.project(whole[pixels[:, 1], pixels[:, 0]]), pixels, atol=0.01)
    crop = crop_points(depth[20:40, 10:50], (10, 20), seen)
    np.testing.assert_allclose(crop, whole[20:40, 10:50], atol=1e-5)


@pytest.mark.parametrize('model', MODELS)
def test_nothing_behind_the_camera_is_in_the_image(model: str) -> None:
    pixels = camera(model).project([[0.1, 0.1, -1.0], [0.1, 0.1, 0.0], [0.1, 0.1, 1.0]])
    assert np.isnan(pixels[:2]).all()
    assert np.isfinite(pixels[2]).all()
    assert camera(model).project(np.empty((0, 3))).shape == (0, 2)
    assert camera(model).normalized(np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(('matrix', 'model', 'words'), [
    (np.eye(4), '', r'\(3, 3\)'),
    (MATRIX * np.nan, '', 'finite'),
    (np.diag([0.0, 300.0, 1.0]), '', 'publishes zeros'),
    (MATRIX, 'thin_prism', 'thin_prism')])
def test_intrinsics_of_no_camera_are_refused(matrix: np.ndarray, model: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Camera('camera', 'optical', 320, 240, matrix, model)
