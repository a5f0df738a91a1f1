"""sensor_msgs/CameraInfo and the intrinsics of the image beside it."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene.camera import DISTORTION_MODELS

_NO_DISTORTION = ('', 'none')


def camera_of(info: CameraInfo, name: str, rectified: bool) -> Camera:
    """Intrinsics of the image that `info` came with, binning and region of interest applied.

    `rectified` takes P and ignores D; otherwise K and D hold. Raises ValueError saying what the
    calibration lacks.
    """
    matrix = np.array(info.p if rectified else info.k, float).reshape(3, -1)[:, :3].copy()
    if not matrix[0, 0] or not matrix[1, 1]:
        raise ValueError(
            f'camera {name!r}: {"P" if rectified else "K"} of its camera_info is empty; calibrate '
            f'the camera, or set rectified to {str(not rectified).lower()} if that fits the image')
    binning_x, binning_y = max(info.binning_x, 1), max(info.binning_y, 1)
    roi = info.roi
    width, height = (roi.width or info.width), (roi.height or info.height)
    matrix[0, 2] -= roi.x_offset
    matrix[1, 2] -= roi.y_offset
    matrix[0] /= binning_x
    matrix[1] /= binning_y
    model, coefficients = ('', ()) if rectified else _distortion(info, name)
    return Camera(name, info.header.frame_id, width // binning_x, height // binning_y, matrix,
                  model, coefficients)


def _distortion(info: CameraInfo, name: str) -> tuple[str, tuple[float, ...]]:
    coefficients = tuple(float(value) for value in info.d)
    if not any(coefficients):
        return '', ()
    needed = DISTORTION_MODELS.get(info.distortion_model)
    if needed is None or info.distortion_model in _NO_DISTORTION:
        raise ValueError(
            f'camera {name!r}: distortion model {info.distortion_model!r} is not read; it may be '
            f'{", ".join(m for m in DISTORTION_MODELS if m not in _NO_DISTORTION)}, or subscribe '
            'to the rectified image')
    if len(coefficients) < needed:
        raise ValueError(
            f'camera {name!r}: {info.distortion_model} takes {needed} coefficients, '
            f'camera_info has {len(coefficients)}')
    return info.distortion_model, coefficients


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
