"""The closest distance between two visible surfaces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.measures.across import across_views
from spatialclaw_ros.findings.measures.estimate import BLUNTED
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import DRAWS
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.measures.estimate import resampled
from spatialclaw_ros.findings.measures.estimate import SEED
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import pairs_of
from spatialclaw_ros.findings.measures.points import end_covariances
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import Surface
from spatialclaw_ros.geometry.closest import near
from spatialclaw_ros.geometry.closest import nearest_pairs
from spatialclaw_ros.geometry.closest import reach
from spatialclaw_ros.geometry.robust import end_sigma
from spatialclaw_ros.geometry.robust import lower_end
from spatialclaw_ros.geometry.robust import rank_for

_NEIGHBOURS = 6
_MOST_CANDIDATES = 1500
_MARGIN = 4.0


def closest_distance(a: Any, b: Any) -> Distance:
    """Least distance between the visible surfaces of `a` and `b`, metres, with its end points.

    Measured in each frame that shows both, and put together; across two frames where these show
    nearer parts. Raises NoCommonWorld.
    """
    a, b = as_object(a), as_object(b)
    estimates = [estimate for s, t in pairs_of(a, b)
                 if (estimate := _in_views(s, t)) is not None]
    best, note = combined(estimates, extremum=-1)
    best = across_views(a, b, best, _plainly, _in_views, -1)
    covariances = end_covariances(a, b, best)
    return Distance(
        a.name, b.name, 'CLOSEST', best.points[0], best.points[1], best.value, best.sigma,
        best.interval(low=0.0), *covariances, frames=best.frames, note=note)


def _in_views(s: Sight, t: Sight) -> Estimate | None:
    first, second = s.surface(), t.surface()
    if not len(first.points) or not len(second.points):
        return None
    near_pairs = _Pairs(first, second)
    rng = np.random.default_rng(SEED)
    plain, ends = near_pairs.distance(first.points[None], second.points[None])
    drawn = near_pairs.drawn(rng)
    value, errors = resampled(
        float(plain[0]), drawn, 0.5 * (first.carried + second.carried),
        0.5 * (first.resolution + second.resolution), facing=True)
    i, j = ends
    pair = np.array([first.points[i], second.points[j]])
    value = max(value, 0.0)
    pair = _stretched(pair, value)
    rim = math.hypot(_rim_sigma(first, second, i, j), near_pairs.end_sigma(),
                     BLUNTED * math.hypot(first.resolution, second.resolution))
    ends_seen = [(pair[:1], s.view), (pair[1:], t.view)]
    errors = errors + rim * rng.standard_normal(len(errors))
    return Estimate(
        value, errors, mask_sigma(float(plain[0]), _under_other_masks(s, t)),
        frame_sigma(_length, ends_seen),
        pose_sigma(_length, ends_seen) if s.view is not t.view else 0.0, pair, frames_of(s, t),
        ((first.points[i], s), (second.points[j], t)))


def _plainly(s: Sight, t: Sight) -> float | None:
    first, second = s.surface(), t.surface()
    if not len(first.points) or not len(second.points):
        return None
    pairs = _Pairs(first, second)
    return float(pairs.distance(first.points[None], second.points[None])[0][0])


def _length(ends: list[np.ndarray]) -> float:
    return float(np.linalg.norm(ends[1][0] - ends[0][0]))


def _stretched(pair: np.ndarray, length: float) -> np.ndarray:
    """`pair` (2, 3) moved along its own line, about its middle, to be `length` apart."""
    middle, along = pair.mean(axis=0), pair[1] - pair[0]
    now = float(np.linalg.norm(along))
    if now < 1e-9:
        return pair
    half = along / now * length / 2
    return np.array([middle - half, middle + half])


def _rim_sigma(first: Surface, second: Surface, i: int, j: int) -> float:
    along = second.points[j] - first.points[i]
    length = float(np.linalg.norm(along))
    if length < 1e-9:
        return 0.0
    return float(np.hypot(first.rim_sigma(along / length)[i], second.rim_sigma(along / length)[j]))


def _under_other_masks(s: Sight, t: Sight) -> list[float]:
    """The distance under each alternative of one mask with the other object's own mask."""
    values = []
    for u, v, swapped in ((s, t, False), (t, s, True)):
        for variant in range(1, u.variants):
            surface, other = u.surface(variant), v.surface()
            if len(surface.points):
                pair = (other, surface) if swapped else (surface, other)
                values.append(float(_Pairs(*pair).distance(
                    pair[0].points[None], pair[1].points[None])[0][0]))
    return values


class _Pairs:
    """Points of two surfaces that may be the closest ones, each with its nearest neighbours."""

    def __init__(self, first: Surface, second: Surface) -> None:
        self._surfaces = (first, second)
        a, b = first.points, second.points
        margin = _MARGIN * (_typical(first) + _typical(second))
        bound = reach(a, b)
        in_a, in_b = near(a, b, bound + margin), near(b, a, bound + margin)
        if not len(in_a) or not len(in_b):
            in_a, in_b = np.arange(len(a)), np.arange(len(b))
        limit = bound + margin
        self._of_a = _candidates(a, b, in_a, in_b, limit)
        self._of_b = _candidates(b, a, in_b, in_a, limit)
        self._ranks = (rank_for(len(a)), rank_for(len(b)))

    def distance(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """Distances (B,) of repetitions (B, N, 3), (B, M, 3), and the end points' indices.

        From either side the end of the nearest-neighbour distances; the larger counts, since a
        stray point of one side pulls all that the other side says.
        """
        from_a = _lengths(a, b, self._of_a)
        from_b = _lengths(b, a, self._of_b)
        ends = (lower_end(from_a, self._ranks[0]), lower_end(from_b, self._ranks[1]))
        if ends[0][0] >= ends[1][0]:
            i, j = _pair_at(a[0], b[0], self._of_a, from_a[0], self._ranks[0])
        else:
            j, i = _pair_at(b[0], a[0], self._of_b, from_b[0], self._ranks[1])
        return np.maximum(*ends), (i, j)

    def end_sigma(self) -> float:
        """Metres: one sigma of where the distances end, between the points that were sampled."""
        a, b = self._surfaces[0].points[None], self._surfaces[1].points[None]
        return min(end_sigma(_lengths(a, b, self._of_a)[0], self._ranks[0]),
                   end_sigma(_lengths(b, a, self._of_b)[0], self._ranks[1]))

    def drawn(self, rng: np.random.Generator) -> np.ndarray:
        """The distance (1 + DRAWS,) on repetitions of both surfaces."""
        (rows_a, nearest_a), (rows_b, nearest_b) = self._of_a, self._of_b
        need_a = np.union1d(rows_a, nearest_b)
        need_b = np.union1d(rows_b, nearest_a)
        a = self._surfaces[0].draws(need_a, rng, DRAWS)
        b = self._surfaces[1].draws(need_b, rng, DRAWS)
        of_a = (np.searchsorted(need_a, rows_a), np.searchsorted(need_b, nearest_a))
        of_b = (np.searchsorted(need_b, rows_b), np.searchsorted(need_a, nearest_b))
        return np.maximum(lower_end(_lengths(a, b, of_a), self._ranks[0]),
                          lower_end(_lengths(b, a, of_b), self._ranks[1]))


def _typical(surface: Surface) -> float:
    return float(np.nan_to_num(np.median(surface.sigma))) + surface.resolution


_Indices = tuple[np.ndarray, np.ndarray]


def _candidates(a: np.ndarray, b: np.ndarray, in_a: np.ndarray, in_b: np.ndarray,
                limit: float) -> _Indices:
    rows, nearest = nearest_pairs(a[in_a], b[in_b], limit, _NEIGHBOURS)
    rows, nearest = in_a[rows], in_b[nearest]
    if len(rows) > _MOST_CANDIDATES:
        length = np.linalg.norm(a[rows] - b[nearest[:, 0]], axis=1)
        kept = np.argpartition(length, _MOST_CANDIDATES)[:_MOST_CANDIDATES]
        rows, nearest = rows[kept], nearest[kept]
    return rows, nearest


def _lengths(a: np.ndarray, b: np.ndarray, indices: _Indices) -> np.ndarray:
    rows, nearest = indices
    squared = np.zeros((len(a), *nearest.shape))
    for of_a, of_b in zip(np.moveaxis(a, 2, 0), np.moveaxis(b, 2, 0), strict=True):
        squared += np.square(of_a[:, rows, None] - of_b[:, nearest])
    return np.sqrt(squared.min(axis=2))


def _pair_at(a: np.ndarray, b: np.ndarray, indices: _Indices, lengths: np.ndarray, rank: int
             ) -> tuple[int, int]:
    rows, nearest = indices
    row = int(np.argsort(lengths)[min(rank, len(lengths)) - 1])
    i = int(rows[row])
    j = int(nearest[row][np.linalg.norm(b[nearest[row]] - a[i], axis=1).argmin()])
    return i, j
