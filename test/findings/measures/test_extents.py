"""The width of a thing is that of its face, not of its silhouette."""

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor

from spatialclaw_ros.findings import measures


@pytest.mark.parametrize('yaw', [0.0, 0.4, -0.5])
def test_a_box_seen_obliquely_is_as_wide_as_its_face(yaw):
    carton = Box((0, 0, 0.1), (0.2, 0.12, 0.2), yaw)
    frame = frame_of([carton, Floor()], looking((0, -1.0, 0.5), (0, 0, 0.1)),
                     Sensor(np.random.default_rng(3)))
    thing = object_in([frame], 0)
    assert measures.extent(thing, 'width').value == pytest.approx(0.2, abs=0.008)
    assert measures.extent(thing, 'depth').value == pytest.approx(0.12, abs=0.01)
