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

    `errors` (B,) are drawn errors of the pixel part, centred. `points` (N, 3) world metres are
    what it rests on, `frames` where they were seen.
    """

    value: float
    errors: np.ndarray
    sigma: Sigma
    points: np.ndarray
    frames: tuple[int, ...]

    def interval(self, low: float = -math.inf) -> Interval:
        """95 % interval, cut at `low`; contains the value."""
        other = replace(self.sigma, pixel=0.0)
        return interval_of(self.value, self.errors, other.total, low)


def resampled(plain: float, drawn: np.ndarray) -> tuple[float, np.ndarray]:
    """Value without the bias of an extremum, and the errors drawn for it (B,), centred.

    `drawn` (B,) is the measure on noisy repetitions of the smooth surface that gave `plain`: what
    noise moves it by on average there, it was moved by here.
    """
    bias = float(np.mean(drawn)) - plain
    return plain - bias, drawn - np.mean(drawn)


def mask_sigma(plain: float, alternatives: Sequence[float]) -> float:
    """One sigma of the mask part from the measure under the other masks."""
    if not alternatives:
        return 0.0
    return _UNIFORM * float(np.sqrt(np.mean(np.square(np.asarray(alternatives) - plain))))


Ends = Sequence[tuple[np.ndarray, View | None]]


def frame_sigma(measure: Callable[[list[np.ndarray]], float], ends: Ends) -> float:
    """Frame part: what a frame's depth bias and focal error change of `measure`.

    `ends` are points (N, 3) with the view each was seen in; `measure` takes such points, in that
    order. Errors of one frame move all its points together, those of two frames are independent.
    """
    return _by_view(measure, ends, lambda view, points: [
        view.bias_share * view.scaled(points), view.focal_share * view.refocused(points)])


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

    Views that agree are averaged by their own (mask and pixel) errors; the frame's share is not
    averaged down. Where they disagree and the measure is an `extremum` (-1 the smallest, 1 the
    largest counts), the view that shows the extreme surface is kept; the disagreement widens the
    mask part either way.
    """
    if not estimates:
        raise NotVisible('no view shows a surface that could be measured; ask of another frame')
    if len(estimates) == 1:
        return estimates[0], ''
    values = np.array([e.value for e in estimates])
    own = np.array([max(math.hypot(e.sigma.mask, e.sigma.pixel), 1e-6) for e in estimates])
    shared = max(e.sigma.frame for e in estimates)
    weight = 1 / np.square(own)
    mean = float((weight * values).sum() / weight.sum())
    joint = np.sqrt(np.square(own) + shared ** 2)
    chi = math.sqrt(float((np.square((values - mean) / joint)).sum()) / (len(values) - 1))
    frames = tuple(sorted({frame for e in estimates for frame in e.frames}))
    spread = f'views differ: {", ".join(f"{value:.3f}" for value in values)}'
    if chi > _DISAGREE and extremum:
        best = estimates[int(np.argmin(-extremum * values))]
        wider = math.hypot(best.sigma.mask, _UNIFORM * float(np.ptp(values)) / 2)
        return replace(best, sigma=replace(best.sigma, mask=wider), frames=frames), spread
    best = estimates[int(np.argmin(np.abs(values - mean)))]
    shrink = 1 / (own.min() * math.sqrt(weight.sum()))
    mask = math.hypot(best.sigma.mask * shrink,
                      0.0 if chi <= 1 else float(values.std(ddof=1)) / math.sqrt(len(values)))
    sigma = Sigma(mask, best.sigma.pixel * shrink, shared, best.sigma.pose)
    note = spread if chi > _DISAGREE else ''
    return Estimate(mean, best.errors * shrink, sigma, best.points, frames), note
