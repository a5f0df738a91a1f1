"""A simulated scene: solids with names, and how a camera moves before them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from spatialclaw_ros.simulation.meshes import Mesh


@dataclass(frozen=True, eq=False)
class Solid:
    """One thing of a scene, its mesh in the world.

    `support` names the solid it stands on ('' for what is fixed) and `foot` is the height, m, of
    that surface. `lean` rad from the vertical and `tilt` rad from the horizontal are given for
    solids that have one plane to speak of. `colour` is RGB in 0–1; `dark` the share of its depth
    readings that is lost. Solids with an empty `name` are background.
    """

    name: str
    mesh: Mesh
    colour: tuple[float, float, float]
    support: str = ''
    foot: float = 0.0
    lean: float | None = None
    tilt: float | None = None
    dark: float = 0.0
    pattern: float = 20.0


@dataclass(frozen=True, eq=False)
class Path:
    """A camera's way: it swings between `start` and `end` (3,) m and looks at `target` (3,)."""

    start: np.ndarray
    end: np.ndarray
    target: np.ndarray
    period: float = 20.0

    def camera_to_world(self, seconds: float) -> np.ndarray:
        """Pose (4, 4) of the optical frame at time `seconds`; z is up in the world."""
        share = 0.5 - 0.5 * np.cos(2 * np.pi * seconds / self.period)
        return looking(self.start + share * (self.end - self.start), self.target)


@dataclass(frozen=True, eq=False)
class Scene:
    """Solids, the camera's path, and what is worth asking about.

    World z is up. `kind` is the name the scene is asked for by; `place` what its objects are in
    or on, in words ('on the table').
    """

    kind: str
    solids: tuple[Solid, ...]
    path: Path
    place: str

    @cached_property
    def labels(self) -> dict[int, str]:
        """Label of each named solid: its number, from 1, → name. Several may share a name."""
        return {number: solid.name for number, solid in enumerate(self.solids, 1) if solid.name}

    def number(self, name: str) -> int:
        """Label of the only solid called `name`; KeyError otherwise."""
        numbers = [number for number, known in self.labels.items() if known == name]
        if len(numbers) != 1:
            raise KeyError(f'{len(numbers)} solids are called {name!r}')
        return numbers[0]


def looking(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Camera-to-world (4, 4), optical axes, at `position` looking at `target`, z up."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = position
    return pose


class Placement:
    """Places for things on a floor or table top, none touching another."""

    def __init__(self, low: ArrayLike, high: ArrayLike, gap: float,
                 rng: np.random.Generator) -> None:
        """Place within `low` to `high` (x, y) metres, at least `gap` metres apart."""
        self._low, self._high = np.asarray(low, float), np.asarray(high, float)
        self._gap, self._rng = gap, rng
        self._taken: list[tuple[np.ndarray, float]] = []

    def take(self, center: ArrayLike, radius: float) -> None:
        """Keep a circle about `center` (x, y) free."""
        self._taken.append((np.asarray(center, float), radius))

    def find(self, radius: float) -> np.ndarray | None:
        """A free (x, y) for something of `radius` metres, then taken; None without room."""
        for _ in range(200):
            center = self._rng.uniform(self._low + radius, self._high - radius)
            if all(np.linalg.norm(center - other) > radius + reach + self._gap
                   for other, reach in self._taken):
                self.take(center, radius)
                return center
        return None
