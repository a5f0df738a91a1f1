"""How far things reach above what they stand on."""

from __future__ import annotations

from dataclasses import replace
import math
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.measures.ends import end_along
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.measures.estimate import SEED
from spatialclaw_ros.findings.measures.extents import extent_in_views
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.support import Support
from spatialclaw_ros.findings.support import support_under
from spatialclaw_ros.geometry.planes import PlaneFit

_NO_GRAVITY = "gravity is unknown: along the support's own normal"
_OWN_FOOT = 'its support is not seen: above the lowest that is seen of it'
#: Share of an outline in sight from which on its foot is taken to be, and how much of a height
#: may then be missing, one sigma.
_IN_SIGHT, _MISSING = 0.8, 0.04
#: Cosine of the steepest slope that things stand on.
_LEAST_LEVEL = 0.5


def height(a: Any, support: Any = None) -> Quantity:
    """Top of `a` above the support at its foot, along up, metres.

    The support is found about its foot in each frame, or is `support`: a plane, or an object
    whose upper surface counts. Where gravity is unknown the support's normal is used and the
    note says so. Where none is seen, and nothing hides the foot, the lowest that is seen of `a`
    counts as its foot, and the note says so. Raises NotVisible otherwise.
    """
    a = as_object(a)
    estimates = [estimate for sight in spread_out(a.sights)
                 if (estimate := _height_in_view(a, sight, support)) is not None]
    own_foot = not estimates and support is None and a.up is not None
    if own_foot:
        estimates = [estimate for sight in spread_out(a.sights) if sight.visible >= _IN_SIGHT
                     and (estimate := _above_own_foot(sight, a.up)) is not None]
    if not estimates:
        raise NotVisible(
            f'no support is seen about the foot of {a.name!r}; give one: height(a, support=...), '
            'a plane or the object it stands on')
    best, note = combined(estimates, extremum=1)
    notes = [note, _NO_GRAVITY if a.up is None else '', _OWN_FOOT if own_foot else '']
    return Quantity(f'height of {a.name}', best.value, 'm', best.sigma, best.interval(),
                    best.points, best.frames, '; '.join(n for n in notes if n))


def top_along(a: Any, direction: np.ndarray) -> Quantity:
    """Where `a` ends along a world `direction` (3,): metres from the world's origin.

    Across views this is a position, so errors of the poses count.
    """
    a = as_object(a)
    estimates = []
    for sight in spread_out(a.sights_in(a.world)):
        end = end_along(sight, direction, np.random.default_rng(SEED))
        if end is None:
            continue
        seen = [(end.point[None], sight.view)]

        def along(ends: list[np.ndarray]) -> float:
            return float(ends[0][0] @ direction)
        estimates.append(Estimate(
            end.place, end.errors, mask_sigma(end.plain, end.others), frame_sigma(along, seen),
            pose_sigma(along, seen), end.point[None], frames_of(sight)))
    best, note = combined(estimates)
    return Quantity(f'end of {a.name}', best.value, 'm', best.sigma, best.interval(),
                    best.points, best.frames, note)


def support_of(a: Any) -> Plane3D:
    """The plane `a` stands on, from the frame that shows it best; raises NotVisible."""
    a = as_object(a)
    found = [support for sight in a.sights_in(a.world)
             if (support := support_under(sight, a.up)) is not None]
    if not found:
        raise NotVisible(f'no support is seen about the foot of {a.name!r}')
    best = min(found, key=lambda support: support.sigma)
    return Plane3D(best.plane.normal, float(best.plane.normal @ best.foot), best.foot[None],
                   best.plane.residual, float('nan'), best.sigma, f'support of {a.name}')


def _above_own_foot(sight: Sight, up: np.ndarray) -> Estimate | None:
    """From the lower to the upper end of what `sight` shows."""
    found = extent_in_views(sight, sight, up)
    if found is None:
        return None
    return replace(found, mask=math.hypot(found.mask, _MISSING * found.value))


def _height_in_view(a: Object3D, sight: Sight, support: Any) -> Estimate | None:
    under = support_under(sight, a.up) if support is None else _given(a, sight, support)
    if under is None:
        return None
    end = end_along(sight, under.normal, np.random.default_rng(SEED))
    if end is None:
        return None
    above = end.place - under.level
    foot = end.point - under.normal * above
    seen = [(under.told_at[None], sight.view and sight.view.beside), (end.point[None], sight.view)]
    mask = mask_sigma(end.plain, end.others)

    def along(ends: list[np.ndarray]) -> float:
        return float((ends[1][0] - ends[0][0]) @ under.normal)
    rng = np.random.default_rng(SEED + 1)
    errors = end.errors + under.sigma * rng.standard_normal(len(end.errors))
    return Estimate(
        above, errors, mask, frame_sigma(along, seen), pose_sigma(along, seen),
        np.array([foot, end.point]), frames_of(sight))


def _given(a: Object3D, sight: Sight, support: Any) -> Support | None:
    """The support as the caller names it: a plane, or what is seen of an object below `a`."""
    if not isinstance(support, (Plane3D, FoundPlane)):
        return support_under(sight, a.up, _seen_with(as_object(support), sight))
    normal = support.normal if a.up is None else a.up
    slope = float(normal @ support.normal)
    if slope < _LEAST_LEVEL:
        raise Unanswerable(
            f'{support.name} is too steep to stand on: it is tilted '
            f'{np.degrees(np.arccos(abs(slope))):.0f} degrees; give a level support')
    middle = sight.surface().points.mean(axis=0)
    above = float(middle @ support.normal) - support.offset
    foot = middle - normal * above / slope
    plane = PlaneFit(support.normal, support.offset, np.zeros(0, bool), 0.0)
    return Support(normal, foot, foot, float(np.nan_to_num(support.offset_sigma)), plane)


def _seen_with(support: Object3D, sight: Sight) -> np.ndarray:
    """Points (N, 3) of a support, from the frame of `sight` where it is in that, else from all."""
    same = [s for s in support.sights if s.view is not None and sight.view is not None
            and s.view.frame == sight.view.frame]
    return same[0].surface().points if same else support.points
