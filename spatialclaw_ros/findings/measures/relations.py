"""Words that relate things: left of, behind, on, fits; each with the margin it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.measures.extents import size
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import pairs_of
from spatialclaw_ros.findings.measures.places import centroid_covariance
from spatialclaw_ros.findings.measures.points import own_depth_covariance
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.transforms import unit

#: (word, opposite) of each axis of a viewpoint: to the right, away from the viewer, up.
_WORDS = (('right', 'left'), ('behind', 'front'), ('above', 'below'))
WORDS = tuple(word for pair in _WORDS for word in pair)


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """Where left and right are said from: unit `right`, `away`, `above` (3,) and its `name`."""

    right: np.ndarray
    away: np.ndarray
    above: np.ndarray
    name: str

    @classmethod
    def of_camera(cls, view: View, up: np.ndarray | None) -> Viewpoint:
        """The camera's own, levelled where `up` is known: behind is away from the camera."""
        axes = view.camera_to_world[:3, :3]
        if up is None or abs(axes[:, 2] @ up) > np.cos(np.deg2rad(10.0)):
            return cls(axes[:, 0], axes[:, 2], -axes[:, 1], f'camera of frame {view.frame}')
        level = unit(axes[:, 2] - up * (axes[:, 2] @ up))
        return cls(axes[:, 0], level, np.asarray(up), f'camera of frame {view.frame}')

    @classmethod
    def of_body(cls, pose: np.ndarray, name: str) -> Viewpoint:
        """That of a body (4, 4), x forward, y left, z up: behind is farther forward."""
        return cls(-pose[:3, 1], pose[:3, 0], pose[:3, 2], name)

    @property
    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three directions of `WORDS`' pairs."""
        return self.right, self.away, self.above


def direction(a: Any, b: Any, viewpoint: Viewpoint | None = None,
              among: Sequence[str] = WORDS) -> Relation:
    """Where the centroid of `a` is relative to that of `b`, seen from `viewpoint`.

    None is the camera of the newest frame that shows both. `among` are the words that may be
    said: of the axes they lie on, the one with the larger offset decides; front is nearer to the
    viewer. `margin` is that offset, metres.
    """
    a, b = as_object(a), as_object(b)
    unknown = set(among) - set(WORDS)
    if unknown:
        raise ValueError(f'{sorted(unknown)} are not among the words {list(WORDS)}')
    pairs = pairs_of(a, b)
    s, t = max(pairs, key=lambda pair: max(
        (sight.view.stamp, sight.view.frame) if sight.view is not None else (-1, -1)
        for sight in pair))
    view = s.view if s.view is not None else t.view
    if viewpoint is None:
        if view is None:
            raise Unanswerable('left and right of bare points need a viewpoint; give one')
        viewpoint = Viewpoint.of_camera(view, a.up if a.up is not None else b.up)
    places = np.array([s.surface().center, t.surface().center])
    offset = places[0] - places[1]
    covariance = _offset_covariance(s, t, offset)
    best_word, best, best_sigma = '', -1.0, np.nan
    for axis, (word, opposite) in zip(viewpoint.axes, _WORDS, strict=True):
        if word not in among and opposite not in among:
            continue
        along = float(offset @ axis)
        if abs(along) > best:
            best_word = word if along > 0 else opposite
            best, best_sigma = abs(along), float(np.sqrt(axis @ covariance @ axis))
    return Relation(best_word, (a.name, b.name), viewpoint.name, best, best_sigma,
                    points=places, frames=frames_of(s, t))


def _offset_covariance(s: Sight, t: Sight, offset: np.ndarray) -> np.ndarray:
    """(3, 3) m² of the offset between two centroids; what one frame shares cancels."""
    if s.view is None or t.view is None or s.view.frame != t.view.frame:
        return centroid_covariance(s) + centroid_covariance(t)
    scale = np.hypot(s.view.bias_share, s.view.focal_share)
    own = np.zeros((3, 3))
    for sight in (s, t):
        surface = sight.surface()
        noise = float(np.median(surface.sigma)) ** 2 / max(len(surface.points) / 9, 1)
        own += noise * np.eye(3) + own_depth_covariance(sight)
        center = surface.center
        for variant in range(1, sight.variants):
            points = sight.surface(variant).points
            if len(points):
                shift = sight.surface(variant).center - center
                own += np.outer(shift, shift) / (3 * (sight.variants - 1))
    return own + scale ** 2 * np.outer(offset, offset)


def fits(a: Any, into: Any, clearance: float = 0.0) -> Relation:
    """Whether the box of `a` goes into that of `into` with `clearance` metres on every side.

    Boxes of the visible surfaces, turned as best; the margin is the least space left, metres.
    `into` may be three inner lengths, metres.
    """
    a = as_object(a)
    sides = size(a)
    if isinstance(into, Object3D):
        room = [side.value for side in size(into)]
        errors = [side.sigma.total for side in size(into)]
        name = into.name
    else:
        room, errors, name = sorted(np.asarray(into, float).tolist(), reverse=True), [0.0] * 3, ''
    spare = [free - side.value - 2 * clearance for free, side in zip(room, sides, strict=True)]
    least = int(np.argmin(spare))
    sigma = float(np.hypot(sides[least].sigma.total, errors[least]))
    return Relation('yes' if spare[least] >= 0 else 'no', (a.name, name), '', spare[least], sigma,
                    points=a.centroid[None], frames=a.frame_indices)


def facing(a: Any, viewpoint: Viewpoint) -> Relation:
    """Which way the front of `a` points, seen from `viewpoint`; the margin is its lead, rad.

    'front' is towards the viewer. Raises Unanswerable where its front is not known.
    """
    a = as_object(a)
    if a.front is None:
        raise Unanswerable(f'the front of {a.name!r} is not known; a model can be asked for it')
    front = unit(a.front)
    angles = {}
    for axis, (word, opposite) in zip(viewpoint.axes[:2], _WORDS[:2], strict=True):
        along = float(np.arccos(np.clip(front @ axis, -1, 1)))
        angles[word], angles[opposite] = along, np.pi - along
    first, second = sorted(angles, key=lambda word: angles[word])[:2]
    return Relation(first, (a.name,), viewpoint.name, angles[second] - angles[first], unit='rad',
                    candidates=tuple(sorted(angles.items(), key=lambda pair: pair[1])),
                    points=a.centroid[None], frames=a.frame_indices)


def chosen(names: Sequence[str], found: Sequence[Distance | Quantity], *, largest: bool
           ) -> Relation:
    """The name whose finding is the smallest, or the `largest`; the margin is to the next one."""
    if not names or len(names) != len(found):
        raise ValueError(f'give as many findings as names, here {len(found)} for {len(names)}')
    order = sorted(range(len(names)), key=lambda i: -found[i].value if largest
                   else found[i].value)
    first, second = order[0], order[1] if len(order) > 1 else None
    margin, sigma = np.nan, np.nan
    if second is not None:
        margin = abs(found[second].value - found[first].value)
        sigma = float(np.hypot(found[first].sigma.total, found[second].sigma.total))
    best = found[first]
    points = best.points if isinstance(best, Quantity) else np.array(
        [best.from_point, best.to_point])
    return Relation(
        names[first], tuple(names), '', margin, sigma,
        best.unit if isinstance(best, Quantity) else 'm',
        tuple((names[i], float(found[i].value)) for i in order), points,
        tuple(sorted({frame for f in found for frame in f.frames})))
