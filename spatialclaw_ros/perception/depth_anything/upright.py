"""Which way is up, where nothing but the frames themselves can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.geometry.gravity import fit_floor
from spatialclaw_ros.geometry.transforms import unit
from spatialclaw_ros.perception.depth_anything.consistency import Placed
from spatialclaw_ros.perception.depth_anything.samples import some_of

#: A floor whose direction is less sure than this, rad, tells no gravity.
LOOSEST = math.radians(5)
#: Floors of several frames whose directions differ by more, rad, are not of one world's ground.
_APART = math.radians(3)
_MOST = 6
NO_FLOOR = 'gravity unknown: no floor is seen'


@dataclass(frozen=True, eq=False)
class Upright:
    """`up` (3,) unit in the world, None where it was given or is unknown, and whence in words."""

    up: np.ndarray | None
    how: str


def found_up(placed: Sequence[Placed]) -> Upright:
    """Up from the floors that the cameras of `placed` see, each in its own depth alone.

    The mean of those within 3 degrees of the one that most others are as near to: depth maps of
    several frames, laid over one another, show planes that are none.
    """
    floors, ups = [], []
    for one in some_of(placed, _MOST):
        samples, pose = one.seen.samples, one.camera_to_world
        floor = fit_floor(samples.points()[samples.sure], np.zeros(3))
        if floor is not None and floor.sigma <= LOOSEST:
            floors.append(floor)
            ups.append(pose[:3, :3] @ floor.up)
    if not floors:
        return Upright(None, NO_FLOOR)
    near = np.stack(ups) @ np.stack(ups).T >= math.cos(_APART)
    chosen = near[near.sum(axis=1).argmax()]
    kept = [floor for floor, taken in zip(floors, chosen, strict=True) if taken]
    up = unit(np.mean([u for u, taken in zip(ups, chosen, strict=True) if taken], axis=0))
    aside = np.cross(np.stack(ups)[chosen], up)
    spread = math.sqrt(float(np.square(aside).sum(axis=1).mean()) / 2)
    sigma = math.hypot(min(floor.sigma for floor in kept), spread)
    return by_floor(up, sigma, is_lowest=all(floor.is_lowest for floor in kept))


def by_floor(up: np.ndarray, sigma: float, *, is_lowest: bool) -> Upright:
    """`up` (3,) with one sigma, rad, as a floor tells it, or a table where it `is_lowest` not."""
    surface = 'floor' if is_lowest else 'level surface'
    return Upright(up, f'gravity from a fitted {surface} (±{math.degrees(sigma):.1f}°)')
