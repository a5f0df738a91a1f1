"""How far the surface that one view shows lies from the same surface in another view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.sight import Sight

_SAMPLE = 400
_ROUNDS = 10
#: Of the surface's reach: how near a point must be to what the other view shows of the thing to be
#: taken for visible there, in the first round and in the last, and the radius of the weights.
_NEAR, _NEAREST, _AROUND = 0.2, 0.04, 0.08
#: One sigma of what a comparison of parts errs by, as a share of what it changes, and of the reach
#: for each root of a sample. Found on simulated boxes of other seeds than the tests'.
_CHANGED, _SAMPLED = 0.25, 0.1
#: Views from directions that differ by more than this show too little in common, cosine.
_SAME_SIDE = 0.4
#: A thing that is seen under an angle changed by less than this, rad, shows the same part to a
#: camera at rest, but for this share of its reach by the angle; all of it but for a few points.
_TURNED, _PART, _ALL = 0.02, 0.3, 0.98
_FINEST = 3
#: Share of a thing's points at which another view must tell of their place.
_SEEN = 0.15
_LEAST = 12


@dataclass(frozen=True, eq=False)
class Shift:
    """Metres (3,) from a surface in one view to it in another, `sigma` by the parts compared.

    `told` is whether the views have a part in common.
    """

    vector: np.ndarray
    sigma: float
    told: bool = True


@dataclass(frozen=True, eq=False)
class _Part:
    sight: Sight
    points: np.ndarray
    sigma: np.ndarray
    tree: cKDTree
    mask: np.ndarray


def comparable(s: Sight, t: Sight) -> bool:
    """Whether both views look at the thing from about the same side."""
    if s.view is None or t.view is None:
        return False
    first = s.surface().center - s.view.origin
    second = t.surface().center - t.view.origin
    return float(first @ second) > _SAME_SIDE * float(
        np.linalg.norm(first) * np.linalg.norm(second))


def shift_between(s: Sight, t: Sight, *, at_rest: bool) -> Shift:
    """How far the thing moved from sight `s` to sight `t`, metres, by what both could see.

    Looked for from where it was, and from the centroids' shift: that under which the surfaces lie
    on each other is taken. Where a camera `at_rest` sees the same part, the centroids tell best.
    Without a common part, the shift is that of the centroids, with the reach as sigma. Where
    neither view sees the place at which the other shows the thing, it may as well be at rest.
    """
    p, q = _part(s), _part(t)
    reach = float(np.linalg.norm(np.ptp(p.points, axis=0)))
    plain = t.surface().center - s.surface().center
    if at_rest and s.view is not None:
        away = float(np.linalg.norm(s.surface().center - s.view.origin))
        turned = float(np.linalg.norm(plain)) / away
        near = max(_NEAR * reach, _FINEST * s.surface().resolution)
        if turned < _TURNED and min(_counts(p, plain, q, near).mean(),
                                    _counts(q, -plain, p, near).mean()) > _ALL:
            return Shift(plain, _PART * turned * reach)
    found = [_settled(p, q, np.zeros(3), reach)]
    if np.linalg.norm(found[0][1]) * np.sqrt(found[0][2]) >= _SAMPLED * reach or not found[0][2]:
        found.append(_settled(p, q, plain, reach))
    _, shift, count = min(found, key=lambda one: one[0])
    start, near = np.zeros(3), _NEAR * reach
    if max(_counts(p, start, q, near).mean(), _counts(q, start, p, near).mean()) < _SEEN:
        return Shift(shift, max(reach, float(np.linalg.norm(shift))), told=False)
    if not count:
        return Shift(plain, reach, told=False)
    sampled = _SAMPLED * reach / np.sqrt(count)
    return Shift(shift, float(np.hypot(sampled, _CHANGED * np.linalg.norm(shift - plain))))


def _settled(p: _Part, q: _Part, shift: np.ndarray, reach: float
             ) -> tuple[float, np.ndarray, int]:
    """Metres by which the surfaces lie apart under a shift, the shift, and of how many points.

    Under the shift, a point that one view shows counts unless the other view has something else
    before it, does not reach it, or shows the thing itself before it. The means of what counts,
    each place by its area, give the shift anew.
    """
    finest = _FINEST * max(p.sight.surface().resolution, q.sight.surface().resolution)
    for near in np.geomspace(_NEAR, _NEAREST, _ROUNDS):
        limit = max(near * reach, finest)
        of_p, of_q = _counts(p, shift, q, limit), _counts(q, -shift, p, limit)
        count = int(min(of_p.sum(), of_q.sum()))
        if count < _LEAST:
            return np.inf, shift, 0
        first, second, radius = p.points[of_p], q.points[of_q], max(_AROUND * reach, finest)
        shift = _mean(second, radius) - _mean(first, radius)
    apart = np.concatenate([q.tree.query(first + shift)[0], p.tree.query(second - shift)[0]])
    return float(apart.mean()), shift, count


def _part(sight: Sight) -> _Part:
    surface = sight.surface()
    stride = max(len(surface.points) // _SAMPLE, 1)
    points = surface.points[::stride]
    mask = ndimage.binary_dilation(sight.masks[0], np.ones((3, 3))) if isinstance(
        sight, DepthSight) else np.zeros((0, 0), bool)
    return _Part(sight, points, np.nan_to_num(surface.sigma[::stride]), cKDTree(points), mask)


def _counts(part: _Part, shift: np.ndarray, other: _Part, near: float) -> np.ndarray:
    """(N,) bool: points of `part`, moved by `shift`, that the other view would show."""
    moved, sight = part.points + shift, other.sight
    if not isinstance(sight, DepthSight) or sight.seen is None:
        return np.ones(len(moved), bool)
    look = sight.seen.look(moved, part.sigma)
    rows, columns = look.rows[:, 0] - sight.origin[1], look.columns[:, 0] - sight.origin[0]
    height, width = other.mask.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    own = within & other.mask[np.where(within, rows, 0), np.where(within, columns, 0)]
    beside = other.tree.query(moved, distance_upper_bound=near)[0] <= near
    behind = look.behind[:, 0]
    return np.asarray(look.inside[:, 0] & np.where(own, beside | (behind < -1), behind < 1))


def _mean(points: np.ndarray, radius: float) -> np.ndarray:
    """Mean (3,) of `points` (N, 3), each place within `radius` metres counted alike."""
    tree = cKDTree(points)
    return np.average(points, axis=0, weights=1 / tree.query_ball_point(
        points, radius, return_length=True))
