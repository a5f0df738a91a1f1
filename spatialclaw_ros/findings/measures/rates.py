"""What tracks tell: how far and how fast things go, and how they near one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.errors import NoCommonWorld
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.motion import check_still
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.track import Track
from spatialclaw_ros.findings.uncertainty import interval_of
from spatialclaw_ros.findings.uncertainty import Sigma


def displacement(of: Track) -> Quantity:
    """How far a thing is at the end of its track from where it was at the beginning, metres."""
    return _quantity(of, 'displacement', of.displacement, 'm', of.displacement_sigma)


def speed(of: Track) -> Quantity:
    """Length of a track's velocity, m/s."""
    return _quantity(of, 'speed', of.speed, 'm/s', of.speed_sigma)


def approach(a: Track, b: Any) -> Quantity:
    """Rate at which `a` and `b` near each other at the end of both, m/s; negative where they part.

    `b` is a Track, or a thing at rest: an object, points, a point or a finding. Raises
    NoCommonWorld where no pose tells how `b` lies to the track, Moving where its views show that a
    `b` without a track moved, and ValueError where both are at one place.
    """
    if isinstance(b, Track):
        if a.world and b.world and a.world != b.world:
            raise _no_common_world(a, b.name, b.frames)
        name, frames = b.name, tuple(sorted({*a.frames, *b.frames}))
        stamp = min(int(a.stamps[-1]), int(b.stamps[-1]))
        place, velocity, own = _at(b, stamp), b.velocity, b.velocity_sigma
    else:
        thing = _at_rest(a, as_object(b))
        name, frames, stamp = thing.name, a.frames, int(a.stamps[-1])
        place, velocity, own = thing.centroid, np.zeros(3), np.zeros(3)
    ends = np.array([_at(a, stamp), place])
    length = float(np.linalg.norm(ends[1] - ends[0]))
    if length < 1e-9:
        raise ValueError(f'{a.name!r} and {name!r} are at one place; they near each other in no '
                         'direction there: ask for their speed')
    along = (ends[1] - ends[0]) / length
    value = float((a.velocity - velocity) @ along)
    sigma = float(np.linalg.norm(along * np.hypot(a.velocity_sigma, own)))
    return Quantity(
        f'approach of {a.name} and {name}', value, 'm/s', Sigma(pixel=sigma),
        interval_of(value, np.empty(0), sigma), ends, frames)


def _at_rest(a: Track, thing: Object3D) -> Object3D:
    """`thing` as the track's world shows it; raises NoCommonWorld where it does not, and Moving."""
    sights = thing.sights_in(a.world) if a.world else thing.sights
    if not sights:
        raise _no_common_world(a, thing.name, thing.frame_indices)
    thing = replace(thing, sights=sights)
    check_still(thing)
    return thing


def _no_common_world(a: Track, name: str, frames: tuple[int, ...]) -> NoCommonWorld:
    return NoCommonWorld(
        f'{name!r} is seen in frames {list(frames)}, and no pose tells how these lie to the track '
        f'of {a.name!r} in {list(a.frames)}; take {name!r} from a frame with a pose')


def _at(of: Track, stamp: int) -> np.ndarray:
    """Where (3,) a track's straight line is at `stamp` ns, metres."""
    middle = of.stamps[0] + float(np.mean(of.stamps - of.stamps[0]))
    return np.asarray(of.positions.mean(axis=0) + of.velocity * (stamp - middle) * 1e-9)


def _quantity(of: Track, what: str, value: float, unit: str, sigma: float) -> Quantity:
    told = Sigma(pixel=sigma)
    return Quantity(f'{what} of {of.name}', value, unit, told,
                    interval_of(value, np.empty(0), sigma, 0.0), of.positions, of.frames)
