"""One view's measure with its error apart, and several views' measures as one."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Hashable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import interval_of
from spatialclaw_ros.findings.uncertainty import Sigma

#: Repetitions of a measure on noisy surfaces.
DRAWS = 32
#: Seed of every measure's resampling: the same question gets the same answer.
SEED = 20260
#: Views of one pair that are measured at most.
MOST_VIEWS = 8
#: An alternative mask is one end of a uniform distribution about the mask itself.
_UNIFORM = 1 / math.sqrt(3)
#: How far what faces another thing may reach beyond its sampled surface, one sigma, pixel pitches:
#: smoothing blunts corners and creases, and what curves away is lost before its outline. Found on
#: simulated placements; those that figures are given for are others.
BLUNTED = 1.0
#: Views that differ by more than this many joint sigmas do not show the same surfaces.
_DISAGREE = 2.5
#: How far, metres, one place may seem to lie in two frames: calibrations are out by a centimetre.
_PLACED = 0.01
#: Of a pose's sigma, what is each frame's own.
_OWN_POSE = math.sqrt(0.5)
#: Views of one part differ by more than this many joint sigmas once in twenty times.
_ALIKE = 2.0


@dataclass(frozen=True, eq=False)
class Estimate:
    """A measure from one view or pair of views.

    `errors` (B,) are drawn errors of the pixel part, centred; `mask`, `frame` and `pose` one
    sigma. `points` (N, 3) world metres are what it rests on, `frames` where these were seen.
    `ends` are the places (3,) that make it an extremum, each with its sight, where views are to be
    told apart by whether they show these.
    """

    value: float
    errors: np.ndarray
    mask: float
    frame: float
    pose: float
    points: np.ndarray
    frames: tuple[int, ...]
    ends: tuple[tuple[np.ndarray, Sight], ...] = ()

    @property
    def sigma(self) -> Sigma:
        """The four parts."""
        return Sigma(self.mask, float(np.std(self.errors)), self.frame, self.pose)

    @property
    def own(self) -> float:
        """One sigma of what differs from view to view, at least a micrometre."""
        return max(math.hypot(self.mask, float(np.std(self.errors))), 1e-6)

    def interval(self, low: float = -math.inf) -> Interval:
        """95 % interval, cut at `low`; contains the value."""
        return interval_of(self.value, self.errors, replace(self.sigma, pixel=0.0).total, low)


def resampled(plain: float, drawn: np.ndarray, carried: float, resolution: float, *,
              facing: bool = False) -> tuple[float, np.ndarray]:
    """Value without the bias of an extremum, and the errors drawn for it (B,), centred.

    `plain` is the measure of a surface whose noise has one unit of variance. `drawn` (1 + B,) is
    the measure of the surface's repetitions, the first with `carried` units, the others with one
    more: both tell the bias of one unit (SIMEX: Cook and Stefanski, JASA 1994). Along an outline
    many points compete to be the outermost, and the bias grows with the noise's sigma; where a
    surface is `facing` another few are near enough, and it grows with the variance. What
    smoothing once more moves beside, by at most `resolution` metres, the first smoothing has
    moved too.
    """
    before, after = (carried, carried + 1) if facing else (math.sqrt(carried),
                                                           math.sqrt(carried + 1))
    again, noisy = float(drawn[0]), drawn[1:]
    bias = (float(noisy.mean()) - again) / (after - before)
    moved = (again - bias * before) - (plain - bias)
    return plain - bias - float(np.clip(moved, -resolution, resolution)), noisy - noisy.mean()


def mask_sigma(plain: float, alternatives: Sequence[float]) -> float:
    """One sigma of the mask part from the measure under the other masks."""
    if not alternatives:
        return 0.0
    return _UNIFORM * float(np.sqrt(np.mean(np.square(np.asarray(alternatives) - plain))))


Ends = Sequence[tuple[np.ndarray, View | None]]


def frame_sigma(measure: Callable[[list[np.ndarray]], float], ends: Ends) -> float:
    """Frame part: what a camera's depth bias and its focal error change of `measure`.

    `ends` are points (N, 3) with the view each was seen in; `measure` takes such points, in that
    order. Both are the camera's: they move what it saw in all of its frames together. A depth
    error that an object has for itself moves only what one view shows of it.
    """
    common = _moved(measure, ends, lambda view: view.camera, lambda v, points: [
        v.bias_share * v.scaled(points), v.focal_share * v.refocused(points)])
    return math.hypot(common, _moved(
        measure, ends, id, lambda v, points: [v.own_bias_share * v.scaled(points)]))


def pose_sigma(measure: Callable[[list[np.ndarray]], float], ends: Ends) -> float:
    """Pose part: what an error of each camera's pose, about its own centre, changes."""
    def moves(view: View, points: np.ndarray) -> list[np.ndarray]:
        away = points - view.origin
        turns = [np.cross(axis, away) * view.pose_rotation_sigma for axis in np.eye(3)]
        shifts = [np.broadcast_to(axis, points.shape) * view.pose_translation_sigma
                  for axis in np.eye(3)]
        return turns + shifts
    return _moved(measure, ends, lambda view: view.frame, moves)


def _moved(measure: Callable[[list[np.ndarray]], float], ends: Ends,
           source: Callable[[View], Hashable],
           moves: Callable[[View, np.ndarray], list[np.ndarray]]) -> float:
    """One sigma of `measure`: each error in `moves` is one of a `source`, and these independent."""
    plain = measure([points for points, _ in ends])
    moved = [(None, []) if view is None else (source(view), moves(view, points))
             for points, view in ends]
    variance = 0.0
    for one in {of for of, _ in moved if of is not None}:
        for errors in zip(*(by for of, by in moved if of == one), strict=True):
            left = iter(errors)
            shifted = [points + next(left) if of == one else points
                       for (points, _), (of, _) in zip(ends, moved, strict=True)]
            variance += (measure(shifted) - plain) ** 2
    return math.sqrt(variance)


def combined(estimates: Sequence[Estimate], *, extremum: int = 0, parts_differ: bool = False
             ) -> tuple[Estimate, str]:
    """Estimates of one thing from several views as one, and a note.

    The mean, weighted by the errors that each view has for itself (the depth bias and the focal
    length are the camera's), and by what the views differ by beyond these: a calibration or a mask
    may be worse than told (the random-effects model of DerSimonian and Laird, Controlled Clinical
    Trials 1986). Masks err alike in every view, by what the object's outline is like: their part
    is a mean too, and so is the frame's.
    Where the measure is an `extremum` (-1 the smallest, 1 the largest counts) views may show
    different parts: the mean is then of the most extreme view and of those that show the same.
    Where `parts_differ`, the mean over what each view shows is what is asked for: that these are
    different parts is then no error of it.
    """
    if not estimates:
        raise NotVisible('no view shows a surface that could be measured; ask of another frame')
    if len(estimates) == 1:
        return estimates[0], ''
    own = np.array([e.own for e in estimates])
    apart = np.array([math.hypot(e.own, e.frame, _OWN_POSE * e.pose) for e in estimates])
    values = np.array([e.value for e in estimates])
    alike = (_with_most_extreme(estimates, apart, extremum) if extremum
             else np.ones(len(own), bool))
    between = 0.0 if parts_differ else _between(values[alike], apart[alike])
    weight = np.where(alike, 1 / (np.square(apart) + between), 0.0)
    weight /= weight.sum()
    value = float(weight @ values)
    best = estimates[int(np.argmin(np.where(alike, np.abs(values - value), np.inf)))]
    shrink = math.sqrt(float(np.square(weight) @ np.square(own))) / best.own
    mask, frame = weight @ [(e.mask, e.frame) for e in estimates]
    excess = math.sqrt(between * float(np.square(weight).sum()))
    frames = tuple(sorted({frame for e in estimates for frame in e.frames}))
    chi = float(np.ptp(values)) / (_DISAGREE * math.sqrt(2) * float(np.median(own)))
    note = f'views differ: {", ".join(f"{v:.3f}" for v in values)}' if chi > 1 else ''
    return Estimate(
        value, best.errors * shrink, math.hypot(mask, excess), float(frame),
        best.pose * shared_pose(int(alike.sum())), best.points, frames), note


def _between(values: np.ndarray, own: np.ndarray) -> float:
    """Variance of what views differ by, in addition to their `own` errors (N,), one sigma."""
    if len(values) < 2:
        return 0.0
    weight = 1 / np.square(own)
    scatter = float(weight @ np.square(values - np.average(values, weights=weight)))
    scale = weight.sum() - np.square(weight).sum() / weight.sum()
    return max((scatter - (len(values) - 1)) / float(scale), 0.0)


def shared_pose(count: int) -> float:
    """Factor of the pose part in a mean of `count` frames.

    A pose's sigma does not tell how much of it is the camera's mounting, the same in all frames,
    and how much is each frame's own: half its variance is taken for either.
    """
    return math.sqrt(1 - _OWN_POSE ** 2 + _OWN_POSE ** 2 / count)


def _with_most_extreme(estimates: Sequence[Estimate], own: np.ndarray, sign: int) -> np.ndarray:
    """Which views (N,) bool show what the most extreme one shows, as far as errors tell.

    The most extreme value within reach of errors is looked for: a value that is extreme only
    because it is poor is not. Views alike it within _ALIKE joint sigmas are taken with it, and
    those with a surface where its ends are, be their own value another.
    """
    values = np.array([e.value for e in estimates])
    at = int(np.argmax(sign * values - _ALIKE * own))
    shown = np.array([_shows(e, estimates[at]) for e in estimates])
    return shown | (np.abs(values - values[at]) <= _ALIKE * np.hypot(own, own[at]))


def _shows(view: Estimate, extreme: Estimate) -> bool:
    """Whether a view has a surface of the same objects about each end of the `extreme` one."""
    pairs = [(place, sight.surface()) for (place, _), (_, sight) in
             zip(extreme.ends, view.ends, strict=True)]
    return bool(pairs) and all(
        np.linalg.norm(surface.points - place, axis=1).min() <= _PLACED + 2 * surface.resolution
        for place, surface in pairs)
