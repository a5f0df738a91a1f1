"""A room with a heater, a door, a sink and furniture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spatialclaw_ros.simulation import meshes
from spatialclaw_ros.simulation.meshes import Mesh
from spatialclaw_ros.simulation.scene import Path
from spatialclaw_ros.simulation.scene import Placement
from spatialclaw_ros.simulation.scene import Scene
from spatialclaw_ros.simulation.scene import Solid

_WIDTH, _DEPTH, _HEIGHT = 5.0, 3.7, 2.6


def build_room(rng: np.random.Generator) -> Scene:
    """Furniture of 0.3 to 2 m, a mobile robot's camera 2 to 4 m away."""
    solids = [
        Solid('floor', meshes.box((_WIDTH, 6, 0.02), (0, 1, -0.02), 60), (0.5, 0.42, 0.33),
              pattern=5.0, tilt=0.0),
        Solid('', meshes.box((_WIDTH, 0.1, _HEIGHT), (0, _DEPTH + 0.05, 0)), (0.85, 0.83, 0.76),
              pattern=2.0),
        Solid('', meshes.box((0.1, 6, _HEIGHT), (-_WIDTH / 2 - 0.05, 1, 0)), (0.76, 0.8, 0.83),
              pattern=2.0),
        Solid('', meshes.box((0.1, 6, _HEIGHT), (_WIDTH / 2 + 0.05, 1, 0)), (0.76, 0.8, 0.83),
              pattern=2.0),
    ]
    places = Placement((-1.5, 1.85), (1.5, 3.0), 0.12, rng)
    solids += _along_the_wall(rng)
    solids += _table_with_box(places, rng)
    for make in (_cabinet, _chair, _bin, _stools):
        solids += make(places, rng)
    swing = rng.uniform(0.25, 0.5) * rng.choice([-1, 1])
    start = np.array([-swing, rng.uniform(-0.2, 0.1), rng.uniform(1.2, 1.6)])
    end = np.array([swing, rng.uniform(-0.2, 0.1), start[2] + rng.uniform(-0.05, 0.05)])
    return Scene('room', tuple(solids), Path(start, end, np.array([0, 3.0, 0.75])), 'in the room')


def _standing(name: str, mesh: Mesh, colour: ArrayLike, rng: np.random.Generator,
              place: ArrayLike, yaw: float = 0.0, **more: float | None) -> Solid:
    red, green, blue = np.clip(np.asarray(colour) + rng.normal(0, 0.04, 3), 0.03, 1)
    dark = float(rng.uniform(0.05, 0.25)) if rng.random() < 0.1 else 0.0
    x, y = np.asarray(place, float)
    return Solid(name, mesh.moved((x, y, 0.0), yaw),
                 (float(red), float(green), float(blue)), 'floor', 0.0,
                 dark=dark, pattern=float(rng.uniform(8, 25)), **more)


def _along_the_wall(rng: np.random.Generator) -> list[Solid]:
    """Heater, door, sink and a leaning plank along the back wall, in any order."""
    lean = float(rng.uniform(0.12, 0.35))
    things = {
        'heater': (_heater(rng), (0.9, 0.9, 0.88)),
        'door': (meshes.box((rng.uniform(0.75, 0.9), 0.05, rng.uniform(1.7, 1.85)), parts=24),
                 (0.5, 0.3, 0.15)),
        'sink': (_sink(rng), (0.8, 0.88, 0.95)),
        'plank': (_leaning_plank(rng, lean), (0.85, 0.65, 0.4)),
    }
    sizes = {name: mesh.vertices.max(axis=0) - mesh.vertices.min(axis=0)
             for name, (mesh, _) in things.items()}
    order = list(rng.permutation(list(things)))
    room = 3.5 - sum(sizes[name][0] for name in order)
    gaps = 0.08 + rng.dirichlet(np.ones(len(order) + 1)) * max(room - 0.08 * 5, 0.0)
    solids, left = [], -1.75 + gaps[0]
    for name, gap in zip(order, gaps[1:], strict=True):
        mesh, colour = things[name]
        place = (left + sizes[name][0] / 2, _DEPTH - mesh.vertices[:, 1].max() - 0.004)
        more = {'lean': lean} if name == 'plank' else {}
        solids.append(_standing(str(name), mesh, colour, rng, place, **more))
        left += sizes[name][0] + gap
    return solids


def _heater(rng: np.random.Generator) -> Mesh:
    width, height = rng.uniform(0.6, 1.0), rng.uniform(0.5, 0.7)
    ribs = [meshes.box((width / 10, 0.03, height - 0.14), (x, -0.055, 0.11), 6)
            for x in (np.arange(6) - 2.5) * width / 6.2]
    feet = [meshes.box((0.06, 0.08, 0.09), (x * width * 0.4, 0, 0), 4) for x in (-1, 1)]
    return meshes.merged(meshes.box((width, 0.08, height - 0.08), (0, 0, 0.08), 24), *ribs, *feet)


def _sink(rng: np.random.Generator) -> Mesh:
    width, height, rim = rng.uniform(0.5, 0.6), rng.uniform(0.78, 0.88), 0.05
    depth, bowl = 0.42, 0.14
    walls = [meshes.box((rim, depth, bowl), (side * (width - rim) / 2, 0, height - bowl))
             for side in (-1, 1)]
    walls += [meshes.box((width - 2 * rim, rim, bowl), (0, side * (depth - rim) / 2,
                                                        height - bowl)) for side in (-1, 1)]
    bottom = meshes.box((width, depth, 0.03), (0, 0, height - bowl - 0.03))
    pedestal = meshes.box((0.2, 0.2, height - bowl - 0.03), (0, 0.08, 0))
    tap = meshes.box((0.04, 0.05, 0.12), (0, depth / 2 - 0.03, height), 4)
    return meshes.merged(bottom, pedestal, *walls, tap)


def _leaning_plank(rng: np.random.Generator, lean: float) -> Mesh:
    mesh = meshes.box((rng.uniform(0.3, 0.45), 0.025, rng.uniform(1.0, 1.3)), parts=24).moved(
        pitch=-lean)
    return mesh.moved((0, 0, -mesh.vertices[:, 2].min()))


def _table_with_box(places: Placement, rng: np.random.Generator) -> list[Solid]:
    width, depth, height = rng.uniform((0.6, 0.45, 0.42), (0.8, 0.6, 0.55))
    place = places.find(float(np.hypot(width, depth)) / 2)
    if place is None:
        return []
    legs = [meshes.box((0.06, 0.06, height - 0.04), (x * (width / 2 - 0.03), y * (depth / 2 - 0.03),
                                                    0), 4) for x in (-1, 1) for y in (-1, 1)]
    mesh = meshes.merged(meshes.box((width, depth, 0.04), (0, 0, height - 0.04), 20), *legs)
    table = _standing('table', mesh, (0.55, 0.33, 0.2), rng, place, rng.uniform(-0.6, 0.6),
                      tilt=0.0)
    size = rng.uniform((0.2, 0.15, 0.14), (0.3, 0.25, 0.25))
    parcel = meshes.box(size).moved((*place, height), rng.uniform(0, np.pi))
    return [table, Solid('parcel', parcel, (0.8, 0.55, 0.25), 'table', float(height), pattern=20)]


def _cabinet(places: Placement, rng: np.random.Generator) -> list[Solid]:
    size = rng.uniform((0.4, 0.35, 0.5), (0.6, 0.45, 0.8))
    place = places.find(float(np.hypot(size[0], size[1])) / 2)
    return [] if place is None else [_standing(
        'cabinet', meshes.box(size, parts=20), (0.2, 0.45, 0.35), rng, place,
        rng.uniform(-0.5, 0.5))]


def _chair(places: Placement, rng: np.random.Generator) -> list[Solid]:
    place = places.find(0.3)
    if place is None:
        return []
    legs = [meshes.box((0.05, 0.05, 0.42), (x, y, 0), 4) for x in (-0.18, 0.18)
            for y in (-0.18, 0.18)]
    mesh = meshes.merged(meshes.box((0.42, 0.42, 0.05), (0, 0, 0.42)),
                         meshes.box((0.42, 0.04, 0.42), (0, 0.19, 0.47)), *legs)
    return [_standing('chair', mesh, (0.15, 0.3, 0.7), rng, place, rng.uniform(-np.pi, np.pi))]


def _bin(places: Placement, rng: np.random.Generator) -> list[Solid]:
    radius, height = rng.uniform(0.13, 0.18), rng.uniform(0.3, 0.45)
    place = places.find(radius)
    profile = [(0, 0), (radius * 0.85, 0), (radius, height), (radius - 0.01, height),
               (radius * 0.8, 0.01), (0, 0.01)]
    return [] if place is None else [_standing(
        'bin', meshes.revolved(profile), (0.6, 0.15, 0.5), rng, place)]


def _stools(places: Placement, rng: np.random.Generator) -> list[Solid]:
    height = rng.uniform(0.38, 0.48)
    stools = []
    for _ in range(rng.integers(1, 4)):
        place = places.find(0.16)
        if place is not None:
            stools.append(_standing('stool', meshes.cylinder(0.16, height), (0.9, 0.75, 0.15),
                                    rng, place))
    return stools
