from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.geometry.confidence import AT_STEP
from spatialclaw_ros.geometry.confidence import BESIDE_HOLE
from spatialclaw_ros.geometry.confidence import depth_confidence
from spatialclaw_ros.geometry.confidence import ON_SURFACE
from spatialclaw_ros.geometry.noise import DepthNoise


def confidence(depth: np.ndarray) -> np.ndarray:
    known = np.where(np.isfinite(depth), depth, np.nan)
    return depth_confidence(depth, DepthNoise().sigma(known), 500.0)


def test_a_step_a_hole_and_a_surface():
    depth = np.full((6, 10), 1.0, np.float32)
    depth[:, 5:] = 1.4
    depth[0, 0], depth[5, 0], depth[5, 1] = np.nan, np.inf, -np.inf
    found = confidence(depth)
    assert found.dtype == np.float32
    assert (found[:, 4:6] == np.float32(AT_STEP)).all()
    assert found[0, 0] == found[5, 0] == found[5, 1] == 0
    assert found[0, 1] == found[1, 0] == np.float32(BESIDE_HOLE)
    assert found[2, 2] == np.float32(ON_SURFACE)


def test_a_slanted_surface_is_no_step():
    rows = np.arange(200)[:, None]
    slanted = np.repeat(1.0 / (1.0 - rows * np.tan(np.radians(70)) / 500.0 * 0.3), 50, axis=1)
    assert confidence(slanted.astype(np.float32)).min() == pytest.approx(ON_SURFACE)


def test_noise_alone_seldom_makes_a_step():
    rng = np.random.default_rng(1)
    for z in (0.5, 1.0, 3.0):
        noisy = z + rng.normal(0, DepthNoise().sigma(np.float64(z)), (200, 200))
        assert (confidence(noisy.astype(np.float32)) == np.float32(AT_STEP)).mean() < 0.01
