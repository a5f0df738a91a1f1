"""How many things there are: what is seen several times counts once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma

_SAME_PIXELS = 0.5
_SAME_POINTS = 0.5
_SAMPLE = 500


def count(objects: Sequence[Object3D], name: str = 'objects') -> Quantity:
    """Number of different things among `objects`.

    Two masks of one frame are one thing when the smaller lies half in the larger one; surfaces of
    two frames when half of the smaller lies on the larger within its errors and the two are never
    seen apart in one frame. Frames without a common world cannot be compared: then each is
    counted by itself and the largest number counts.
    """
    if not objects:
        return Quantity(f'number of {name}', 0.0, '', Sigma(), Interval(0.0, 0.0))
    worlds = {sight.view.world if sight.view else '' for o in objects for sight in o.sights}
    numbers = [_distinct([o for o in objects if o.sights_in(world)], world) for world in worlds]
    note = '' if len(worlds) == 1 else (
        'frames without a common world: the most seen in one of them')
    frames = tuple(sorted({frame for o in objects for frame in o.frame_indices}))
    value = float(max(numbers))
    return Quantity(f'number of {name}', value, '', Sigma(), Interval(value, value),
                    np.array([o.centroid for o in objects]), frames, note)


def _distinct(objects: Sequence[Object3D], world: str) -> int:
    total = len(objects)
    same = [(i, j) for i in range(total) for j in range(i)
            if same_thing(objects[i], objects[j], world)]
    rows, columns = np.array(same, int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(total, total))
    return int(connected_components(graph, directed=False)[0])


def same_thing(a: Object3D, b: Object3D, world: str | None = None) -> bool:
    """Whether two objects are one thing, by the pixels or the surface they share."""
    world = a.world if world is None else world
    first, second = a.sights_in(world), b.sights_in(world)
    together = [(s, t) for s in first for t in second
                if s.view is not None and t.view is not None and s.view.frame == t.view.frame]
    if together:
        return max(_shared_pixels(s, t) for s, t in together) > _SAME_PIXELS
    if not first or not second:
        return False
    return max(_shared_surface(s, t) for s in first for t in second) > _SAME_POINTS


def _shared_pixels(s: Sight, t: Sight) -> float:
    """Share of the smaller mask that lies in the larger one."""
    if not isinstance(s, DepthSight) or not isinstance(t, DepthSight):
        return 0.0
    pixels = [set(map(tuple, np.argwhere(u.masks[0]) + np.array(u.origin)[::-1])) for u in (s, t)]
    smaller = min(len(found) for found in pixels)
    return len(pixels[0] & pixels[1]) / max(smaller, 1)


def _shared_surface(s: Sight, t: Sight) -> float:
    """Share of the smaller surface that lies on the other within the errors of both."""
    small, large = sorted((s.surface(), t.surface()), key=lambda u: len(u.points))
    if not len(small.points):
        return 0.0
    points = small.points[::max(len(small.points) // _SAMPLE, 1)]
    apart = cKDTree(large.points).query(points)[0]
    variance = 0.0
    for surface in (small, large):
        variance += float(np.nan_to_num(np.median(surface.sigma))) ** 2
        if surface.view is not None:
            away = float(np.median(np.linalg.norm(surface.points - surface.view.origin, axis=1)))
            variance += (surface.view.bias_share * away) ** 2
            variance += surface.view.pose_translation_sigma ** 2
            variance += (surface.view.pose_rotation_sigma * away) ** 2
    reach = float(np.linalg.norm(np.ptp(small.points, axis=0)))
    return float((apart < 3 * np.sqrt(variance) + 0.1 * reach).mean())
