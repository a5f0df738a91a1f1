"""A table with small objects on it, before a wall."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.simulation import meshes
from spatialclaw_ros.simulation.meshes import Mesh
from spatialclaw_ros.simulation.scene import Path
from spatialclaw_ros.simulation.scene import Placement
from spatialclaw_ros.simulation.scene import Scene
from spatialclaw_ros.simulation.scene import Solid

_TOP = 0.74


def build_tabletop(rng: np.random.Generator) -> Scene:
    """Objects of 4 to 25 cm on a table, an arm's camera 0.7 to 1.1 m away."""
    solids = [
        Solid('', meshes.box((6, 6, 0.02), (0, 0, -0.02)), (0.45, 0.42, 0.4)),
        Solid('', meshes.box((6, 0.05, 2.5), (0, 1.3, 0)), (0.75, 0.75, 0.7)),
        Solid('table', _table(), (0.62, 0.45, 0.28), 'floor', 0.0, pattern=9.0, tilt=0.0),
    ]
    places = Placement((-0.42, -0.24), (0.42, 0.26), 0.025, rng)
    for make in (_ramp, _tablet, _brick_and_die, _cups, _cereal_box, _bottle, _mug, _can, _ball):
        solids += make(places, rng)
    distance = rng.uniform(0.75, 0.95)
    height = rng.uniform(0.4, 0.6)
    swing = rng.uniform(0.1, 0.2) * rng.choice([-1, 1])
    target = np.array([0.0, 0.02, _TOP + 0.04])
    start = np.array([-swing, -distance, _TOP + height])
    end = np.array([swing, -distance - 0.05, _TOP + height + rng.uniform(-0.05, 0.08)])
    return Scene('tabletop', tuple(solids), Path(start, end, target), 'on the table')


def _table() -> Mesh:
    legs = [meshes.box((0.05, 0.05, _TOP - 0.04), (x, y, 0), 4)
            for x in (-0.6, 0.6) for y in (-0.38, 0.38)]
    return meshes.merged(meshes.box((1.3, 0.86, 0.04), (0, 0, _TOP - 0.04), 40), *legs)


def _put(name: str, mesh: Mesh, radius: float, places: Placement, rng: np.random.Generator,
         colour: tuple[float, float, float], facing: float | None = None,
         **more: float | None) -> list[Solid]:
    """A solid at a free place, turned anyhow, or within 35 degrees of `facing`."""
    place = places.find(radius)
    if place is None:
        return []
    yaw = rng.uniform(-np.pi, np.pi) if facing is None else facing + rng.uniform(-0.6, 0.6)
    moved = mesh.moved((place[0], place[1], _TOP), yaw)
    dark = float(rng.uniform(0.05, 0.3)) if rng.random() < 0.1 else 0.0
    return [Solid(name, moved, _shade(colour, rng), 'table', _TOP, dark=dark,
                  pattern=float(rng.uniform(30, 90)), **more)]


def _shade(colour: tuple[float, float, float], rng: np.random.Generator
           ) -> tuple[float, float, float]:
    red, green, blue = np.clip(np.asarray(colour) + rng.normal(0, 0.05, 3), 0.03, 1)
    return float(red), float(green), float(blue)


def _ramp(places: Placement, rng: np.random.Generator) -> list[Solid]:
    angle = float(rng.uniform(0.15, 0.55))
    mesh = meshes.wedge(rng.uniform(0.13, 0.18), rng.uniform(0.09, 0.14), angle)
    return _put('ramp', mesh, 0.115, places, rng, (0.9, 0.75, 0.2), facing=np.pi / 2, tilt=angle)


def _tablet(places: Placement, rng: np.random.Generator) -> list[Solid]:
    lean = float(rng.uniform(0.12, 0.5))
    height, width = rng.uniform(0.15, 0.2), rng.uniform(0.12, 0.17)
    panel = meshes.box((width, 0.01, height)).moved(pitch=-lean)
    strut = meshes.box((0.02, 0.01, 0.6 * height)).moved(
        (0, np.sin(lean) * height * 0.62 + 0.08 * np.cos(lean), 0), pitch=0.25)
    mesh = meshes.merged(panel, strut)
    mesh = mesh.moved((0, 0, -mesh.vertices[:, 2].min()))
    return _put('tablet', mesh, 0.12, places, rng, (0.15, 0.25, 0.6), facing=0.0, lean=lean)


def _brick_and_die(places: Placement, rng: np.random.Generator) -> list[Solid]:
    size = rng.uniform((0.12, 0.08, 0.05), (0.17, 0.1, 0.08))
    brick = _put('brick', meshes.box(size), 0.105, places, rng, (0.7, 0.25, 0.18))
    if not brick:
        return []
    top = brick[0].mesh.vertices
    edge = rng.uniform(0.035, 0.05)
    center = np.append(top[:, :2].mean(axis=0) + rng.uniform(-0.01, 0.01, 2), top[:, 2].max())
    die = meshes.box((edge, edge, edge)).moved(center, rng.uniform(0, np.pi))
    return [*brick, Solid('die', die, (0.95, 0.93, 0.85), 'brick', float(center[2]), pattern=80)]


def _cups(places: Placement, rng: np.random.Generator) -> list[Solid]:
    profile = [(0.0, 0.0), (0.026, 0.0), (0.037, 0.085), (0.034, 0.085), (0.024, 0.004),
               (0.0, 0.004)]
    cups: list[Solid] = []
    for _ in range(rng.integers(2, 5)):
        cups += _put('cup', meshes.revolved(profile), 0.038, places, rng, (0.2, 0.7, 0.65))
    return cups


def _cereal_box(places: Placement, rng: np.random.Generator) -> list[Solid]:
    size = rng.uniform((0.12, 0.05, 0.17), (0.17, 0.07, 0.23))
    return _put('cereal box', meshes.box(size), 0.095, places, rng, (0.85, 0.4, 0.1), facing=0.0)


def _bottle(places: Placement, rng: np.random.Generator) -> list[Solid]:
    radius, height = rng.uniform(0.028, 0.038), rng.uniform(0.17, 0.24)
    profile = [(0, 0), (radius, 0), (radius, 0.65 * height), (0.014, 0.85 * height),
               (0.014, height), (0, height)]
    return _put('bottle', meshes.revolved(profile), radius, places, rng, (0.1, 0.5, 0.2))


def _mug(places: Placement, rng: np.random.Generator) -> list[Solid]:
    radius, height = rng.uniform(0.036, 0.044), rng.uniform(0.085, 0.11)
    profile = [(0, 0), (radius, 0), (radius, height), (radius - 0.004, height),
               (radius - 0.004, 0.006), (0, 0.006)]
    handle = meshes.ring(0.024, 0.006).moved((radius + 0.015, 0, height / 2))
    return _put('mug', meshes.merged(meshes.revolved(profile), handle), radius + 0.047, places,
                rng, (0.8, 0.2, 0.45))


def _can(places: Placement, rng: np.random.Generator) -> list[Solid]:
    mesh = meshes.cylinder(rng.uniform(0.03, 0.04), rng.uniform(0.09, 0.13))
    return _put('soup can', mesh, 0.04, places, rng, (0.75, 0.1, 0.1))


def _ball(places: Placement, rng: np.random.Generator) -> list[Solid]:
    radius = rng.uniform(0.03, 0.045)
    return _put('ball', meshes.ball(radius), radius, places, rng, (0.55, 0.2, 0.75))


