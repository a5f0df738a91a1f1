"""Intrinsics of the image that a sensor_msgs/CameraInfo came with."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.camera import DISTORTION_MODELS

_NO_DISTORTION = ('', 'none')


def camera_of(info: Any, name: str, rectified: bool) -> Camera:
    """Intrinsics of the image that `info` came with, binning and region of interest applied.

    `info` has the fields of sensor_msgs/CameraInfo, whoever decoded it.
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


def _distortion(info: Any, name: str) -> tuple[str, tuple[float, ...]]:
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
