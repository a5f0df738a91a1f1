"""How many things there are: what is seen several times counts once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.association import same_things
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.patch import MaskedView
from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma

#: Two masks of one image are of one thing where this share of the smaller lies in the other.
_SAME_PIXELS = 0.5


def count(objects: Sequence[Object3D], name: str = 'objects') -> Quantity:
    """Number of different things among `objects`.

    Two masks of one frame are one thing when the smaller lies half in the larger one; those of two
    frames or cameras when they show one surface, as association tells. Bare points are a thing
    each. Frames without a common world cannot be compared: then each is counted by itself and the
    largest number counts.
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
    masks = [[MaskedView(sight.seen, sight.origin, sight.masks[0])
              for sight in thing.sights_in(world)
              if isinstance(sight, DepthSight) and sight.seen is not None] for thing in objects]
    shown = [of for of in masks if of]
    pairs = [(i, j) for i in range(len(shown)) for j in range(i) if _overlap(shown[i], shown[j])]
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(shown), len(shown)))
    total, of = connected_components(graph, directed=False) if shown else (0, [])
    things = [[mask for masks, one in zip(shown, of, strict=True) if one == thing
               for mask in masks] for thing in range(total)]
    return len(masks) - len(shown) + len(set(same_things(things, [''] * total)))


def _overlap(first: Sequence[MaskedView], second: Sequence[MaskedView]) -> bool:
    """Whether a frame shows both, the smaller mask for the most part in the larger one."""
    return any(_shared_pixels(a, b) > _SAME_PIXELS for a in first for b in second
               if a.view.frame == b.view.frame)


def _shared_pixels(a: MaskedView, b: MaskedView) -> float:
    """Share of the smaller mask that lies in the other."""
    image = np.zeros(a.seen.depth.shape, np.uint8)
    for mask in (a, b):
        (x, y), (h, w) = mask.origin, mask.pixels.shape
        image[y:y + h, x:x + w] += mask.pixels
    return float((image == 2).sum()) / max(min(int(a.pixels.sum()), int(b.pixels.sum())), 1)
