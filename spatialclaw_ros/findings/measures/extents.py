"""Lengths of one object along a direction, and the free space between two along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.measures.across import across_views
from spatialclaw_ros.findings.measures.ends import end_along
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.measures.estimate import SEED
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import pairs_of
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.measures.points import end_covariances
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.geometry.robust import lower_end
from spatialclaw_ros.geometry.robust import rank_for
from spatialclaw_ros.geometry.transforms import unit

_AXES = {'x': 0, 'y': 1, 'z': 2}
_SIDES = {'length': 0, 'breadth': 1}
_VIEWED = ('width', 'depth')


def extent(a: Any, axis: Any) -> Quantity:
    """How far the visible surface of `a` reaches along `axis`, metres.

    `axis` is 'x', 'y', 'z' of the world, a vector (3,), 'up', 'length' or 'breadth' (the long
    and the short level side of its box), 'width' or 'depth' (its level side most across, or along,
    the newest view of it).
    """
    a = as_object(a)
    direction = axis_of(a, axis)
    name = axis if isinstance(axis, str) else 'axis'
    return _extent(a, direction, f'extent of {a.name} along {name}')


def size(a: Any) -> tuple[Quantity, Quantity, Quantity]:
    """The three sides of the box of `a`, largest first, metres; see Object3D.box."""
    a = as_object(a)
    sides = [_extent(a, direction, f'side of {a.name}') for direction in a.box.rotation.T]
    first, second, third = sorted(sides, key=lambda side: -side.value)
    return first, second, third


def gap(a: Any, b: Any, axis: Any = None) -> Distance:
    """Free space between `a` and `b` along `axis`, metres; negative where they overlap.

    `axis` as for `extent`; None is the level line between their centroids (the straight one
    where gravity is unknown). Raises NoCommonWorld.
    """
    a, b = as_object(a), as_object(b)
    line = b.centroid - a.centroid
    if axis is None:
        up = a.up if a.up is not None else b.up
        level = line if up is None else line - up * (line @ up)
        direction = unit(level if np.linalg.norm(level) > 1e-6 else line)
    else:
        direction = axis_of(a, axis)
    if direction @ line < 0:
        direction = -direction
    best, note = combined([e for s, t in pairs_of(a, b)
                           if (e := _gap_in_views(s, t, direction)) is not None], extremum=-1)
    best = across_views(a, b, best, lambda s, t: _gap_plainly(s, t, direction),
                        lambda s, t: _gap_in_views(s, t, direction), -1)
    return Distance(
        a.name, b.name, 'GAP_ALONG_AXIS', best.points[0], best.points[1], best.value, best.sigma,
        best.interval(), *end_covariances(a, b, best), frames=best.frames, note=note)


def axis_of(a: Object3D, axis: Any) -> np.ndarray:
    """Unit vector (3,) of an axis by name or vector; raises ValueError naming what is known."""
    if not isinstance(axis, str):
        return unit(axis)
    if axis in _AXES:
        return np.eye(3)[_AXES[axis]]
    if axis in _SIDES:
        return np.asarray(a.box.rotation[:, _SIDES[axis]])
    if axis == 'up' and a.up is not None:
        return a.up
    if axis in _VIEWED and a.views:
        return _viewed_side(a, axis)
    raise ValueError(
        f'axis {axis!r} is not known here; give x, y, z, length, breadth, width, depth, a vector '
        '(3,), or up where gravity is known')


def _viewed_side(a: Object3D, axis: str) -> np.ndarray:
    """Side (3,) of the box of `a`, a level one where up is known, most across or along the view.

    That of the newest camera that saw it.
    """
    sides = a.box.rotation if a.up is None else a.box.rotation[:, :2]
    looking = a.views[-1].camera_to_world[:3, 0 if axis == 'width' else 2]
    return np.asarray(sides[:, int(np.abs(looking @ sides).argmax())])


def _extent(a: Object3D, direction: np.ndarray, name: str) -> Quantity:
    found = [extent_in_views(s, s, direction) for s in spread_out(a.sights_in(a.world))]
    best, note = combined([e for e in found if e is not None], extremum=1)
    best = across_views(
        a, a, best, lambda s, t: _extent_plainly(s, t, direction),
        lambda s, t: extent_in_views(s, t, direction), 1)
    return Quantity(name, best.value, 'm', best.sigma, best.interval(low=0.0), best.points,
                    best.frames, note)


def extent_in_views(s: Sight, t: Sight, direction: np.ndarray) -> Estimate | None:
    """From the lower end in one sight to the upper end in another, or the same."""
    rng = np.random.default_rng(SEED)
    high, low = end_along(t, direction, rng), end_along(s, -direction, rng)
    if high is None or low is None:
        return None
    points = np.array([low.point, high.point])

    def along(ends: list[np.ndarray]) -> float:
        return float((ends[1][0] - ends[0][0]) @ direction)
    mask = float(np.hypot(mask_sigma(high.plain, high.others),
                          mask_sigma(low.plain, low.others)))
    errors = high.errors + low.errors
    seen = [(points[:1], s.view), (points[1:], t.view)]
    return Estimate(
        max(high.place + low.place, 0.0), errors, mask, frame_sigma(along, seen),
        pose_sigma(along, seen) if s is not t else 0.0, points, frames_of(s, t))


def _gap_plainly(s: Sight, t: Sight, direction: np.ndarray) -> float | None:
    first, second = s.surface().points @ direction, t.surface().points @ direction
    if not len(first) or not len(second):
        return None
    return float(lower_end(second, rank_for(len(second)))
                 + lower_end(-first, rank_for(len(first))))


def _extent_plainly(s: Sight, t: Sight, direction: np.ndarray) -> float | None:
    between = _gap_plainly(s, t, -direction)
    return None if between is None else -between


def _gap_in_views(s: Sight, t: Sight, direction: np.ndarray) -> Estimate | None:
    rng = np.random.default_rng(SEED)
    begin = end_along(s, direction, rng, facing=True)
    end = end_along(t, -direction, rng, facing=True)
    if begin is None or end is None:
        return None
    value = -end.place - begin.place
    points = np.array([begin.point, end.point])
    points[1] = points[0] + direction * value
    seen = [(begin.point[None], s.view), (end.point[None], t.view)]

    def along(ends: list[np.ndarray]) -> float:
        return float((ends[1][0] - ends[0][0]) @ direction)
    mask = np.hypot(mask_sigma(begin.plain, begin.others), mask_sigma(end.plain, end.others))
    errors = -begin.errors - end.errors
    return Estimate(
        value, errors, float(mask), frame_sigma(along, seen),
        pose_sigma(along, seen) if s.view is not t.view else 0.0, points, frames_of(s, t),
        ((begin.point, s), (end.point, t)))
