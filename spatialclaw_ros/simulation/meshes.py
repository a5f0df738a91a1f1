"""Triangle meshes of simple solids, finely divided so that their vertices sample every edge."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Mesh:
    """`vertices` (N, 3) metres, `triangles` (M, 3) indices of them."""

    vertices: np.ndarray
    triangles: np.ndarray

    def moved(self, offset: ArrayLike = (0, 0, 0), yaw: float = 0.0, pitch: float = 0.0
              ) -> Mesh:
        """Mesh turned by `pitch` about x, then `yaw` about z (rad), then shifted by `offset`."""
        return Mesh(self.vertices @ turn(yaw, pitch).T + np.asarray(offset, float),
                    self.triangles)

    def samples(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count, 3) points of the surface, uniform by area."""
        corners = self.vertices[self.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas = np.linalg.norm(normals, axis=1)
        chosen = corners[rng.choice(len(corners), count, p=areas / areas.sum())]
        a, b = rng.random((2, count, 1))
        a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
        return (chosen[:, 0] + a * (chosen[:, 1] - chosen[:, 0])
                + b * (chosen[:, 2] - chosen[:, 0]))


def turn(yaw: float, pitch: float = 0.0) -> np.ndarray:
    """Rotation (3, 3) by `pitch` about x, then `yaw` about z, rad."""
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ about_x


def merged(*meshes: Mesh) -> Mesh:
    """One mesh of several."""
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return Mesh(np.vstack([mesh.vertices for mesh in meshes]),
                np.vstack([mesh.triangles + offset
                           for mesh, offset in zip(meshes, offsets, strict=True)]))


def box(size: ArrayLike, offset: ArrayLike = (0, 0, 0), parts: int = 12) -> Mesh:
    """Box of `size` (x, y, z) metres standing on z = 0 about the z axis, then shifted."""
    half = np.asarray(size, float) / 2
    center = np.array([0, 0, half[2]]) + np.asarray(offset, float)
    faces = []
    for axis in range(3):
        u, v = [i for i in range(3) if i != axis]
        for sign in (-1.0, 1.0):
            def place(a: np.ndarray, b: np.ndarray, axis: int = axis, u: int = u, v: int = v,
                      sign: float = sign) -> np.ndarray:
                points = np.empty((len(a), 3))
                points[:, axis] = sign * half[axis]
                points[:, u], points[:, v] = a * half[u], b * half[v]
                return points + center
            faces.append(_grid(place, np.linspace(-1, 1, parts + 1), np.linspace(-1, 1, parts + 1)))
    return merged(*faces)


def revolved(profile: Sequence[tuple[float, float]], parts: int = 48) -> Mesh:
    """Solid of revolution about z from `profile`, (radius, z) pairs in metres, divided finely."""
    corners = np.asarray(profile, float)
    knots = [corners[:1]]
    for start, end in pairwise(corners):
        steps = max(2, int(np.ceil(np.linalg.norm(end - start) / 0.02)))
        knots.append(start + (end - start) * np.linspace(0, 1, steps + 1)[1:, None])
    line = np.vstack(knots)

    def place(index: np.ndarray, angle: np.ndarray) -> np.ndarray:
        radius, height = line[index.astype(int)].T
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), height])

    return _grid(place, np.arange(len(line), dtype=float), np.linspace(0, 2 * np.pi, parts + 1))


def cylinder(radius: float, height: float) -> Mesh:
    """Closed cylinder standing on z = 0."""
    return revolved([(0, 0), (radius, 0), (radius, height), (0, height)])


def ball(radius: float) -> Mesh:
    """Sphere lying on z = 0."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 25)
    return revolved([(radius * np.cos(a), radius + radius * np.sin(a)) for a in angles])


def ring(major: float, minor: float) -> Mesh:
    """Torus in the xz plane about the origin, as the handle of a mug."""
    def place(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        radius = major + minor * np.cos(v)
        return np.column_stack([radius * np.cos(u), minor * np.sin(v), radius * np.sin(u)])
    return _grid(place, np.linspace(0, 2 * np.pi, 33), np.linspace(0, 2 * np.pi, 13))


def wedge(length: float, width: float, angle: float) -> Mesh:
    """Ramp on z = 0 whose top rises along x by `angle`, rad."""
    def place(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.column_stack([(a - 0.5) * length, (b - 0.5) * width, a * length * np.tan(angle)])

    def side(sign: float) -> Mesh:
        def wall(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.column_stack([(a - 0.5) * length, np.full(len(a), sign * width / 2),
                                    a * b * length * np.tan(angle)])
        return _grid(wall, steps, steps)

    def end(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.column_stack([np.full(len(a), length / 2), (a - 0.5) * width,
                                b * length * np.tan(angle)])

    steps = np.linspace(0, 1, 13)
    return merged(_grid(place, steps, steps), side(-1), side(1), _grid(end, steps, steps))


def _grid(place: Callable[..., np.ndarray], us: np.ndarray, vs: np.ndarray) -> Mesh:
    u, v = np.meshgrid(us, vs, indexing='ij')
    vertices = place(u.reshape(-1), v.reshape(-1))
    index = np.arange(u.size).reshape(u.shape)
    a, b, c, d = (part.reshape(-1) for part in
                  (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return Mesh(vertices, np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])]))
