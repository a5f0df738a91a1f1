"""Where a visible surface ends along a direction."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.findings.measures.estimate import BLUNTED
from spatialclaw_ros.findings.measures.estimate import DRAWS
from spatialclaw_ros.findings.measures.estimate import resampled
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import Surface
from spatialclaw_ros.geometry.robust import end_sigma
from spatialclaw_ros.geometry.robust import lower_end
from spatialclaw_ros.geometry.robust import rank_for

_MOST_CANDIDATES = 1500
_MARGIN = 4.0


@dataclass(frozen=True, eq=False)
class End:
    """The end of a surface: its `place` along the direction, metres, without an extremum's bias.

    `plain` is the same before the bias was taken out, `errors` (B,) its drawn errors, `point`
    (3,) the point there, `others` the ends under the alternative masks.
    """

    place: float
    plain: float
    errors: np.ndarray
    point: np.ndarray
    others: tuple[float, ...]


def end_along(sight: Sight, direction: np.ndarray, rng: np.random.Generator, *,
              facing: bool = False) -> End | None:
    """The end of `sight`'s surface along unit `direction` (3,); None where it has no points.

    `facing` another thing it is no outline, see `resampled` and BLUNTED.
    """
    surface = sight.surface()
    if not len(surface.points):
        return None
    rank = rank_for(len(surface.points))
    along = surface.points @ direction
    plain = -float(lower_end(-along, rank))
    chosen = _candidates(surface, along, plain)
    drawn = -lower_end(-(surface.draws(chosen, rng, DRAWS) @ direction), rank)
    place, errors = resampled(plain, drawn, surface.carried, surface.resolution, facing=facing)
    at = int(np.argsort(-along)[min(rank, len(along)) - 1])
    rim = math.hypot(surface.rim_sigma(direction)[at], end_sigma(-along, rank),
                     BLUNTED * surface.resolution if facing else 0.0)
    errors = errors + rim * rng.standard_normal(len(errors))
    point = surface.points[at] + direction * (place - along[at])
    return End(place, plain, errors, point, _under_other_masks(sight, direction))


def _candidates(surface: Surface, along: np.ndarray, end: float) -> np.ndarray:
    """Indices of the points that noise could make the outermost."""
    noise = np.nan_to_num(surface.sigma)
    margin = _MARGIN * float(np.median(noise)) + 0.02 * float(np.ptp(along))
    chosen = np.flatnonzero(along + _MARGIN * noise >= end - margin)
    least = min(2 * rank_for(len(along)), len(along))
    if len(chosen) < least:
        chosen = np.argsort(-along)[:least]
    if len(chosen) > _MOST_CANDIDATES:
        chosen = chosen[np.argpartition(-along[chosen], _MOST_CANDIDATES)[:_MOST_CANDIDATES]]
    return chosen


def _under_other_masks(sight: Sight, direction: np.ndarray) -> tuple[float, ...]:
    ends = []
    for variant in range(1, sight.variants):
        points = sight.surface(variant).points
        if len(points):
            ends.append(-float(lower_end(-(points @ direction), rank_for(len(points)))))
    return tuple(ends)
