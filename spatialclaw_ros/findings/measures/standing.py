"""What things stand on: whether one is on another, and how far it is above."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.measures.ends import end_along
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.measures.estimate import SEED
from spatialclaw_ros.findings.measures.heights import height
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import pairs_of
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.support import Support
from spatialclaw_ros.findings.support import support_under

#: A thing this close above a surface touches it, metres.
_TOUCHING = 0.02


def above(a: Any, surface: Any) -> Quantity:
    """How far the top of `a` is above a surface, metres, along up (or the surface's normal).

    `surface` is a plane, or an object, whose readings below `a` give the level; where none are
    below, its top does.
    """
    a = as_object(a)
    try:
        found = height(a, surface)
    except NotVisible:
        found = _top_above_top(a, as_object(surface))
    name = getattr(surface, 'name', 'the surface')
    return Quantity(f'{a.name} above {name}', found.value, 'm', found.sigma, found.interval,
                    found.points, found.frames, found.note)


def _top_above_top(a: Object3D, b: Object3D) -> Quantity:
    up = a.up if a.up is not None else b.up
    if up is None:
        raise Unanswerable(f'above {b.name!r} needs to know where up is')
    estimates = []
    for s, t in pairs_of(a, b):
        rng = np.random.default_rng(SEED)
        top, base = end_along(s, up, rng), end_along(t, up, rng)
        if top is None or base is None:
            continue
        seen = [(top.point[None], s.view), (base.point[None], t.view)]

        def along(ends: list[np.ndarray]) -> float:
            return float((ends[0][0] - ends[1][0]) @ up)
        errors = top.errors - base.errors
        mask = np.hypot(mask_sigma(top.plain, top.others), mask_sigma(base.plain, base.others))
        estimates.append(Estimate(
            top.place - base.place, errors, float(mask), frame_sigma(along, seen),
            pose_sigma(along, seen) if s.view is not t.view else 0.0,
            np.array([base.point, top.point]), frames_of(s, t)))
    best, note = combined(estimates)
    return Quantity('', best.value, 'm', best.sigma, best.interval(), best.points, best.frames,
                    note)


def on(a: Any, b: Any) -> Relation:
    """Whether `a` stands on `b`: 'yes' or 'no'; the margin is the gap under `a`, metres.

    It stands there when its lower end is at the level that `b`, or what is seen of `b` about its
    foot, has there.
    """
    a, b = as_object(a), as_object(b)
    best: tuple[float, float, Sight] | None = None
    for s, t in pairs_of(a, b):
        found = _gap_below(a, s, t)
        if found is not None and (best is None or abs(found[0]) < abs(best[0])):
            best = (*found, s)
    if best is None:
        return Relation('no', (a.name, b.name), note=f'{b.name} is not below {a.name}')
    space, sigma, sight = best
    word = 'yes' if abs(space) <= _TOUCHING + 2 * sigma else 'no'
    return Relation(word, (a.name, b.name), '', space, sigma,
                    points=sight.surface().center[None], frames=frames_of(sight))


def _gap_below(a: Object3D, s: Sight, t: Sight) -> tuple[float, float] | None:
    """Space between the lower end of `s` and the surface of `t` about its foot, and its sigma."""
    under = support_under(s, a.up, t.surface().points)
    if under is None:
        return None
    end = end_along(s, -under.normal, np.random.default_rng(SEED))
    if end is None or not _is_about_foot(t, s, under):
        return None
    own = 0.0 if s.view is None else float(s.view.own_lever(end.point) @ under.normal)
    sigma = float(np.linalg.norm([np.std(end.errors), under.sigma, own]))
    return -end.place - under.level, sigma


def _is_about_foot(t: Sight, s: Sight, under: Support) -> bool:
    """Whether what is seen at the level `under` about the foot of `s` is mostly of `t`.

    A table's leg near a chair is at the level of the chair's foot, but the floor is all about it.
    """
    def away(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up = (points - under.foot) @ under.normal
        return np.abs(up), np.linalg.norm(points - under.foot - np.outer(up, under.normal), axis=1)
    reach = 1.5 * float(away(s.surface().points)[1].max())
    height, apart = away(t.surface().points)
    own = t.surface().points[(height <= _TOUCHING) & (apart <= reach)]
    height, apart = away(s.surroundings)
    around = s.surroundings[(height <= _TOUCHING) & (apart <= reach)]
    if not len(own) or not len(around):
        return bool(len(own))
    return bool((cKDTree(own).query(around)[0] <= _TOUCHING).mean() >= 0.5)
