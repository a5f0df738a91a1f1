"""Exact shapes of solids: what a camera without error would see of them, and the whole mesh.

The visible surface of a solid in one view is sampled by rays at a fraction of a pixel's pitch,
together with every vertex of the mesh that is in sight (the corners, where extrema lie).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.simulation.raycast import directions_world
from spatialclaw_ros.simulation.raycast import Raycaster
from spatialclaw_ros.simulation.scene import Scene
from spatialclaw_ros.simulation.simulation import Simulation

_RAYS = 20_000
_MESH_SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Shape:
    """Points (N, 3) of a surface, world metres, and its centroid (3,).

    The centroid of a visible surface is the mean over the pixels of each view, every view counted
    alike; that of a mesh the mean of its surface.
    """

    points: np.ndarray
    centroid: np.ndarray


@dataclass(frozen=True)
class Sighted:
    """How one view shows a solid: `share` of its outline's pixels in sight, `box` in pixels.

    `truncated` where the solid reaches over the image's border; `box` (x1, y1, x2, y2) half-open
    about the pixels in sight.
    """

    share: float
    truncated: bool
    box: tuple[int, int, int, int]


class Truth:
    """Exact shapes of a simulation's solids in the views at `seconds`."""

    def __init__(self, simulation: Simulation, seconds: Sequence[float]) -> None:
        """Views are numbered in the order of `seconds`."""
        self.simulation = simulation
        self.poses = [simulation.true_camera_to_world(moment) for moment in seconds]
        self._seen: dict[tuple[int, int], Shape | None] = {}
        self._meshes: dict[int, Shape] = {}
        self._sighted: dict[tuple[int, int], Sighted | None] = {}

    @property
    def scene(self) -> Scene:
        """The scene."""
        return self.simulation.scene

    def visible(self, number: int, views: Sequence[int]) -> Shape | None:
        """What `views` show of the solid with label `number`; None for nothing."""
        shapes = [shape for view in views if (shape := self._visible_in(number, view)) is not None]
        if not shapes:
            return None
        return Shape(np.concatenate([shape.points for shape in shapes]),
                     np.mean([shape.centroid for shape in shapes], axis=0))

    def mesh(self, number: int) -> Shape:
        """The whole surface of the solid with label `number`, hidden parts too."""
        if number not in self._meshes:
            mesh = self.scene.solids[number - 1].mesh
            samples = mesh.samples(_MESH_SAMPLES, np.random.default_rng(number))
            self._meshes[number] = Shape(np.concatenate([samples, mesh.vertices]),
                                         samples.mean(axis=0))
        return self._meshes[number]

    def sighted(self, number: int, view: int) -> Sighted | None:
        """How `view` shows the solid with label `number`; None where it is out of sight."""
        key = number, view
        if key not in self._sighted:
            self._sighted[key] = self._sight(number, view)
        return self._sighted[key]

    @cached_property
    def _alone(self) -> dict[int, Raycaster]:
        scene = self.scene
        return {number: Raycaster(Scene(scene.kind, (scene.solids[number - 1],), scene.path, ''))
                for number in scene.labels}

    def _visible_in(self, number: int, view: int) -> Shape | None:
        key = number, view
        if key not in self._seen:
            self._seen[key] = self._cast(number, view)
        return self._seen[key]

    def _span(self, number: int, view: int) -> np.ndarray | None:
        """First and last pixel [[u0, v0], [u1, v1]] about a solid, within the image, or None."""
        camera = self.simulation.true_camera
        mesh = self.scene.solids[number - 1].mesh
        local = transform(inverse(self.poses[view]), mesh.vertices)
        pixels = camera.project(local[local[:, 2] > 0.01])
        if not len(pixels):
            return None
        low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, [camera.width, camera.height])
        high = np.clip(np.ceil(pixels.max(axis=0)) + 1, -1, [camera.width - 1, camera.height - 1])
        return np.stack([low, high]).astype(int) if (low <= high).all() else None

    def _rays(self, span: np.ndarray, parts: int) -> np.ndarray:
        """(rows, columns, 2) rays through the pixels of `span`, `parts` × `parts` a pixel."""
        camera = self.simulation.true_camera
        inner = (np.arange(parts) + 0.5) / parts - 0.5
        u, v = ((np.arange(span[0, i], span[1, i] + 1)[:, None] + inner).reshape(-1)
                for i in (0, 1))
        pixels = np.stack(np.meshgrid(u, v), axis=-1)
        return camera.normalized(pixels.reshape(-1, 2)).reshape(pixels.shape)

    def _cast(self, number: int, view: int) -> Shape | None:
        span = self._span(number, view)
        if span is None:
            return None
        pose = self.poses[view]
        area = float(np.prod(span[1] - span[0] + 1))
        parts = int(np.clip(np.ceil(np.sqrt(_RAYS / area)), 2, 8))
        rays = self._rays(span, parts).reshape(-1, 2)
        hits = self.simulation.raycaster.cast(pose, rays)
        own = hits.solid == number - 1
        if not own.any():
            return None
        points = pose[:3, 3] + directions_world(pose, rays[own]) * hits.depth[own, None]
        return Shape(np.concatenate([points, self._visible_vertices(number, view)]),
                     points.mean(axis=0))

    def _visible_vertices(self, number: int, view: int) -> np.ndarray:
        pose, camera = self.poses[view], self.simulation.true_camera
        vertices = self.scene.solids[number - 1].mesh.vertices
        local = transform(inverse(pose), vertices)
        ahead = local[:, 2] > 0.01
        local, vertices = local[ahead], vertices[ahead]
        pixels = camera.project(local)
        border = [camera.width - 0.5, camera.height - 0.5]
        inside = ((pixels > -0.5) & (pixels < border)).all(axis=1)
        local, vertices = local[inside], vertices[inside]
        hits = self.simulation.raycaster.cast(pose, local[:, :2] / local[:, 2:])
        return vertices[local[:, 2] < hits.depth + 2e-4 * local[:, 2]]

    def _sight(self, number: int, view: int) -> Sighted | None:
        span = self._span(number, view)
        if span is None:
            return None
        camera, pose = self.simulation.true_camera, self.poses[view]
        rays = self._rays(span, 1)
        flat = rays.reshape(-1, 2)
        own = (self.simulation.raycaster.cast(pose, flat).solid == number - 1).reshape(
            rays.shape[:2])
        if not own.any():
            return None
        whole = (self._alone[number].cast(pose, flat).solid == 0).reshape(rays.shape[:2])
        rows, columns = np.nonzero(own)
        left, top = span[0]
        outline = np.nonzero(whole)
        truncated = bool(
            (outline[1] + left == 0).any() or (outline[0] + top == 0).any()
            or (outline[1] + left == camera.width - 1).any()
            or (outline[0] + top == camera.height - 1).any())
        return Sighted(
            float(own.sum() / max(int(whole.sum()), 1)), truncated,
            (int(columns.min() + left), int(rows.min() + top),
             int(columns.max() + left + 1), int(rows.max() + top + 1)))
