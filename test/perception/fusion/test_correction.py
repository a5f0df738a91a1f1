from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.perception.fusion.correction import blocks_of
from spatialclaw_ros.perception.fusion.correction import corrected

SLOPE = 0.05


def strip(half: int) -> np.ndarray:
    """Ratios of 0.1 (160, 160) with a hole of 2 half + 1 columns in the middle."""
    ratio = np.full((160, 160), 0.1)
    ratio[:, 80 - half:81 + half] = np.nan
    return ratio


@pytest.mark.parametrize('half', [6, 12, 20])
def test_distance_in_the_middle_of_a_strip_is_its_half_width_and_the_smoothing(half):
    field = corrected(blocks_of(np.zeros((160, 160)), strip(half)), SLOPE, (160, 160))
    assert field.distance[80, 80] == pytest.approx(half + 0.02 * 160, rel=0.1)
    assert field.distance[80, :20].max() < 0.5


def test_distance_ends_at_the_reach():
    ratio = np.full((160, 160), np.nan)
    ratio[:, 0] = 0.1
    field = corrected(blocks_of(np.zeros((160, 160)), ratio), SLOPE, (160, 160))
    assert 80 < field.distance.max() <= np.sqrt(2) * 80 + 1e-6


def test_a_correction_goes_on_along_a_surface_and_not_across_a_step():
    depth_log = np.zeros((160, 160))
    depth_log[:, 81:] = 0.7
    ratio = strip(20)
    ratio[:, 101:] = -0.2
    field = corrected(blocks_of(depth_log, ratio), SLOPE, (160, 160))
    assert np.abs(field.log_ratio[:, 62:79] - 0.1).max() < 0.02
    assert np.abs(field.log_ratio[:, 83:99] + 0.2).max() < 0.02
