"""How far the surface that one view shows lies from the same surface in another view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.sight import Sight

#: Points of a part at most, and how often a shift is found anew.
_SAMPLE, _ROUNDS = 400, 8
#: Of the surface's reach: how near a point must be to what the other view shows of the thing to be
#: taken for visible there, in the first round and in the last, and the radius of the weights.
_NEAR, _NEAREST, _AROUND = 0.2, 0.04, 0.08
#: One sigma of what a comparison of parts errs by, as a share of what it changes, and of the reach
#: for each root of a sample. Found on simulated boxes of other seeds than the tests'.
_CHANGED, _SAMPLED = 0.25, 0.1
#: Surfaces lie on each other that are apart by less than this, in spacings of their points; one
#: sigma as a share of how far two such shifts are apart, and of a pixel.
_LIES, _EITHER, _PIXEL = 1.5, 0.5, 0.5
#: Views from directions that differ by more than this show too little in common, cosine.
_SAME_SIDE = 0.4
#: A thing that is seen under an angle changed by less than this, rad, shows the same part to a
#: camera at rest, but for this share of its reach by the angle; all of it but for a few points.
_TURNED, _PART, _ALL = 0.02, 0.3, 0.98
_FINEST = 3
#: Share of a thing's points at which another view must tell of their place.
_SEEN = 0.15
_LEAST = 12


def _order(doublings: int) -> np.ndarray:
    """Order in which the pixels of a square are taken so that any number is spread evenly.

    Bayer, "An optimum method for two-level rendition of continuous-tone pictures", 1973.
    """
    order = np.zeros((1, 1), int)
    for _ in range(doublings):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return order


_ORDER = _order(5)


@dataclass(frozen=True, eq=False)
class Shift:
    """Metres (3,) from a surface in one view to it in another, `sigma` by the parts compared.

    `told` is whether the views have a part in common.
    """

    vector: np.ndarray
    sigma: float
    told: bool = True


@dataclass(frozen=True, eq=False)
class Part:
    """Points (N, 3) metres of a surface that its own view has a reading of, spread over it.

    `sigma` (N,) metres along the ray; `mask` (h, w) bool is the thing's, a pixel wider.
    """

    sight: Sight
    points: np.ndarray
    sigma: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(cls, sight: Sight) -> Part:
        """Some points of what `sight` shows; a camera at rest has them at the same pixels."""
        surface = sight.surface()
        if not isinstance(sight, DepthSight):
            count = len(surface.points)
            told = np.linspace(0, count - 1, min(count, _SAMPLE)).round().astype(int)
            return cls(sight, surface.points[told], np.nan_to_num(surface.sigma[told]),
                       np.zeros((0, 0), bool))
        columns, rows = sight.surface().pixels.T
        told = np.argsort(_ORDER[rows % len(_ORDER), columns % len(_ORDER)], kind='stable')
        if sight.seen is not None:
            read = np.isfinite(sight.seen.depth[rows, columns])[told]
            told = told[read] if read.any() else told
        told = told[:_SAMPLE]
        return cls(sight, surface.points[told], np.nan_to_num(surface.sigma[told]),
                   ndimage.binary_dilation(sight.masks[0], np.ones((3, 3))))

    @cached_property
    def center(self) -> np.ndarray:
        """(3,) world metres: mean of the whole surface, each pixel counted alike."""
        return self.sight.surface().center

    @cached_property
    def reach(self) -> float:
        """Metres from corner to corner of a box about the points."""
        return float(np.linalg.norm(np.ptp(self.points, axis=0)))

    @cached_property
    def finest(self) -> float:
        """Metres within which points of one surface cannot be told apart."""
        return _FINEST * self.sight.surface().resolution

    @cached_property
    def spacing(self) -> float:
        """Metres from a point to the nearest other one, in the mean."""
        return float(np.mean(self.tree.query(self.points, 2)[0][:, 1]))

    @cached_property
    def tree(self) -> cKDTree:
        """The points, to be looked for by place."""
        return cKDTree(self.points)

    @cached_property
    def apart(self) -> np.ndarray:
        """(N, N) metres between the points."""
        return cdist(self.points, self.points).astype(np.float32)

    def mean(self, chosen: np.ndarray, radius: float) -> np.ndarray:
        """Mean (3,) of the `chosen` (N,) bool points, each place within `radius` counted alike."""
        crowd = (self.apart[chosen] <= radius) @ chosen.astype(np.float32)
        return np.average(self.points[chosen], axis=0, weights=1 / crowd)


def comparable(s: Sight, t: Sight) -> bool:
    """Whether both views look at the thing from about the same side."""
    if s.view is None or t.view is None:
        return False
    first = s.surface().center - s.view.origin
    second = t.surface().center - t.view.origin
    return float(first @ second) > _SAME_SIDE * float(
        np.linalg.norm(first) * np.linalg.norm(second))


def shift_between(p: Part, q: Part, *, at_rest: bool) -> Shift:
    """How far the thing moved from part `p` to part `q`, metres, by what both could see.

    Looked for from where it was, and from the centroids' shift: that under which the surfaces lie
    on each other is taken. Where a camera `at_rest` sees the same part, the centroids tell best.
    Without a common part, and where the surfaces come to lie on each other under neither shift, it
    is that of the centroids, with the reach as sigma. Where neither view sees the place at which
    the other shows the thing, it may as well be at rest.
    """
    plain, view = q.center - p.center, p.sight.view
    if at_rest and view is not None:
        turned = float(np.linalg.norm(plain) / np.linalg.norm(p.center - view.origin))
        near = max(_NEAR * p.reach, p.finest)
        if turned < _TURNED and min(_counts(p, plain, q, near).mean(),
                                    _counts(q, -plain, p, near).mean()) > _ALL:
            return Shift(plain, _PART * turned * p.reach)
    found = [_settled(p, q, np.zeros(3))]
    if np.linalg.norm(found[0][1]) * np.sqrt(found[0][2]) >= _SAMPLED * p.reach or not found[0][2]:
        found.append(_settled(p, q, plain))
    apart, shift, count = min(found, key=lambda one: one[0])
    start, near = np.zeros(3), _NEAR * p.reach
    if max(_counts(p, start, q, near).mean(), _counts(q, start, p, near).mean()) < _SEEN:
        return Shift(shift, max(p.reach, float(np.linalg.norm(shift))), told=False)
    limit = _LIES * max(p.spacing, q.spacing)
    if not count or apart > limit:
        return Shift(plain, p.reach, told=False)
    either = max(float(np.linalg.norm(shift - other)) for d, other, _ in found if d <= limit)
    errors = (_SAMPLED * p.reach / np.sqrt(count), _CHANGED * np.linalg.norm(shift - plain),
              _EITHER * either, _PIXEL * max(p.finest, q.finest) / _FINEST)
    return Shift(shift, float(np.linalg.norm(errors)))


def _settled(p: Part, q: Part, shift: np.ndarray) -> tuple[float, np.ndarray, int]:
    """Metres by which the surfaces lie apart under a shift, the shift, and of how many points.

    Under the shift, a point that one view shows counts unless the other view reads nothing there,
    has something else before it, does not reach it, or shows the thing itself before it. The means
    of what counts, each place by its area, give the shift anew.
    """
    finest = max(p.finest, q.finest)
    for near in np.geomspace(_NEAR, _NEAREST, _ROUNDS):
        limit = max(near * p.reach, finest)
        of_p, of_q = _counts(p, shift, q, limit), _counts(q, -shift, p, limit)
        count = int(min(of_p.sum(), of_q.sum()))
        if count < _LEAST:
            return np.inf, shift, 0
        radius = max(_AROUND * p.reach, finest)
        shift = q.mean(of_q, radius) - p.mean(of_p, radius)
    apart = np.concatenate([q.tree.query(p.points[of_p] + shift)[0],
                            p.tree.query(q.points[of_q] - shift)[0]])
    return float(apart.mean()), shift, count


def _counts(part: Part, shift: np.ndarray, other: Part, near: float) -> np.ndarray:
    """(N,) bool: points of `part`, moved by `shift`, that the other view would show."""
    moved, sight = part.points + shift, other.sight
    if not isinstance(sight, DepthSight) or sight.seen is None:
        return np.ones(len(moved), bool)
    look = sight.seen.look(moved, part.sigma, rings=False)
    rows, columns = look.rows[:, 0] - sight.origin[1], look.columns[:, 0] - sight.origin[0]
    height, width = other.mask.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    own = within & other.mask[np.where(within, rows, 0), np.where(within, columns, 0)]
    behind = look.behind[:, 0]
    seen = look.inside[:, 0] & ~np.isnan(behind)
    seen[~own] &= behind[~own] < 1
    asked = np.flatnonzero(seen & own & (behind >= -1))
    seen[asked] = other.tree.query(moved[asked], distance_upper_bound=near)[0] <= near
    return np.asarray(seen)
