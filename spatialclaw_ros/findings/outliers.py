"""What one view shows of an object against what the others show: cut where it cannot be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.geometry.layers import surfaces

#: Points of a view that are tried, and of what lies about the object.
_SAMPLE = 150
#: Views that are compared with one another, spread over all.
_MOST_VIEWS = 8
#: A view tells of another's points when it sees this share of them.
_TELLS = 0.15
#: Of these, the share that must be off for a view to be wrong, and at most for it to be right; the
#: share that is tried pixel by pixel; and the share seen through where the object has moved.
_WRONG, _RIGHT, _SOME, _MOVED = 0.6, 0.3, 0.03, 0.2
#: Of the object's reach, how far what is cut lies from what others confirm.
_FAR = 0.15
#: Share of places about the object that two frames see alike where both poses are right.
_ALIKE = 0.6
_LEAST_READINGS, _LEAST_ABOUT = 6, 30


@dataclass(frozen=True, eq=False)
class _Word:
    """What a view says of N points: `on` the object in its mask, `off` it, or seen `through`."""

    on: np.ndarray
    off: np.ndarray
    through: np.ndarray

    @property
    def elsewhere(self) -> np.ndarray:
        """(N,) bool: what it sees there is of something else."""
        return self.off & ~self.through

    @property
    def off_share(self) -> float:
        """Share of what it sees that is off; NaN where it sees too little."""
        return self._share(self.off)

    @property
    def through_share(self) -> float:
        """Share of what it sees that it sees through; NaN where it sees too little."""
        return self._share(self.through)

    def _share(self, of: np.ndarray) -> float:
        seen = int((self.on | self.off).sum())
        return float(of.sum()) / seen if seen > _TELLS * len(self.on) else float('nan')


@dataclass(frozen=True, eq=False)
class Checked:
    """Sights of one object that agree; a note of what was cut; whether it `moved` between them."""

    sights: tuple[DepthSight, ...]
    note: str
    moved: bool


def without_outliers(sights: Sequence[DepthSight]) -> Checked:
    """The sights without what the others of their world deny.

    A view is left out where three or more tell of one another, the others agree, and most of what
    they could see of its points is not the object: its mask lies on something else, or, where its
    frame shows the surroundings elsewhere too, its pose is wrong. Of other views the readings are
    cut that are, for the others, of something else, and lie apart from what is confirmed: a mask
    that reaches onto a wall. Places that only one view sees stay. Where the others see through
    where an object was, it has moved, which is for a track to tell: nothing is cut.
    """
    stride = max(-(-len(sights) // _MOST_VIEWS), 1)
    kept: list[DepthSight | None] = list(sights)
    notes, moves = [], False
    for world in dict.fromkeys(sight.view.world for sight in sights):
        mine = [k for k, sight in enumerate(sights) if sight.view.world == world
                and sight.seen is not None][::stride]
        words = {(j, k): _word(sights[j], sights[k]) for j in mine for k in mine if j != k}
        wrong = {k: why for k in mine if (why := _wrong(sights, words, mine, k))}
        notes += [f'frame {sights[k].view.frame} is left out: {why}' for k, why in wrong.items()]
        sound = [k for k in mine if k not in wrong]
        moved = any(words[j, k].through_share > _MOVED for j in sound for k in sound if j != k)
        moves = moves or moved
        for k in () if moved else sound:
            kept[k], share = _cut(sights[k], [sights[j] for j in sound if j != k],
                                  [words[k, j] for j in sound if j != k])
            if share:
                notes.append(f'{share:.0%} of the mask in frame {sights[k].view.frame} is cut: '
                             'other frames show that it is of something else')
        kept = [None if k in wrong else sight for k, sight in enumerate(kept)]
    return Checked(tuple(sight for sight in kept if sight is not None), '; '.join(notes), moves)


def _wrong(sights: Sequence[DepthSight], words: dict[tuple[int, int], _Word], mine: Sequence[int],
           k: int) -> str:
    """Why view `k` is wrong; empty where it is not, or nobody can say."""
    others = [j for j in mine if j != k]
    against = [j for j in others if _differ(words[k, j], words[j, k])]
    agree = [(i, j) for i in against for j in against if i < j
             and not _differ(words[i, j], words[j, i], _RIGHT)]
    if 2 * len(against) <= len(others) or not agree:
        return ''
    voted = [j for j in against if _shows_alike(sights[k], sights[j]) < _ALIKE]
    if 2 * len(voted) > len(against):
        return 'it shows what lies about the object elsewhere than the others, its pose is wrong'
    if np.mean([words[k, j].through_share > _MOVED for j in against]) > 0.5:
        return ''
    return 'its mask lies on something that is not the object for the others'


def _differ(first: _Word, second: _Word, limit: float = _WRONG) -> bool:
    """Whether both ways, as far as told, more than `limit` is off."""
    told = [word.off_share for word in (first, second) if not np.isnan(word.off_share)]
    return bool(told) and min(told) > limit


def _word(sight: DepthSight, other: DepthSight) -> _Word:
    """What `other` says of some points of `sight`."""
    rows, columns = np.nonzero(sight.masks[0] & np.isfinite(sight.depth))
    stride = max(-(-len(rows) // _SAMPLE), 1)
    return _word_on(sight, rows[::stride], columns[::stride], other)


def _word_on(sight: DepthSight, rows: np.ndarray, columns: np.ndarray, other: DepthSight) -> _Word:
    assert sight.seen is not None and other.seen is not None
    v, u = rows + sight.origin[1], columns + sight.origin[0]
    look = other.seen.look(sight.seen.points(v, u), sight.seen.error(v, u))
    mask = other.masks[0]
    v, u = look.rows - other.origin[1], look.columns - other.origin[0]
    within = look.inside & (v >= 0) & (v < mask.shape[0]) & (u >= 0) & (u < mask.shape[1])
    held = within & mask[np.where(within, v, 0), np.where(within, u, 0)]
    on = (held & look.agrees).any(axis=1)
    return _Word(on, ~look.silent & ~on, look.through)


def _shows_alike(sight: DepthSight, other: DepthSight) -> float:
    """Share of the places about the object in one frame that the other sees there too."""
    assert sight.seen is not None and other.seen is not None
    rows, columns = _about(sight, sight.seen)
    look = other.seen.look(sight.seen.points(rows, columns), sight.seen.error(rows, columns))
    seen = look.agrees.any(axis=1) | (look.behind[:, 0] > 1) | look.through
    if seen.sum() < _LEAST_ABOUT:
        return 1.0
    return float((look.agrees.any(axis=1) & seen).sum() / seen.sum())


def _about(sight: DepthSight, seen: DepthView) -> tuple[np.ndarray, np.ndarray]:
    """Pixels about the object, not in its mask, that have a reading."""
    (x, y), (h, w) = sight.origin, sight.masks[0].shape
    free = np.isfinite(seen.depth) & (seen.depth > 0)
    free[y:y + h, x:x + w] &= ~sight.masks[0]
    rows, columns = np.nonzero(free[max(y - h, 0):y + 2 * h, max(x - w, 0):x + 2 * w])
    stride = max(-(-len(rows) // _SAMPLE), 1)
    return rows[::stride] + max(y - h, 0), columns[::stride] + max(x - w, 0)


def _cut(sight: DepthSight, others: Sequence[DepthSight], words: Sequence[_Word]
         ) -> tuple[DepthSight, float]:
    """The sight without readings that others deny, and the share of them; 0 for none."""
    if not words or np.mean(np.any([word.elsewhere for word in words], axis=0)) < _SOME:
        return sight, 0.0
    assert sight.seen is not None
    known = sight.masks[0] & np.isfinite(sight.depth)
    rows, columns = np.nonzero(known)
    full = [_word_on(sight, rows, columns, other) for other in others]
    on = np.any([word.on for word in full], axis=0)
    off = np.sum([word.elsewhere for word in full], axis=0)
    if not on.any():
        return sight, 0.0
    points = sight.seen.points(rows + sight.origin[1], columns + sight.origin[0])
    reach = float(np.linalg.norm(np.ptp(points[on], axis=0)))
    denied = (off > 0) & ~on & (cKDTree(points[on]).query(points)[0] > _FAR * reach)
    of = surfaces(sight.depth, known, sight.tolerance)[rows, columns]
    _, part, count = np.unique(of, return_inverse=True, return_counts=True)
    apart = (np.bincount(part, on) < _RIGHT * count) & (np.bincount(part, denied) > 0.5 * count)
    cut = apart[part] | (denied & (off > 1))
    if not cut.any() or len(cut) - cut.sum() < _LEAST_READINGS:
        return sight, 0.0
    gone = np.zeros(known.shape, bool)
    gone[rows[cut], columns[cut]] = True
    return replace(sight, depth=np.where(gone, np.nan, sight.depth),
                   fillable=sight.fillable & ~gone, _surfaces={}), float(cut.mean())
