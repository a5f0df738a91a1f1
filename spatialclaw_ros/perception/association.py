"""Which masks of different frames show the same object."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.association import same_things
from spatialclaw_ros.findings.build import masked_view
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.findings.patch import MaskedView
from spatialclaw_ros.findings.patch import patch_of
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame

#: A mask with fewer readings is nowhere in particular.
_LEAST_READINGS = 5


def merged(reply: Segmented, frames: Sequence[Frame]) -> Segmented:
    """`reply` with one object id for each thing, however many of its ids show it.

    An engine follows each camera's stream by itself; here the ids of one label that show the same
    surface in the world become one. Frames without depth or pose say nothing, theirs stay.
    """
    by_number = {frame.index: frame for frame in frames}
    ids = list(dict.fromkeys(mask.object_id for mask in reply.masks))
    views = {number: [view for mask in reply.masks if mask.object_id == number
                      and (view := _seen(by_number[mask.frame], mask)) is not None]
             for number in ids}
    labels = {mask.object_id: mask.label for mask in reply.masks}
    placed = [number for number in ids if views[number]]
    same = same_things([views[number] for number in placed],
                       [labels[number] for number in placed])
    first: dict[int, int] = {}
    become = {number: first.setdefault(thing, number)
              for number, thing in zip(placed, same, strict=True)}
    return replace(reply, masks=tuple(
        replace(mask, object_id=become.get(mask.object_id, mask.object_id))
        for mask in reply.masks))


def same_objects(sightings: Sequence[tuple[Frame, Sequence[Mask]]], *, gated: bool
                 ) -> list[list[int]]:
    """Number the objects seen in several frames: for each frame, each mask's object (from 0).

    Masks are of one object where the same surface shows in the world. Those of frames without
    depth or pose take, in order, the objects that were not found in their frame. Without `gated`,
    so do all others: a new object is only opened when a frame shows more than were known.
    """
    masks = [(f, k) for f, (_, found) in enumerate(sightings) for k in range(len(found))]
    views = {(f, k): _view_of(sightings[f][0], sightings[f][1][k]) for f, k in masks}
    placed = [key for key in masks if views[key] is not None]
    same = same_things([[view] for view in views.values() if view is not None],
                       [''] * len(placed))
    objects: dict[int, list[tuple[int, int]]] = {}
    for key, thing in zip(placed, same, strict=True):
        objects.setdefault(thing, []).append(key)
    known = list(objects.values()) if gated else _joined(list(objects.values()), views)
    for f, (_, found) in enumerate(sightings):
        free = [number for number, of in enumerate(known) if f not in {place for place, _ in of}]
        for key in [(f, k) for k in range(len(found)) if views[f, k] is None]:
            if not free:
                free.append(len(known))
                known.append([])
            known[free.pop(0)].append(key)
    known.sort(key=min)
    numbers = {key: number for number, of in enumerate(known) for key in of}
    return [[numbers[f, k] for k in range(len(found))] for f, (_, found) in enumerate(sightings)]


def _joined(objects: list[list[tuple[int, int]]],
            views: Mapping[tuple[int, int], MaskedView | None]) -> list[list[tuple[int, int]]]:
    """The `objects` that no frame shows together joined, the nearest ones first."""
    centers = np.array([np.median(
        [patch_of(view).center for key in of if (view := views[key]) is not None], axis=0)
        for of in objects]).reshape(-1, 3)
    apart = np.linalg.norm(centers[:, None] - centers, axis=2)
    together = [list(of) for of in objects]
    owner = list(range(len(objects)))
    for i, j in sorted(combinations(range(len(objects)), 2), key=lambda pair: apart[pair]):
        first, second = sorted((owner[i], owner[j]))
        if first != second and not ({f for f, _ in together[first]}
                                    & {f for f, _ in together[second]}):
            together[first] += together[second]
            together[second] = []
            owner = [first if one == second else one for one in owner]
    return [of for of in together if of]


def _view_of(frame: Frame, mask: Mask) -> MaskedView | None:
    """The mask as it is compared with others; None where nothing tells its place."""
    (x, y), (h, w) = mask.origin, mask.pixels.shape
    if frame.depth is None or np.isfinite(
            frame.depth[y:y + h, x:x + w][mask.pixels]).sum() < _LEAST_READINGS:
        return None
    return _seen(frame, mask.instance(frame.index, 0, '', 1.0))


def _seen(frame: Frame, mask: InstanceMask) -> MaskedView | None:
    """The mask with all that its frame measures; None without depth or pose."""
    if frame.depth is None or frame.camera_to_world is None:
        return None
    return masked_view(ViewPart(
        frame, FrameGeometry(frame.index, frame.depth, frame.noise), mask))
