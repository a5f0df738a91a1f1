"""Frames to one gauge: their network, their size, the poses it is told, batches joined."""

from __future__ import annotations

from collections.abc import Sequence
import logging
import math

import numpy as np

from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.geometry.resizing import within
from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.perception.depth_anything.confidence import of_network
from spatialclaw_ros.perception.depth_anything.joining import joined
from spatialclaw_ros.perception.depth_anything.network import Look
from spatialclaw_ros.perception.depth_anything.network import Network
from spatialclaw_ros.perception.depth_anything.network import PATCH
from spatialclaw_ros.perception.depth_anything.prediction import Gauge
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.depth_anything.views import batches
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.weights.checkpoints import licence_of
from spatialclaw_ros.scene import Frame

_log = logging.getLogger(__name__)

#: Cameras this far apart, metres, and this many sigmas of their poses, move for real.
_REAL_BASELINE, _BASELINE_SIGMAS = 0.02, 3.0
#: The network's poses are in units of the median distance from the first camera, of at least
#: this many metres (so its authors prepare them).
_SHORTEST_UNIT = 0.1


class Predictor:
    """Runs Depth Anything 3 on frames; each network is loaded when first needed, and kept."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._networks: dict[str, Network] = {}
        #: Why the last network that was asked for could not be loaded, '' where it could.
        self.problem = ''
        #: How often a network has looked.
        self.passes = 0

    @property
    def is_loaded(self) -> bool:
        """Whether a network is."""
        return bool(self._networks)

    def load(self) -> None:
        """Load the networks for one frame and for several; raises Unanswerable."""
        for name in (self._settings.depth_anything_metric, self._settings.depth_anything):
            self._network(name)

    def gauge(self, frames: Sequence[Frame], cancelled: Cancelled) -> Gauge:
        """What the network for so many `frames` says of them: several are related to each other.

        One frame is looked at by `settings.depth_anything_metric`, several by
        `settings.depth_anything`. Frames of a batch that sees only sky of what those before see
        have no depth. Raises CallCancelled between batches.
        """
        settings = self._settings
        name = settings.depth_anything if len(frames) > 1 else settings.depth_anything_metric
        network = self._network(name)
        if not network.relates_views:
            return self._alone(frames, cancelled, name)
        views: dict[int, NetworkView] = {}
        is_metric = False
        for batch in batches(frames, max(settings.views, 2)):
            looked, is_metric = self._looked(network, [frames[i] for i in batch], cancelled)
            fresh = [view for i, view in zip(batch, looked, strict=True) if i not in views]
            if views:
                fresh = joined(fresh, [(views[i], view) for i, view in zip(
                    batch, looked, strict=True) if i in views]) or [
                        view.unknown() for view in fresh]
            views |= dict(zip([i for i in batch if i not in views], fresh, strict=True))
        return Gauge(tuple(views[i] for i in range(len(frames))), True, is_metric, name,
                     licence_of(name))

    def metres(self, frames: Sequence[Frame], cancelled: Cancelled) -> Gauge:
        """What the metric network says of each of `frames`, unrelated.

        Raises Unanswerable where the checkpoint set for it is not metric.
        """
        name = self._settings.depth_anything_metric
        gauge = self._alone(frames, cancelled, name)
        if not gauge.is_metric:
            raise Unanswerable(f'{name} tells no metres')
        return gauge

    def _alone(self, frames: Sequence[Frame], cancelled: Cancelled, name: str) -> Gauge:
        network = self._network(name)
        looked = [self._looked(network, [frame], cancelled) for frame in frames]
        return Gauge(tuple(view for views, _ in looked for view in views), False,
                     all(is_metric for _, is_metric in looked), name, licence_of(name))

    def _network(self, name: str) -> Network:
        if name not in self._networks:
            try:
                self._networks[name] = Network(name, self._settings)
            except SpatialError as error:
                self.problem = str(error)
                raise
            self.problem = ''
            licence = licence_of(name)
            if licence.is_commercial is False:
                _log.warning('Depth Anything 3 checkpoint %s is under %s: not for commercial use',
                             name, licence.name)
        return self._networks[name]

    def _looked(self, network: Network, frames: Sequence[Frame], cancelled: Cancelled
                ) -> tuple[list[NetworkView], bool]:
        """One pass of the network: its views of `frames`, and whether they are in metres."""
        if cancelled():
            raise CallCancelled
        self.passes += 1
        size = common_size([(f.camera.width, f.camera.height) for f in frames],
                           self._settings.edge)
        resizings = [Resizing((f.camera.width, f.camera.height), size) for f in frames]
        images = np.stack([r.image(f.image) for r, f in zip(resizings, frames, strict=True)])
        matrices = np.stack([r.matrix(f.camera.matrix)
                             for r, f in zip(resizings, frames, strict=True)])
        poses = poses_to_tell(frames) if network.takes_poses else None
        look = network(images, matrices, poses)
        return [_view(look, k, resizing, frame)
                for k, (resizing, frame) in enumerate(zip(resizings, frames, strict=True))
                ], look.is_metric


def common_size(sensors: Sequence[tuple[int, int]], edge: int) -> tuple[int, int]:
    """(width, height) at which images of `sensors` (width, height) go through the network at once.

    `edge` pixels at most on the long side, sides multiples of 14. Images of several shapes are
    stretched to one: its aspect is the geometric mean of theirs, its area that of the largest.
    """
    aspect = math.exp(sum(math.log(w / h) for w, h in set(sensors)) / len(set(sensors)))
    area = max(w * h for w, h in sensors)
    width, height = math.sqrt(area * aspect), math.sqrt(area / aspect)
    return within((max(round(width), 1), max(round(height), 1)), edge, PATCH).network


def poses_to_tell(frames: Sequence[Frame]) -> np.ndarray | None:
    """World-to-camera poses (K, 4, 4) to tell the network, or None where they would not help.

    Told where every one of at least three frames has a pose and the cameras are really apart:
    half of them farther from the first than 2 cm and 3 sigma of their position. In the first
    camera's frame and in units of the median distance from it.
    """
    known = [frame.camera_to_world for frame in frames]
    poses = [pose for pose in known if pose is not None]
    if len(poses) < max(len(known), 3):
        return None
    to_first = inverse(poses[0])
    relative = np.stack([to_first @ pose for pose in poses])
    distances = np.sort(np.linalg.norm(relative[:, :3, 3], axis=1))
    unit = float(distances[(len(poses) - 1) // 2])
    sigma = max(frame.pose_sigma.translation for frame in frames)
    if unit < max(_REAL_BASELINE, _BASELINE_SIGMAS * sigma):
        return None
    relative[:, :3, 3] /= max(unit, _SHORTEST_UNIT)
    return np.stack([inverse(pose) for pose in relative])


def _view(look: Look, k: int, resizing: Resizing, frame: Frame) -> NetworkView:
    depth = look.depth[k].astype(np.float32)
    rating = None if look.confidence is None else look.confidence[k]
    confidence = of_network(rating, depth, frame.image)
    pose = None if look.camera_to_world is None else look.camera_to_world[k]
    matrix = np.array(frame.camera.matrix)
    if look.focal is not None:
        width, height = resizing.network
        own = np.array([[look.focal[k, 0], 0, (width - 1) / 2],
                        [0, look.focal[k, 1], (height - 1) / 2], [0, 0, 1]])
        matrix = Resizing(resizing.network, resizing.sensor).matrix(own)
    return NetworkView(resizing, depth, confidence, pose, matrix)
