"""What one camera saw at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.region import Region


@dataclass(frozen=True)
class PoseSigma:
    """One-sigma error of a camera's pose: metres of position, radians about each axis."""

    translation: float = 0.0
    rotation: float = 0.0


@dataclass(frozen=True, eq=False)
class LabelImage:
    """A class per pixel: `ids` (H, W) integers and the class map id → name (0 = background)."""

    ids: np.ndarray
    names: dict[int, str]


@dataclass(frozen=True, eq=False)
class Frame:
    """One image with everything measured at its own stamp.

    `image` is (H, W, 3) uint8 RGB. `depth` is (H, W) float32, z in metres along the optical
    axis, with REP 117 kept apart: NaN unknown, +Inf beyond range, -Inf too close; None without a
    depth sensor. `camera_to_world` is (4, 4) extrinsics, optical axes, or None where the pose is
    unknown: then the frame is a world of its own. `stamp` is nanoseconds; `noise` is the depth
    sensor's.
    """

    index: int
    stamp: int
    camera: Camera
    image: np.ndarray
    depth: np.ndarray | None = None
    camera_to_world: np.ndarray | None = None
    pose_sigma: PoseSigma = PoseSigma()
    regions: tuple[Region, ...] = ()
    labels: LabelImage | None = None
    noise: DepthNoise = DepthNoise()

    def __post_init__(self) -> None:
        """Refuse a depth image that is not registered to the colour image's pixels."""
        size = (self.camera.height, self.camera.width)
        if self.image.shape != (*size, 3) or self.image.dtype != np.uint8:
            raise ValueError(
                f'frame {self.index}: image is {self.image.dtype}{list(self.image.shape)}, the '
                f'camera {self.camera.name!r} says uint8[{size[0]}, {size[1]}, 3]')
        if self.depth is not None and self.depth.shape != size:
            raise ValueError(
                f'frame {self.index}: depth is {self.depth.shape[1]}x{self.depth.shape[0]}, the '
                f'image {size[1]}x{size[0]}; register the depth to the colour image first '
                '(depth_image_proc RegisterNode)')
