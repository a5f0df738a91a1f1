"""Intrinsics as a sensor_msgs/CameraInfo."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo

from spatialclaw_ros.scene import Camera


def info_of(camera: Camera) -> CameraInfo:
    """Message of `camera`, header stamp left zero; P equals K."""
    matrix = camera.matrix
    info = CameraInfo(height=int(camera.height), width=int(camera.width))
    info.header.frame_id = camera.frame_id
    info.distortion_model = camera.distortion_model or 'plumb_bob'
    info.d = [float(value) for value in camera.distortion] or [0.0] * 5
    info.k = [float(value) for value in matrix.reshape(-1)]
    info.r = [float(value) for value in np.eye(3).reshape(-1)]
    info.p = [float(value) for value in np.column_stack([matrix, np.zeros(3)]).reshape(-1)]
    return info
