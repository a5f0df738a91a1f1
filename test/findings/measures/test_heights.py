"""Heights where the support is a mirror, or nothing is seen of it."""

from dataclasses import replace

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor
from raycast import UP

from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.support import support_under

CARTON, EYE = Box((0, 0, 0.1), (0.15, 0.12, 0.2)), (0.1, -0.9, 0.45)


def without_floor(*shapes):
    """A frame of `shapes`, the first asked about, on a floor that reads no depth."""
    frame, seen = frame_of([*shapes, Floor()], looking(EYE, (0, 0, 0.1)),
                           Sensor(np.random.default_rng(2)))
    return replace(frame, depth=np.where(seen == len(shapes), np.nan, frame.depth)), seen


def test_a_thing_on_a_floor_without_depth_is_measured_from_its_own_foot():
    found = measures.height(object_in([without_floor(CARTON)], 0))
    assert found.value == pytest.approx(0.2, abs=0.006)
    assert 'support is not seen' in found.note
    assert 0.005 < found.sigma.total < 0.02


def test_but_not_where_something_hides_its_foot():
    before = Box((0, -0.2, 0.06), (0.3, 0.04, 0.12))
    with pytest.raises(NotVisible, match='give one'):
        measures.height(object_in([without_floor(CARTON, before)], 0))


def test_what_a_shiny_floor_mirrors_is_no_support():
    sight = object_in([without_floor(CARTON)], 0).sights[0]
    across, along = np.meshgrid(np.linspace(-0.2, 0.2, 60), np.linspace(-0.1, 0.1, 60))
    down = np.full(across.shape, -0.12)
    mirrored = np.dstack([across, down - 0.1 + 0.3 * along, 1.2 * along]).reshape(-1, 3)
    assert support_under(sight, UP, mirrored) is None
    floor = mirrored * [1, 1, 0]
    assert support_under(sight, UP, floor).level == pytest.approx(0, abs=0.003)
