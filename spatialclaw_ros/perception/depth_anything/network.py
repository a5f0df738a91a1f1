"""The network itself: images of one size in, arrays out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
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
#: Sky, as the package's own networks decide; a nested one gives up with so few other pixels.
_SKY, _LEAST_SURFACE = 0.3, 10


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
        first the identity. Raises Unanswerable where memory does not suffice and where the network
        computes no numbers, NotVisible where a nested network sees sky alone.
        """
        import torch
        pixels = (images.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        with memory_told(DEPTH_ANYTHING, self._device), torch.inference_mode(), \
                torch.random.fork_rng(devices=[]), self._autocast():
            torch.manual_seed(0)
            batch = self._tensor(pixels.transpose(0, 3, 1, 2))
            poses = (None, None) if world_to_camera is None else (
                self._tensor(world_to_camera), self._tensor(matrices))
            with self._sky_of_metric_branch() as sky:
                try:
                    found = self._net(batch, *poses, export_feat_layers=[])
                except AssertionError as error:
                    self._check_surface(sky, error)
                    raise
            arrays = {key: value[0].float().cpu().numpy() for key, value in (found | sky).items()
                      if isinstance(value, torch.Tensor)}
        return self._look(arrays, matrices, bool(found.get('is_metric', False)))

    @contextmanager
    def _sky_of_metric_branch(self) -> Iterator[dict[str, torch.Tensor]]:
        """What 'sky' (1, K, h, w) the metric branch of a nested network finds meanwhile.

        The network itself does not return it: it makes a wall of the sky.
        """
        kept: dict[str, torch.Tensor] = {}
        branch = getattr(self._net, 'da3_metric', None)
        if branch is None:
            yield kept
            return

        def keep(_module: object, _images: object, output: dict[str, torch.Tensor]) -> None:
            kept['sky'] = output['sky']

        hook = branch.register_forward_hook(keep)
        try:
            yield kept
        finally:
            hook.remove()

    @staticmethod
    def _check_surface(sky: dict[str, torch.Tensor], error: AssertionError) -> None:
        """Raise NotVisible where a nested network failed for want of anything but sky."""
        if 'sky' not in sky:
            return
        values = sky['sky'].float().cpu().numpy()
        _check_numbers(values)
        if (values < _SKY).sum() <= _LEAST_SURFACE:
            raise NotVisible(f'engine {DEPTH_ANYTHING!r}: the network sees nothing but sky in '
                             'these pictures') from error

    def _look(self, found: dict[str, np.ndarray], matrices: np.ndarray, is_metric: bool) -> Look:
        depth = found['depth'].reshape(found['depth'].shape[:3])
        sky = np.zeros(depth.shape, np.float32) if 'sky' not in found else (
            found['sky'].reshape(depth.shape))
        for values in (sky, depth[sky < _SKY], found.get('depth_conf')):
            if values is not None:
                _check_numbers(values)
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
        depth = np.where((sky < _SKY) & (depth > 0), depth, np.float32(np.nan))
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


def _check_numbers(values: np.ndarray) -> None:
    """Raise Unanswerable where the network gave `values` that are not finite."""
    if not np.isfinite(values).all():
        raise Unanswerable(
            f'engine {DEPTH_ANYTHING!r} computed NaN or infinity: its precision does not hold the '
            "network's numbers (set it to bfloat16 or float32), or its weights are damaged (fetch "
            'the checkpoint anew)')


def _camera_to_world(world_to_camera: np.ndarray) -> np.ndarray | None:
    """(K, 4, 4) of `world_to_camera` (K, 3, 4); None where the network found no pose at all."""
    if not np.isfinite(world_to_camera).all():
        return None
    rotation = world_to_camera[:, :3, :3].astype(float).transpose(0, 2, 1)
    pose = np.broadcast_to(np.eye(4), (len(rotation), 4, 4)).copy()
    pose[:, :3, :3] = rotation
    pose[:, :3, 3] = -np.einsum('kij,kj->ki', rotation, world_to_camera[:, :3, 3])
    return pose
