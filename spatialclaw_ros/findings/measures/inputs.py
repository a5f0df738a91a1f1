"""What a measure accepts: objects, points, a point, findings; and which views go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.errors import NoCommonWorld
from spatialclaw_ros.findings.measures.estimate import MOST_VIEWS
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.findings.sight import PointSight
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import PointSurface

_CLOUD = 'an Object3D, (K, 3) points in world metres, one point, or a finding with points'


def as_object(thing: Any, *, name: str = '', sigma: float | np.ndarray = np.nan,
              up: np.ndarray | None = None) -> Object3D:
    """Take `thing` as an object: itself, or bare points with `sigma` metres.

    Raises TypeError for what has no points, ValueError for points that are empty or not finite.
    """
    if isinstance(thing, Object3D):
        return thing
    points, told = _points_of(thing)
    if told is not None:
        sigma = told
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise ValueError(f'{name or "the points"}: no finite point given; give {_CLOUD}')
    label = name or getattr(thing, 'name', '') or ('point' if len(points) == 1 else 'points')
    surface = PointSurface(points, np.broadcast_to(np.asarray(sigma, float), len(points)))
    return Object3D(label, (PointSight(surface),), up)


def _points_of(thing: Any) -> tuple[np.ndarray, float | None]:
    if isinstance(thing, Position):
        return thing.point.reshape(1, 3), float(np.sqrt(np.trace(thing.covariance) / 3))
    if isinstance(thing, (Quantity, Relation, Found)) and len(thing.points):
        return np.asarray(thing.points, float), None
    if isinstance(thing, Distance):
        return np.array([thing.from_point, thing.to_point]), None
    if isinstance(thing, Track):
        return thing.positions[-1:], float(thing.sigma[-1])
    if isinstance(thing, (FoundPlane, Plane3D)):
        return np.asarray(thing.polygon, float), None
    try:
        points = np.asarray(thing, float)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim in (1, 2) and points.shape[-1:] == (3,):
        return points.reshape(-1, 3), None
    given = type(thing).__name__ + (f' of shape {points.shape}' if points.size else '')
    raise TypeError(f'got {given}; give {_CLOUD}')


def pairs_of(a: Object3D, b: Object3D) -> list[tuple[Sight, Sight]]:
    """Sights of `a` and `b` to be measured together: of one frame each, where there is one.

    A frame's pose error cancels between two things it shows. Without a common frame, every pair
    in one world is given. Bare points go with every view. At most MOST_VIEWS, spread over time.
    Raises NoCommonWorld where no pair shares a world.
    """
    same = [(s, t) for s in a.sights for t in b.sights
            if s.view is None or t.view is None or s.view.frame == t.view.frame]
    if not same:
        same = [(s, t) for s in a.sights for t in b.sights if s.view is not None
                and t.view is not None and s.view.world == t.view.world]
    if not same:
        raise NoCommonWorld(
            f'{a.name!r} is seen in frames {list(a.frame_indices)} and {b.name!r} in '
            f'{list(b.frame_indices)}, and no pose tells how these lie to one another; measure '
            'in a frame that shows both, or give the frames poses')
    return spread_out(same)


def spread_out(things: Sequence[Any], most: int = MOST_VIEWS) -> list[Any]:
    """At most `most` of `things`, first and last kept, spread evenly."""
    if len(things) <= most:
        return list(things)
    return [things[i] for i in np.unique(np.linspace(0, len(things) - 1, most).round().astype(int))]


def frames_of(*sights: Sight) -> tuple[int, ...]:
    """Numbers of the frames of `sights`, each once."""
    return tuple(sorted({s.view.frame for s in sights if s.view is not None}))
