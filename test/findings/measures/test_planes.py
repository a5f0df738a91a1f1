"""Angles of planes: what a wrong focal length does to them."""

import numpy as np
import pytest
from raycast import CAMERA
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in

from spatialclaw_ros.findings.measures.planes import camera_angle
from spatialclaw_ros.findings.measures.planes import camera_height
from spatialclaw_ros.findings.measures.planes import plane
from spatialclaw_ros.scene import Camera


def floor_seen(steepness, focal_error=0.0):
    pose = looking((0, 0, 1.0), (0, np.cos(steepness), 1 - np.sin(steepness)))
    depth, seen = frame_of([Floor()], pose)[0].depth, frame_of([Floor()], pose)[1]
    matrix = CAMERA.matrix.copy()
    matrix[[0, 1], [0, 1]] *= 1 + focal_error
    told = Camera(CAMERA.name, CAMERA.frame_id, CAMERA.width, CAMERA.height, matrix)
    frame = frame_of([Floor()], pose, camera=told)[0]
    frame.depth[:] = depth
    found = object_in([(frame, seen)], 0)
    return plane(found), found.views[-1]


@pytest.mark.parametrize('degrees', [20, 45, 80])
def test_a_focal_error_moves_the_angle_and_height_by_what_their_sigma_says(degrees):
    steepness = np.radians(degrees)
    surface, view = floor_seen(steepness)
    angle, height = camera_angle(surface, view), camera_height(surface, view)
    assert np.degrees(angle.value) == pytest.approx(degrees, abs=0.05)
    moved = camera_angle(*floor_seen(steepness, view.focal_share))
    assert angle.sigma.total == pytest.approx(abs(moved.value - angle.value), rel=0.25)
    rise = camera_height(*floor_seen(steepness, view.focal_share)).value - height.value
    assert height.sigma.frame == pytest.approx(np.hypot(view.bias_share, rise), rel=0.05)
