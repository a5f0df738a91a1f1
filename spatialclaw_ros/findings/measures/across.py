"""Extrema across views: the nearest parts of two things may show in different frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import math

import numpy as np
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight

_MOST_SIGHTS = 4
_SAMPLE = 400
#: Of one thing's points in a view, the share that another view of it surely shows too.
_SHARED = 0.3
#: Sigmas by which two frames must show more than one, before their poses are relied on.
_SURE = 3.0


def across_views(a: Object3D, b: Object3D, best: Estimate,
                 plain: Callable[[Sight, Sight], float | None],
                 full: Callable[[Sight, Sight], Estimate | None], sign: int) -> Estimate:
    """`best`, or what two frames show together where it is surely more extreme.

    `plain` and `full` measure two sights; `sign` is -1 where the smallest value counts, 1 for the
    largest. Between frames the told pose error counts, and so does how far the same things lie
    apart in both: their readings may show that the poses are worse than told.
    """
    pairs = [(s, t) for s in spread_out(a.sights_in(a.world), _MOST_SIGHTS)
             for t in spread_out(b.sights_in(b.world), _MOST_SIGHTS)
             if s.view is not None and t.view is not None and s.view.world == t.view.world
             and s.view.frame != t.view.frame]
    found = [(value, s, t) for s, t in pairs if (value := plain(s, t)) is not None]
    if not found:
        return best
    value, s, t = max(found, key=lambda entry: sign * entry[0])
    if sign * (value - best.value) <= 0:
        return best
    estimate = full(s, t)
    if estimate is None:
        return best
    estimate = replace(estimate, pose=math.hypot(estimate.pose, mismatch((a, b), s, t)))
    joint = math.hypot(estimate.sigma.total, best.sigma.total)
    return estimate if sign * (estimate.value - best.value) > _SURE * joint else best


def mismatch(objects: tuple[Object3D, ...], s: Sight, t: Sight) -> float:
    """Metres by which the things seen in the frames of both sights lie apart between them."""
    frames = {sight.view.frame for sight in (s, t) if sight.view is not None}
    apart = [0.0]
    for thing in objects:
        seen = [sight.surface() for sight in thing.sights
                if sight.view is not None and sight.view.frame in frames]
        if len(seen) < 2 or not all(len(surface.points) for surface in seen[:2]):
            continue
        first, second = seen[:2]
        points = first.points[::max(len(first.points) // _SAMPLE, 1)]
        apart.append(float(np.quantile(cKDTree(second.points).query(points)[0], _SHARED)))
    return max(apart)
