"""What Depth Anything 3 says of frames, before anything else is believed."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.weights.licences import Licence


@dataclass(frozen=True, eq=False)
class Prediction:
    """Depth, and relative poses, of K frames in one gauge: one unknown scale for all of them.

    `depth` K × (H, W) float32 z along the optical axis on each sensor's pixels, NaN where the
    network sees sky; metres where `is_metric`, else up to that scale. `confidence` K × (H, W)
    float32 in 0–1, the higher the better, by the rule of `confidence.of_network`.
    `camera_to_world` (K, 4, 4) in the unit of `depth` and in a world of the network's own, None
    for networks of single views.
    """

    depth: list[np.ndarray]
    confidence: list[np.ndarray]
    camera_to_world: np.ndarray | None
    is_metric: bool
    checkpoint: str
    licence: Licence


@dataclass(frozen=True, eq=False)
class NetworkView:
    """What the network says of one frame, on its own pixels: as `Prediction`, without the K.

    `depth`, `confidence` (h, w) float32. `matrix` (3, 3) are the intrinsics that it found, or the
    camera's own where it finds none, in sensor pixels.
    """

    resizing: Resizing
    depth: np.ndarray
    confidence: np.ndarray
    camera_to_world: np.ndarray | None
    matrix: np.ndarray

    def at(self, values: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Nearest of `values` (h, w) at sensor `pixels` (N, 2); NaN outside the image."""
        with np.errstate(invalid='ignore'):
            place = np.rint(self.resizing.points(pixels))
            width, height = self.resizing.network
            inside = ((place >= 0) & (place < (width, height))).all(axis=1)
        column, row = np.where(inside[:, None], place, 0).astype(int).T
        return np.where(inside, values[row, column], np.nan)

    def scaled(self, scale: float) -> NetworkView:
        """The same in a gauge that is `scale` times as large."""
        pose = self.camera_to_world
        if pose is not None:
            pose = pose.copy()
            pose[:3, 3] *= scale
        return replace(self, depth=self.depth * np.float32(scale), camera_to_world=pose)

    def unknown(self) -> NetworkView:
        """The same without depth and pose, as of a frame whose gauge is joined to no other."""
        return replace(self, depth=np.full_like(self.depth, np.nan),
                       confidence=np.zeros_like(self.confidence), camera_to_world=None)


@dataclass(frozen=True, eq=False)
class Gauge:
    """Views of one unknown scale, in one world of the network's own; metres where `is_metric`.

    A network of single views does not relate them (`is_related`): each has a scale of its own.
    """

    views: tuple[NetworkView, ...]
    is_related: bool
    is_metric: bool
    checkpoint: str
    licence: Licence
