"""A camera's intrinsics: pixels to rays and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: distortion_model of sensor_msgs/CameraInfo → number of coefficients that must be there.
DISTORTION_MODELS = {'': 0, 'none': 0, 'plumb_bob': 5, 'rational_polynomial': 8, 'equidistant': 4}


@dataclass(frozen=True, eq=False)
class Camera:
    """Intrinsics of one camera at one resolution.

    `matrix` is (3, 3), pixels. With an empty `distortion` the image is rectified and rays are
    separable in u and v. Camera axes are optical: x right, y down, z forward.
    """

    name: str
    frame_id: str
    width: int
    height: int
    matrix: np.ndarray
    distortion_model: str = ''
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse intrinsics that cannot belong to a camera."""
        matrix = np.asarray(self.matrix, float)
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
            raise ValueError(f'camera {self.name!r}: matrix must be finite (3, 3), got {matrix}')
        if matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise ValueError(
                f'camera {self.name!r}: fx={matrix[0, 0]}, fy={matrix[1, 1]} must be positive '
                '(an uncalibrated driver publishes zeros)')
        if self.distortion_model not in DISTORTION_MODELS:
            raise ValueError(
                f'camera {self.name!r}: distortion model {self.distortion_model!r} is not one of '
                f'{sorted(DISTORTION_MODELS)}')
        object.__setattr__(self, 'matrix', matrix)

    @property
    def intrinsics(self) -> dict[str, float]:
        """`fx, fy, cx, cy` in pixels."""
        m = self.matrix
        return {'fx': float(m[0, 0]), 'fy': float(m[1, 1]),
                'cx': float(m[0, 2]), 'cy': float(m[1, 2])}

    @property
    def is_distorted(self) -> bool:
        """Whether rays need the distortion model."""
        return any(self.distortion)

    @cached_property
    def columns(self) -> np.ndarray:
        """(W,) ray x/z of each pixel column of an undistorted image, dimensionless."""
        m = self.matrix
        return (np.arange(self.width) - m[0, 2]) / m[0, 0]

    @cached_property
    def rows(self) -> np.ndarray:
        """(H,) ray y/z of each pixel row of an undistorted image, dimensionless."""
        m = self.matrix
        return (np.arange(self.height) - m[1, 2]) / m[1, 1]

    def normalized(self, pixels: np.ndarray) -> np.ndarray:
        """Ray directions (N, 2), x/z and y/z, of `pixels` (N, 2) in (u, v), distortion removed."""
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        m = self.matrix
        if not self.is_distorted:
            return (pixels - [m[0, 2], m[1, 2]]) / [m[0, 0], m[1, 1]]
        if not len(pixels):
            return np.empty((0, 2))
        import cv2
        points = np.ascontiguousarray(pixels).reshape(-1, 1, 2)
        coefficients = np.asarray(self.distortion, float)
        if self.distortion_model == 'equidistant':
            return cv2.fisheye.undistortPoints(points, m, coefficients[:4]).reshape(-1, 2)
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-9)
        return cv2.undistortPointsIter(
            points, m, coefficients, np.eye(3), np.eye(3), criteria).reshape(-1, 2)

    def project(self, points_camera: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of `points_camera` (N, 3) metres, optical frame; NaN behind the camera."""
        points = np.asarray(points_camera, float).reshape(-1, 3)
        m = self.matrix
        with np.errstate(divide='ignore', invalid='ignore'):
            xy = np.where(points[:, 2:] > 0, points[:, :2] / points[:, 2:], np.nan)
        if not self.is_distorted or not len(points):
            return xy * [m[0, 0], m[1, 1]] + [m[0, 2], m[1, 2]]
        import cv2
        coefficients = np.asarray(self.distortion, float)
        if self.distortion_model == 'equidistant':
            return cv2.fisheye.distortPoints(
                xy.reshape(-1, 1, 2), m, coefficients[:4]).reshape(-1, 2)
        zeros = np.zeros(3)
        rays = np.column_stack([xy, np.ones(len(xy))])
        return cv2.projectPoints(rays, zeros, zeros, m, coefficients)[0].reshape(-1, 2)
