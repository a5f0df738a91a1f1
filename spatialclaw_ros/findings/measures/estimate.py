"""One view's measure with its error apart, and several views' measures as one."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
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
#: Views that differ by more than this many joint sigmas do not show the same surfaces.
_DISAGREE = 2.5


@dataclass(frozen=True, eq=False)
class Estimate:
    """A measure from one view or pair of views.

    `errors` (B,) are drawn errors of the pixel part, centred; `mask` and `pose` one sigma;
    `frame` one sigma each of what the depth bias, another in every frame, and the focal length,
    the same in all, do. `points` (N, 3) world metres are what it rests on, `frames` where these
    were seen.
    """

    value: float
    errors: np.ndarray
    mask: float
    frame: tuple[float, float]
    pose: float
    points: np.ndarray
    frames: tuple[int, ...]

    @property
    def sigma(self) -> Sigma:
        """The four parts."""
        return Sigma(self.mask, float(np.std(self.errors)), math.hypot(*self.frame), self.pose)

    @property
    def own(self) -> float:
        """One sigma of what differs from view to view, at least a micrometre."""
        return max(math.hypot(self.mask, float(np.std(self.errors)), self.frame[0]), 1e-6)

    def interval(self, low: float = -math.inf) -> Interval:
        """95 % interval, cut at `low`; contains the value."""
        return interval_of(self.value, self.errors, replace(self.sigma, pixel=0.0).total, low)


def resampled(plain: float, drawn: np.ndarray, carried: float, resolution: float
              ) -> tuple[float, np.ndarray]:
    """Value without the bias of an extremum, and the errors drawn for it (B,), centred.

    `plain` is the measure of a surface whose noise has one unit of variance. `drawn` (1 + B,) is
    the measure of the surface's repetitions, the first with `carried` units, the others with one
    more. An extremum's bias grows with the noise's sigma, so both tell it per sigma (SIMEX: Cook
    and Stefanski, JASA 1994). What smoothing once more moves beside, by at most `resolution`
    metres, the first smoothing has moved too.
    """
    before, after = math.sqrt(carried), math.sqrt(carried + 1)
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


def frame_sigma(measure: Callable[[list[np.ndarray]], float], ends: Ends) -> tuple[float, float]:
    """Frame part: what a frame's depth bias and what the focal error change of `measure`.

    `ends` are points (N, 3) with the view each was seen in; `measure` takes such points, in that
    order. Errors of one frame move all its points together, those of two frames are independent.
    """
    return (_by_view(measure, ends, lambda v, points: [v.bias_share * v.scaled(points)]),
            _by_view(measure, ends, lambda v, points: [v.focal_share * v.refocused(points)]))


def pose_sigma(measure: Callable[[list[np.ndarray]], float], ends: Ends) -> float:
    """Pose part: what an error of each camera's pose, about its own centre, changes."""
    def moves(view: View, points: np.ndarray) -> list[np.ndarray]:
        away = points - view.origin
        turns = [np.cross(axis, away) * view.pose_rotation_sigma for axis in np.eye(3)]
        shifts = [np.broadcast_to(axis, points.shape) * view.pose_translation_sigma
                  for axis in np.eye(3)]
        return turns + shifts
    return _by_view(measure, ends, moves)


def _by_view(measure: Callable[[list[np.ndarray]], float], ends: Ends,
             moves: Callable[[View, np.ndarray], list[np.ndarray]]) -> float:
    plain = measure([points for points, _ in ends])
    views = {view.frame: view for _, view in ends if view is not None}
    variance = 0.0
    for frame, view in views.items():
        per_end = [moves(view, points) if of is not None and of.frame == frame else None
                   for points, of in ends]
        count = next(len(moved) for moved in per_end if moved is not None)
        for i in range(count):
            shifted = [points if moved is None else points + moved[i]
                       for (points, _), moved in zip(ends, per_end, strict=True)]
            variance += (measure(shifted) - plain) ** 2
    return math.sqrt(variance)


def combined(estimates: Sequence[Estimate], *, extremum: int = 0) -> tuple[Estimate, str]:
    """Estimates of one thing from several views as one, and a note.

    The mean, weighted by each view's own errors, which the focal length's is not part of; what
    views differ by beyond their errors widens the mask part. Where the measure is an `extremum`
    (-1 the smallest, 1 the largest counts), views may also differ since each shows other parts:
    see `_extreme`.
    """
    if not estimates:
        raise NotVisible('no view shows a surface that could be measured; ask of another frame')
    if len(estimates) == 1:
        return estimates[0], ''
    values = np.array([e.value for e in estimates])
    own = np.array([e.own for e in estimates])
    weight = 1 / np.square(own)
    mean, mean_sigma = float(weight @ values / weight.sum()), float(weight.sum() ** -0.5)
    if extremum:
        at, value, sigma = _extreme(values, own, mean, mean_sigma, extremum)
        excess = 0.0
    else:
        at, value, sigma = int(np.argmin(np.abs(values - mean))), mean, mean_sigma
        excess = math.sqrt(_beyond(values, own) / len(values))
    best, shrink = estimates[at], sigma / own[at]
    frames = tuple(sorted({frame for e in estimates for frame in e.frames}))
    return Estimate(
        value, best.errors * shrink, math.hypot(best.mask * shrink, excess),
        (best.frame[0] * shrink, best.frame[1]), best.pose, best.points, frames
        ), _differing(values, own)


def _beyond(values: np.ndarray, own: np.ndarray) -> float:
    """Variance of `values` beyond what their errors `own` explain."""
    return max(float(values.var(ddof=1)) - float(np.square(own).mean()), 0.0)


def _extreme(values: np.ndarray, own: np.ndarray, mean: float, mean_sigma: float, sign: int
             ) -> tuple[int, float, float]:
    """Which view shows the extreme, its value, and one sigma of that.

    What a view shows is its value drawn towards the mean, the more so the better the views' own
    errors explain that they differ (James and Stein's estimator as Efron and Morris read it, JASA
    1973): views that agree are averaged, those that differ for sure are not. Whether these show
    other parts or one of them errs more than told, the values alone do not say: either is as
    likely.
    """
    other_parts = _beyond(values, own)
    share = other_parts / (other_parts + np.square(own))
    shown = mean + share * (values - mean)
    at = int(np.argmax(sign * shown))
    sigma = math.hypot(own[at] * math.sqrt(share[at]), (1 - share[at]) * mean_sigma,
                       (shown[at] - mean) / 2)
    return at, float(shown[at]), sigma


def _differing(values: np.ndarray, own: np.ndarray) -> str:
    if float(np.ptp(values)) <= _DISAGREE * math.sqrt(2) * float(np.median(own)):
        return ''
    return f'views differ: {", ".join(f"{v:.3f}" for v in values)}'
