"""What one frame measures all over its image, asked at places in the world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.scene.camera import Camera

#: Sigmas within which a place agrees with what is read there, and is looked for in the image.
_SIGMAS, _ACROSS = 3.0, 2.0
#: Rows and columns of the pixels that are looked at, in radii of where the place may be.
_RINGS = np.array([(0, 0), *((v, u) for v in (-1, 0, 1) for u in (-1, 0, 1) if v or u),
                   (-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5)])
#: A radius of this share of the image's width is as good as not knowing where to look.
_WIDEST = 0.1
#: A place is seen through only where its own pixel is read, and more than this share of all.
_LEAST_READ = 0.75


@dataclass(frozen=True, eq=False)
class Look:
    """N places looked at in a frame, each at P pixels: its own, and rings as wide as errors are.

    `rows`, `columns` (N, P) int are pixels of the image, 0 where `inside` (N, P) bool is not.
    `behind` (N, P) is how far the place lies behind what is read there, in units of the distance
    within which both agree; NaN where nothing is read.
    """

    rows: np.ndarray
    columns: np.ndarray
    inside: np.ndarray
    behind: np.ndarray

    @cached_property
    def agrees(self) -> np.ndarray:
        """(N, P) bool: what is read may be at the place."""
        return np.abs(self.behind) <= 1

    @cached_property
    def silent(self) -> np.ndarray:
        """(N,) bool: the frame does not tell: hidden at a pixel, or what agrees may be unread."""
        read = ~np.isnan(self.behind)
        sure = read[:, 0] & (read.mean(axis=1) > _LEAST_READ)
        return (self.behind > 1).any(axis=1) | ~(sure | self.agrees.any(axis=1))

    @property
    def through(self) -> np.ndarray:
        """(N,) bool: the frame sees through the place: what is read is farther at each pixel."""
        return ~self.silent & ~self.agrees.any(axis=1)


@dataclass(frozen=True, eq=False)
class DepthView:
    """A frame's depth (H, W) metres, REP 117, seen from `view` through `camera`.

    `sigma` (H, W) metres is one sigma of each reading; None where `noise` tells it.
    """

    view: View
    camera: Camera
    depth: np.ndarray
    noise: DepthNoise
    sigma: np.ndarray | None = None

    def points(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """World points (N, 3) metres of pixels (N,) that have a reading."""
        z = self.depth[rows, columns].astype(float)
        rays = self.camera.normalized(np.column_stack([columns, rows]))
        local = np.column_stack([rays * z[:, None], z])
        return transform(self.view.camera_to_world, local)

    def error(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """One sigma (N,) metres, in any direction, of `points(rows, columns)`."""
        z = self.depth[rows, columns].astype(float)
        return np.sqrt(self._depth_variance(rows, columns, z) + self._pose_variance(z))

    def look(self, points: np.ndarray, error: np.ndarray, *, rings: bool = True) -> Look:
        """Look at `points` (N, 3) world metres, known to `error` (N,) metres, one sigma.

        Without `rings` at their own pixels only, P = 1.
        """
        about = _RINGS[:, ::-1] if rings else _RINGS[:1]
        local = transform(inverse(self.view.camera_to_world), points)
        z = np.where(local[:, 2] > 0, local[:, 2], np.nan)
        height, width = self.depth.shape
        variance = np.square(error) + self._pose_variance(z)
        radius = np.minimum(1 + _ACROSS * self.view.focal * np.sqrt(variance) / z, _WIDEST * width)
        pixels = self.camera.project(local)[:, None] + radius[:, None, None] * about
        with np.errstate(invalid='ignore'):
            inside = ((pixels > -0.5) & (pixels < [width - 0.5, height - 0.5])).all(axis=2)
        inside &= inside[:, :1]
        pixels = np.where(inside[..., None], pixels, 0).round().astype(int)
        columns, rows = np.moveaxis(pixels, 2, 0)
        readings = np.where(inside, self.depth[rows, columns], np.nan).astype(float)
        own = self._depth_variance(rows, columns, np.where(np.isfinite(readings), z[:, None], 0))
        with np.errstate(invalid='ignore'):
            behind = (z[:, None] - readings) / (_SIGMAS * np.sqrt(variance[:, None] + own))
        return Look(rows, columns, inside, behind)

    def _pose_variance(self, away: np.ndarray) -> np.ndarray:
        """m², each axis, by the error of the pose, of places `away` metres."""
        return np.asarray(self.view.pose_translation_sigma ** 2
                          + np.square(self.view.pose_rotation_sigma * away))

    def _depth_variance(self, rows: np.ndarray, columns: np.ndarray, z: np.ndarray) -> np.ndarray:
        """m², along the ray, of readings `z` metres at pixels."""
        own = self.noise.sigma(z) if self.sigma is None else np.nan_to_num(
            self.sigma[rows, columns].astype(float))
        return np.asarray(np.square(own) + np.square(self.view.bias_share * z))
