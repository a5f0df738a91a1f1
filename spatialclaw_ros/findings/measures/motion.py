"""Things over time: where they are, how fast and which way they go, and whether they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.stats import chi2

from spatialclaw_ros.findings.errors import Moving
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.measures.places import centroid_covariance
from spatialclaw_ros.findings.measures.places import noise_sigma
from spatialclaw_ros.findings.measures.shifts import comparable
from spatialclaw_ros.findings.measures.shifts import Part
from spatialclaw_ros.findings.measures.shifts import Shift
from spatialclaw_ros.findings.measures.shifts import shift_between
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.findings.track import Track

#: A thing at rest is taken for a moving one this often, by errors as told.
_FALSE = 0.003
#: Poses of one camera within this, metres and rad, are those of a camera that stands.
_STANDS = 1e-3
#: How far poses of a camera that moved, or of two cameras, are out beyond what is told, metres:
#: calibrations are out by a centimetre.
_PLACED = 0.01
#: No place is known better than this, metres.
_LEAST = 2e-4


@dataclass(frozen=True, eq=False)
class _Path:
    """Where T `sights` of one world show a thing: `positions` (T, 3) metres, in time order.

    `sources` (T) name each error of a place by what it comes from, with where one sigma of it
    moves the place, (n, 3) metres: errors of one source are one.
    """

    sights: tuple[Sight, ...]
    views: tuple[View, ...]
    positions: np.ndarray
    sources: tuple[dict[Hashable, np.ndarray], ...]

    @cached_property
    def seconds(self) -> np.ndarray:
        """(T,) s since the middle of the stamps."""
        stamps = np.array([view.stamp for view in self.views], np.int64)
        return (stamps - stamps[0]) * 1e-9 - float(np.mean((stamps - stamps[0]) * 1e-9))

    def covariance(self, weights: np.ndarray) -> np.ndarray:
        """(3, 3) m² of the sum of the positions with `weights` (T,)."""
        moved: defaultdict[Hashable, Any] = defaultdict(float)
        for weight, sources in zip(weights, self.sources, strict=True):
            for source, levers in sources.items():
                moved[source] = moved[source] + weight * levers
        return np.asarray(sum(levers.T @ levers for levers in moved.values()))

    def pair(self, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
        """Displacement (3,) metres from one place to another, and its covariance (3, 3) m²."""
        weights = np.zeros(len(self.views))
        weights[[first, second]] = -1, 1
        return weights @ self.positions, self.covariance(weights)

    def velocity(self) -> tuple[np.ndarray, np.ndarray]:
        """Velocity (3,) m/s of the straight line through the places, and covariance (3, 3).

        Least squares; places off the line by more than their errors count as errors too.
        """
        weights = self.seconds / float(self.seconds @ self.seconds)
        velocity = weights @ self.positions
        off = self.positions - self.positions.mean(axis=0) - np.outer(self.seconds, velocity)
        scatter = np.square(off).sum(axis=0) / max(len(self.views) - 2, 1)
        own = np.mean([np.square(sources[k]).sum(axis=0)
                       for k, sources in enumerate(self.sources)], axis=0)
        excess = np.clip(scatter - own, 0, None) * float(weights @ weights)
        return velocity, self.covariance(weights) + np.diag(excess)

    def excess(self) -> tuple[float, int, int]:
        """How far the motion is beyond errors, above 1 where surely, and between which places.

        What is largest of: the velocity, where more than two places tell it, and the displacements
        from the first place.
        """
        last = len(self.views) - 1
        pairs = [(0, k) for k in range(1, last + 1) if self.views[k].stamp != self.views[0].stamp]
        tested = [(_sigmas(*self.pair(*pair)), *pair) for pair in pairs]
        if last > 1:
            tested.append((_sigmas(*self.velocity()), 0, last))
        limit = float(chi2.ppf(1 - _FALSE / len(tested), 3))
        squared, first, second = max(tested)
        return float(np.sqrt(squared / limit)), first, second


def _sigmas(vector: np.ndarray, covariance: np.ndarray) -> float:
    return float(vector @ np.linalg.solve(covariance, vector))


@lru_cache(maxsize=32)
def _path(sights: tuple[Sight, ...]) -> _Path | None:
    """The path of what `sights` show; None where that is fewer than two moments."""
    seen = [(s, s.view) for s in sights if s.view is not None and len(s.surface().points)]
    seen.sort(key=lambda pair: (pair[1].stamp, pair[1].frame))
    if len({view.stamp for _, view in seen}) < 2:
        return None
    shown, views = tuple(s for s, _ in seen), tuple(view for _, view in seen)
    stands = _standing(views)
    reference = max(range(len(seen)), key=lambda k: len(shown[k].surface().points))
    parts = [Part.of(sight) for sight in shown]
    shifts = {reference: Shift(np.zeros(3), 0.0)}
    for k in (*range(reference + 1, len(seen)), *range(reference - 1, -1, -1)):
        beside = k - 1 if k > reference else k + 1
        for to in dict.fromkeys((reference, beside)):
            if to == beside or comparable(shown[to], shown[k]):
                step = shift_between(parts[to], parts[k], at_rest=stands[to] == stands[k])
                found = Shift(shifts[to].vector + step.vector,
                              float(np.hypot(shifts[to].sigma, step.sigma)), step.told)
                shifts[k] = min(shifts.get(k, found), found, key=lambda one: one.sigma)
                if step.told:
                    break
    positions = shown[reference].surface().center + np.array(
        [shifts[k].vector for k in range(len(seen))])
    return _Path(shown, views, positions, tuple(
        _sources(k, shown[k], views[k], positions[k], shifts[k].sigma, stands[k])
        for k in range(len(seen))))


def _standing(views: Sequence[View]) -> list[int]:
    """Number of the stand that each view is from: views of one camera at one place share it."""
    stands: list[View] = []
    numbers = []
    for view in views:
        same = (k for k, other in enumerate(stands) if other.camera == view.camera
                and np.abs(other.camera_to_world - view.camera_to_world).max() < _STANDS)
        number = next(same, len(stands))
        if number == len(stands):
            stands.append(view)
        numbers.append(number)
    return numbers


def _sources(k: int, sight: Sight, view: View, place: np.ndarray, parts: float, stand: int
             ) -> dict[Hashable, np.ndarray]:
    """Errors of a place by where they come from: its frame, the camera's depth, and its pose."""
    own = np.sqrt(noise_sigma(sight) ** 2 + parts ** 2 + _LEAST ** 2) * np.eye(3)
    turns = view.pose_rotation_sigma * np.cross(np.eye(3), place - view.origin)
    shifts = np.hypot(view.pose_translation_sigma, _PLACED) * np.eye(3)
    return {k: np.vstack([own, view.own_lever(place)]),
            ('depth', view.camera): view.frame_levers(place),
            ('pose', stand): np.vstack([turns, shifts])}


def track(a: Any) -> Track:
    """Places of `a` over time, with the velocity of the straight line through them, m/s.

    The places are those of one part of its surface: what views do not share does not count. Errors
    of a camera that stands, and of one camera's depth, do not move it. Raises NotVisible where
    fewer than two moments of one world show it.
    """
    a = as_object(a)
    path = _path(a.sights_in(a.world))
    if path is None:
        stamps = {view.stamp for view in a.views if view.world == a.world}
        raise NotVisible(
            f'{a.name!r} is seen at {len(stamps)} moments of one world; a track needs '
            'two or more frames with poses and different stamps')
    velocity, covariance = path.velocity()
    moved, spread = path.pair(0, len(path.views) - 1)
    along = moved / max(float(np.linalg.norm(moved)), 1e-9)
    sigma = [np.sqrt(np.trace(centroid_covariance(s)) / 3) for s in path.sights]
    return Track(
        a.name, np.array([view.stamp for view in path.views], np.int64), path.positions,
        np.array(sigma), velocity, np.sqrt(np.diag(covariance)),
        tuple(view.frame for view in path.views), np.full(3, np.nan) if a.up is None else a.up,
        float(np.sqrt(along @ spread @ along)), path.excess()[0], a.world)


def check_still(a: Object3D) -> None:
    """Raise Moving where views of `a` at different times show that it moved, as `track` does."""
    path = _path(tuple(spread_out(a.sights_in(a.world))))
    if path is None:
        return
    excess, first, second = path.excess()
    if excess > 1:
        one, two = path.views[first].frame, path.views[second].frame
        moved = float(np.linalg.norm(path.pair(first, second)[0]))
        raise Moving(
            f'{a.name!r} moved {moved:.3f} m between frames {one} and {two}; ask of one frame: '
            f'recon.objects(mask)[0].only([{two}]), or track it: tools.Geometry.track(mask)')
