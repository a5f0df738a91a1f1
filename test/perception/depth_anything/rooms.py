"""A room with exact depth, and a network that tells it in a gauge of its own, distorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.geometry.resizing import within
from spatialclaw_ros.perception.depth_anything import confidence
from spatialclaw_ros.perception.depth_anything.prediction import Gauge
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.weights.licences import APACHE
from spatialclaw_ros.perception.weights.licences import Licence
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

SIZE = (160, 120)
EXACT = PoseSigma()


def camera(size: tuple[int, int] = SIZE, focal: float = 0.85) -> Camera:
    """A camera of `size` (width, height) with a focal length of `focal` widths."""
    width, height = size
    f = focal * width
    return Camera('camera', 'optical', width, height, np.array(
        [[f, 0, width / 2 - 0.5], [0, f, height / 2 - 0.5], [0, 0, 1]]))


def looking(place, target) -> np.ndarray:
    """Camera-to-world (4, 4) of a level camera at `place` that looks at `target`; z is up."""
    pose = np.eye(4)
    forward = np.subtract(target, place) / np.linalg.norm(np.subtract(target, place))
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = place
    return pose


@dataclass(frozen=True, eq=False)
class Room:
    """Floor z = 0, walls, and boxes (lower, upper corner), metres."""

    boxes: np.ndarray

    @classmethod
    def drawn(cls, seed: int, count: int = 9) -> Room:
        rng = np.random.default_rng(seed)
        low = np.column_stack([rng.uniform(-2, 1.6, count), rng.uniform(1.2, 3.6, count),
                               np.zeros(count)])
        size = rng.uniform((0.25, 0.25, 0.2), (0.7, 0.6, 1.5), (count, 3))
        return cls(np.stack([low, low + size], axis=1))

    def depth(self, pose: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """(N,) z of the first surface that `rays` (N, 2), x/z and y/z, meet."""
        way = np.column_stack([rays, np.ones(len(rays))]) @ pose[:3, :3].T
        start = pose[:3, 3]
        room = np.array([[[-3.0, -4.0, 0.0], [3.0, 5.0, 2.7]]])
        with np.errstate(divide='ignore', invalid='ignore'):
            first = np.full(len(rays), np.inf)
            for low, high in self.boxes:
                ends = np.sort(np.stack([(low - start) / way, (high - start) / way]), axis=0)
                enter, leave = ends[0].max(axis=1), ends[1].min(axis=1)
                first = np.where((enter < leave) & (enter > 0), np.minimum(first, enter), first)
            far = np.max((room[0] - start)[:, None, :] / way, axis=0).min(axis=1)
        return np.minimum(first, far)

    def frame(self, index: int, pose: np.ndarray, *, posed: bool = True, sensor: bool = False,
              view: Camera | None = None, pose_noise: PoseSigma = EXACT, holes: float = 0.3
              ) -> Frame:
        """Frame of the room: a random picture, depth with holes and noise if `sensor`."""
        view = view or camera()
        rng = np.random.default_rng([index, 17])
        image = rng.integers(0, 256, (view.height, view.width, 3), np.uint8)
        noise = DepthNoise()
        depth = None
        if sensor:
            truth = true_depth(self, Frame(index, 0, view, image), pose)
            read = truth + rng.normal(0, 1, truth.shape) * noise.sigma(truth)
            lost = (rng.random(truth.shape) < 0.02) | (truth > 4.5)
            depth = np.where(lost, np.nan, read).astype(np.float32)
            depth[:, :int(holes * view.width)] = np.nan
        told = None
        if posed:
            told = pose.copy()
            told[:3, 3] += rng.normal(0, 1, 3) * pose_noise.translation
            told[:3, :3] = told[:3, :3] @ Rotation.from_rotvec(
                rng.normal(0, 1, 3) * pose_noise.rotation).as_matrix()
        return Frame(index, index * 10 ** 9, view, image, depth, told, pose_noise, noise=noise)


def way(kind: str, count: int) -> list[np.ndarray]:
    """Poses of a camera that swings about, moves straight aside or ahead, or only turns."""
    at = np.linspace(-1, 1, count)
    return {
        'arc': [looking((0.5 * np.sin(t), -0.6 + 0.3 * t, 1.2), (0.3 * t, 3, 0.6)) for t in at],
        'aside': [looking((0.4 * t, -0.5, 1.2), (0.4 * t, 3, 0.7)) for t in at],
        'ahead': [looking((0, -0.5 + 0.5 * t, 1.2), (0.1, 4, 0.7)) for t in at],
        'turn': [looking((0, -0.5, 1.2), (0.8 * t, 3, 0.7)) for t in at],
    }[kind]


def true_depth(room: Room, frame: Frame, pose: np.ndarray) -> np.ndarray:
    """(H, W) exact depth at the pixels of `frame`."""
    u, v = np.meshgrid(np.arange(frame.camera.width), np.arange(frame.camera.height))
    rays = frame.camera.normalized(np.column_stack([u.ravel(), v.ravel()]))
    return room.depth(pose, rays).reshape(u.shape)


@dataclass(frozen=True)
class Distortion:
    """How far what the network says is from the truth; shares of depth, of baselines, radians."""

    shift: float = 0.0
    tilt: float = 0.02
    warp: float = 0.02
    noise: float = 0.01
    centre: float = 0.01
    rotation: float = 0.003
    focal: float = 1.0


@dataclass(eq=False)
class FakeNetwork:
    """Says of each frame the truth, distorted, in a new gauge at every call.

    `poses` are the true ones by frame number. `is_related`: one network for several views, with
    poses; else one of single views. `is_metric`: in metres, off by `metric_error`.
    """

    room: Room
    poses: dict[int, np.ndarray]
    seed: int = 0
    distortion: Distortion = Distortion()
    is_related: bool = True
    is_metric: bool = False
    metric_error: float = 0.06
    has_metres: bool = True
    licence: Licence = APACHE
    edge: int = 112
    calls: list[list[int]] = field(default_factory=list)

    def gauge(self, frames: Sequence[Frame], cancelled) -> Gauge:
        self.calls.append([frame.index for frame in frames])
        rng = np.random.default_rng([self.seed, len(self.calls)])
        scale = np.exp(rng.uniform(-1.2, 1.2))
        if self.is_metric:
            scale = 1 + self.metric_error
        turn = Rotation.random(random_state=rng.integers(2**31)).as_matrix()
        related = self.is_related and len(frames) > 1
        views = tuple(self._view(frame, scale, turn, frames, related, rng) for frame in frames)
        return Gauge(views, related, self.is_metric or (len(frames) == 1 and self.has_metres),
                     'fake/NETWORK', self.licence)

    def metres(self, frames: Sequence[Frame], cancelled) -> Gauge:
        if not self.has_metres:
            raise Unanswerable('the metric network is not here')
        alone = replace(self, is_related=False, is_metric=True, calls=[])
        return alone.gauge(frames, cancelled)

    def _view(self, frame, scale, turn, frames, related, rng) -> NetworkView:
        d = self.distortion
        if not related and self.has_metres:
            scale = 1 + self.metric_error
        resizing = within((frame.camera.width, frame.camera.height), self.edge, 14)
        w, h = resizing.network
        columns, rows = np.meshgrid(np.arange(w), np.arange(h))
        pixels = resizing.points_back(np.column_stack([columns.ravel(), rows.ravel()]))
        pose = self.poses[frame.index]
        truth = self.room.depth(pose, frame.camera.normalized(pixels)).reshape(h, w)
        x, y = columns / w - 0.5, rows / h - 0.5
        phase = rng.uniform(0, 2 * np.pi, 4)
        warp = (np.sin(5 * x + phase[0]) * np.sin(4 * y + phase[1])
                + np.sin(7 * y + 3 * x + phase[2])) / 1.5
        share = rng.uniform(-1, 1) * d.tilt * x * 2 + rng.uniform(-1, 1) * d.tilt * y * 2
        share = share + d.warp * warp
        share -= np.median(share)
        loose = rng.uniform(0.3, 3, (h // 14, w // 14)).repeat(14, 0).repeat(14, 1)
        depth = truth * (1 + share) * (1 + d.noise * loose * rng.normal(0, 1, (h, w)))
        depth = ((depth - d.shift) * scale * d.focal).astype(np.float32)
        rating = confidence.of_network(1 + 0.3 / loose, depth, frame.image)
        own = None
        if related:
            own = np.eye(4)
            base = self.poses[frames[0].index]
            moved = np.linalg.inv(base) @ pose
            spread = np.ptp([self.poses[f.index][:3, 3] for f in frames], axis=0).max()
            jitter = Rotation.from_rotvec(rng.normal(0, d.rotation, 3)).as_matrix()
            own[:3, :3] = turn @ moved[:3, :3] @ jitter
            own[:3, 3] = turn @ (moved[:3, 3] + rng.normal(0, d.centre * spread, 3)) * scale + 3.0
        matrix = frame.camera.matrix.copy()
        matrix[[0, 1], [0, 1]] *= d.focal
        return NetworkView(resizing, depth, rating, own, matrix)
