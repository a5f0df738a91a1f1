"""A simulated RGB-D camera before a scene: frames with labels and poses, and the truth of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.simulation.raycast import directions_world
from spatialclaw_ros.simulation.raycast import Raycaster
from spatialclaw_ros.simulation.room import build_room
from spatialclaw_ros.simulation.scene import Scene
from spatialclaw_ros.simulation.sensor import SensorErrors
from spatialclaw_ros.simulation.tabletop import build_tabletop

SCENES = {'room': build_room, 'tabletop': build_tabletop}
#: One sigma of TF as a robot of each scene would state it: a mobile base, an arm.
_POSE_SIGMA = {'room': PoseSigma(0.004, 0.002), 'tabletop': PoseSigma(0.002, 0.002)}
_LIGHT = np.array([0.35, -0.65, 0.68])


@dataclass(frozen=True, eq=False)
class Simulation:
    """One scene, one camera with its errors; any moment can be seen, each with its own draw.

    `camera` is what camera_info tells, `true_camera` what the rays obey. `up` is (0, 0, 1) in
    the world frame, metres.
    """

    scene: Scene
    camera: Camera
    true_camera: Camera
    errors: SensorErrors
    pose_sigma: PoseSigma
    seed: int

    world_frame = 'world'

    @classmethod
    def build(cls, scene: str, seed: int, width: int = 640, height: int = 480,
              perfect: bool = False) -> Simulation:
        """Simulation of the scene called `scene`, drawn from `seed`.

        `perfect` makes a sensor without noise and exact poses. Raises ValueError naming the
        scenes there are.
        """
        if scene not in SCENES:
            raise ValueError(f'scene {scene!r} is not one of {", ".join(sorted(SCENES))}')
        if seed < 0:
            raise ValueError(f'seed {seed} must not be negative')
        rng = np.random.default_rng([seed, sorted(SCENES).index(scene)])
        built = SCENES[scene](rng)
        sigma = _POSE_SIGMA[scene]
        errors = SensorErrors.none() if perfect else SensorErrors.draw(
            np.random.default_rng([seed, 2]), sigma.translation, sigma.rotation)
        focal = width * rng.uniform(0.8, 0.86)
        center = (width - 1) / 2 + rng.uniform(-8, 8), (height - 1) / 2 + rng.uniform(-8, 8)
        return cls(built, _camera(width, height, focal * (1 + errors.focal_error), center),
                   _camera(width, height, focal, center), errors,
                   PoseSigma() if perfect else sigma, seed)

    @property
    def up(self) -> np.ndarray:
        """(3,) the direction against gravity in the world."""
        return np.array([0.0, 0.0, 1.0])

    @cached_property
    def raycaster(self) -> Raycaster:
        """The scene's ray caster, built on first use."""
        return Raycaster(self.scene)

    def true_camera_to_world(self, seconds: float) -> np.ndarray:
        """Exact pose (4, 4) of the optical frame at `seconds`."""
        return self.scene.path.camera_to_world(seconds)

    def told_camera_to_world(self, seconds: float) -> np.ndarray:
        """Pose (4, 4) as TF tells it at `seconds`: the exact one with its error."""
        return self.errors.pose(self.true_camera_to_world(seconds), self._rng(seconds, 0))

    def frame(self, seconds: float, index: int = 0) -> Frame:
        """Frame number `index`, seen at `seconds`, with labels and the pose TF tells."""
        pose = self.true_camera_to_world(seconds)
        rays = np.stack(np.meshgrid(self.true_camera.columns, self.true_camera.rows), axis=-1)
        hits = self.raycaster.cast(pose, rays.reshape(-1, 2))
        directions = directions_world(pose, rays.reshape(-1, 2))
        shape = (self.camera.height, self.camera.width)
        cosine = np.abs(np.einsum('ij,ij->i', directions, hits.normals))
        cosine /= np.linalg.norm(directions, axis=1)
        dark = np.array([*(solid.dark for solid in self.scene.solids), 0.0])
        rng = self._rng(seconds, 1)
        depth = self.errors.depth(hits.depth.reshape(shape), dark[hits.solid].reshape(shape),
                                  cosine.reshape(shape), rng)
        points = pose[:3, 3] + directions * np.where(hits.solid < 0, 0, hits.depth)[:, None]
        return Frame(
            index=index, stamp=round(seconds * 1e9), camera=self.camera,
            image=self._shaded(points, hits.solid, hits.normals, rng).reshape(*shape, 3),
            depth=depth, camera_to_world=self.told_camera_to_world(seconds),
            pose_sigma=self.pose_sigma,
            labels=LabelImage(self._label_ids(hits.solid).reshape(shape), self.scene.labels))

    def _label_ids(self, solid: np.ndarray) -> np.ndarray:
        ids = np.zeros(len(self.scene.solids) + 1, np.uint8)
        for number in self.scene.labels:
            ids[number - 1] = number
        return ids[solid]

    def _shaded(self, points: np.ndarray, solid: np.ndarray, normals: np.ndarray,
                rng: np.random.Generator) -> np.ndarray:
        """(N, 3) uint8 colours: Lambert's law, a pattern fixed to the solid, and pixel noise."""
        colours = np.array([*(item.colour for item in self.scene.solids), (0.1, 0.1, 0.12)])
        pitch = np.array([*(item.pattern for item in self.scene.solids), 0.0])[solid][:, None]
        waves = np.sin(points * pitch).prod(axis=1) + np.sin(
            (points * [0.7, 1.3, 0.9]).sum(axis=1) * pitch[:, 0] * 0.37)
        light = _LIGHT / np.linalg.norm(_LIGHT)
        shade = 0.55 + 0.4 * np.abs(normals @ light) + 0.06 * waves
        values = colours[solid] * shade[:, None] * 255
        values += rng.normal(0, 3, values.shape) if self.errors.loss > 0 else 0
        return np.clip(values, 0, 255).astype(np.uint8)

    def _rng(self, seconds: float, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, abs(round(seconds * 1e9))])


def _camera(width: int, height: int, focal: float, center: tuple[float, float]) -> Camera:
    matrix = np.array([[focal, 0, center[0]], [0, focal, center[1]], [0, 0, 1]])
    return Camera('camera', 'camera_optical_frame', width, height, matrix)
