"""The network itself: images of one size in, arrays out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.perception.depth_anything.checkpoint import built
from spatialclaw_ros.perception.device import device_of
from spatialclaw_ros.perception.device import memory_told
from spatialclaw_ros.perception.device import precision_of
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.weights.checkpoints import located

if TYPE_CHECKING:
    import torch

#: Side of a patch: both sides of an image are multiples of it.
PATCH = 14
#: Mean and deviation of ImageNet's colours, which the backbone was trained on.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
#: A metric network's depth is in metres at this focal length, pixels (its model card).
_CANONICAL_FOCAL = 300.0
#: Sky, as the package's own networks decide.
_SKY = 0.3


@dataclass(frozen=True, eq=False)
class Look:
    """What the network says of K images, on its own pixels.

    `depth` (K, h, w) float32, metres where `is_metric`, NaN in the sky; `confidence` (K, h, w)
    from 1 up, None where the network rates nothing; `camera_to_world` (K, 4, 4) and `focal`
    (K, 2), fx and fy in pixels, None where it finds none.
    """

    depth: np.ndarray
    confidence: np.ndarray | None
    camera_to_world: np.ndarray | None
    focal: np.ndarray | None
    is_metric: bool


class Network:
    """One checkpoint's network on its device."""

    def __init__(self, name: str, settings: EngineSettings) -> None:
        """Load the checkpoint `name`; raises Unanswerable for what cannot be loaded here."""
        device = device_of(settings)
        precision = precision_of(settings, device)
        made = built(located(name, engine=DEPTH_ANYTHING, offline=settings.offline))
        with memory_told(DEPTH_ANYTHING, device):
            self._net = made.net.to(device)
        self._device, self._precision = device, precision
        main = getattr(made.net, 'da3', made.net)
        #: Whether it relates views to one another, and takes known poses.
        self.relates_views = getattr(main, 'cam_dec', None) is not None
        self.takes_poses = getattr(main, 'cam_enc', None) is not None
        self._needs_focal = not self.relates_views and 'metric' in made.model_name

    def __call__(self, images: np.ndarray, matrices: np.ndarray,
                 world_to_camera: np.ndarray | None = None) -> Look:
        """Look at `images` (K, h, w, 3) uint8 RGB of cameras with `matrices` (K, 3, 3), pixels.

        Sides are multiples of 14. `world_to_camera` (K, 4, 4) are poses the network is told, the
        first the identity. Raises Unanswerable where memory does not suffice, NotVisible where a
        nested network sees sky alone.
        """
        import torch
        pixels = (images.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        with memory_told(DEPTH_ANYTHING, self._device), torch.inference_mode(), \
                torch.random.fork_rng(devices=[]), self._autocast():
            torch.manual_seed(0)
            batch = self._tensor(pixels.transpose(0, 3, 1, 2))
            told = (None, None) if world_to_camera is None else (
                self._tensor(world_to_camera), self._tensor(matrices))
            try:
                found = self._net(batch, *told, export_feat_layers=[])
            except AssertionError as error:  # A nested network that sees nothing but sky.
                raise NotVisible(f'engine {DEPTH_ANYTHING!r}: the network sees no surface in '
                                 f'these pictures ({error})') from error
            arrays = {key: value[0].float().cpu().numpy() for key, value in found.items()
                      if isinstance(value, torch.Tensor)}
        return self._look(arrays, matrices, bool(found.get('is_metric', False)))

    def _look(self, found: dict[str, np.ndarray], matrices: np.ndarray, is_metric: bool) -> Look:
        depth = found['depth'].reshape(found['depth'].shape[:3])
        focal = (matrices[:, 0, 0] + matrices[:, 1, 1]) / 2
        own = found.get('intrinsics')
        pose = _camera_to_world(found['extrinsics']) if 'extrinsics' in found else None
        if self._needs_focal:
            depth = depth * (focal / _CANONICAL_FOCAL)[:, None, None].astype(np.float32)
        elif is_metric and own is not None:
            # Metres follow from a focal length; the camera's is better than the network's own.
            scale = float(np.median(2 * focal / (own[:, 0, 0] + own[:, 1, 1])))
            depth = depth * np.float32(scale)
            if pose is not None:
                pose[:, :3, 3] *= scale
        if 'sky' in found:
            depth = np.where(found['sky'].reshape(depth.shape) >= _SKY, np.float32(np.nan), depth)
        depth = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))
        return Look(
            depth, found.get('depth_conf'), pose,
            None if own is None else np.stack([own[:, 0, 0], own[:, 1, 1]], axis=1).astype(float),
            is_metric or self._needs_focal)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        import torch
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None].to(self._device)

    def _autocast(self) -> torch.autocast | nullcontext[None]:
        import torch
        if self._precision == torch.float32:
            return nullcontext()
        return torch.autocast(self._device.type, self._precision)


def _camera_to_world(world_to_camera: np.ndarray) -> np.ndarray | None:
    """(K, 4, 4) of `world_to_camera` (K, 3, 4); None where the network found no pose at all."""
    if not np.isfinite(world_to_camera).all():
        return None
    rotation = world_to_camera[:, :3, :3].astype(float).transpose(0, 2, 1)
    pose = np.broadcast_to(np.eye(4), (len(rotation), 4, 4)).copy()
    pose[:, :3, :3] = rotation
    pose[:, :3, 3] = -np.einsum('kij,kj->ki', rotation, world_to_camera[:, :3, 3])
    return pose
