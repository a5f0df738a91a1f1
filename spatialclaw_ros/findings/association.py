"""Which masks of different frames and cameras show the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatialclaw_ros.findings.corrections import corrections
from spatialclaw_ros.findings.evidence import Evidence
from spatialclaw_ros.findings.evidence import gather
from spatialclaw_ros.findings.followed import followed
from spatialclaw_ros.findings.moments import anchors
from spatialclaw_ros.findings.moments import compared
from spatialclaw_ros.findings.moments import MOMENT
from spatialclaw_ros.findings.moments import moments
from spatialclaw_ros.findings.patch import MaskedView
from spatialclaw_ros.findings.patch import Patch
from spatialclaw_ros.findings.patch import patch_of
from spatialclaw_ros.geometry.partition import partition

#: What two centres on one place count for, as against a whole surface in common; nothing where
#: they are apart by this share of the larger extent.
_NEAR, _WITHIN = 0.9, 0.8
#: Share of a seen surface that two different things may have in common, and what is asked for in
#: any case.
_USUAL, _DOUBT = 0.4, 0.16
#: Share of a thing's places that another frame must see through for it to have moved; of its
#: extent, how far its centre must be; of its distance, how far a camera may go and yet stand.
_GONE, _SHIFTED, _STANDS = 0.5, 0.3, 0.1


def same_things(things: Sequence[Sequence[MaskedView]], kinds: Sequence[str]) -> list[int]:
    """Number (from 0) of the thing each of `things` is, equal for those that are one.

    A thing is given by its masks: one, or those that a tracker or a person says are of one. Masks
    of one frame are of different things, and so are those of different `kinds`. Others are one
    where they show the same surface within the errors of depth and poses: points that the other's
    frame sees on the other's mask are for it, points that this frame sees elsewhere, or through,
    are against it, and those hidden from it say nothing: then how near their centres are must do.
    What moves is compared at the same time only, and followed from frame to frame. Views of
    different worlds are never compared. In whatever order `things` are given, the same are one.
    """
    if len(things) < 2:
        return list(range(len(things)))
    order = sorted(range(len(things)), key=lambda k: (_in_order(things[k]), kinds[k]))
    ordered = [things[k] for k in order]
    numbers = np.zeros(len(things), int)
    numbers[order] = _grouped(ordered, [kinds[k] for k in order])
    first: dict[int, int] = {}
    return [first.setdefault(int(number), len(first)) for number in numbers]


def _in_order(masks: Sequence[MaskedView]) -> list[tuple[object, ...]]:
    """What sorts things the same way, in whatever order they were given."""
    return sorted((mask.view.frame, mask.origin, mask.pixels.shape, int(mask.pixels.sum()))
                  for mask in masks)


def _grouped(things: Sequence[Sequence[MaskedView]], kinds: Sequence[str]) -> np.ndarray:
    """Group (N,) of each of `things`."""
    groups = moments({mask.view.frame: mask.view for masks in things for mask in masks}.values())
    chosen = anchors(groups)
    patches, of = _patches(things, chosen)
    views = {patch.view.frame: patch.view for patch in patches}
    pairs = [(a, b) for a, b in compared(moments(views.values()), chosen)
             if views[a].world == views[b].world]
    apart = _apart(things, kinds)
    evidence = gather(patches, pairs)
    moves = _moves(patches, of, evidence, len(things))
    valid = _valid(patches, of, moves)
    numbers = _partition(patches, of, evidence, valid, apart)
    shifts = corrections(patches, numbers[of], valid)
    patches = [patch.shifted(shifts[patch.view.frame]) for patch in _in_motion(patches, of, moves)]
    evidence = gather(patches, pairs)
    numbers = _partition(patches, of, evidence, valid, apart)
    told = followed(patches, evidence, numbers[of], apart[np.ix_(of, of)])
    return told[[int(np.argmax(of == k)) for k in range(len(things))]]


def _apart(things: Sequence[Sequence[MaskedView]], kinds: Sequence[str]) -> np.ndarray:
    """(N, N) bool: things that are seen in one frame, or are of different kinds."""
    frames = sorted({mask.view.frame for masks in things for mask in masks})
    place = {frame: k for k, frame in enumerate(frames)}
    shown = np.zeros((len(things), len(frames)), np.float32)
    for k, masks in enumerate(things):
        shown[k, [place[mask.view.frame] for mask in masks]] = 1
    together = shown @ shown.T > 0
    np.fill_diagonal(together, False)
    return together | (np.array(kinds)[:, None] != np.array(kinds))


def _patches(things: Sequence[Sequence[MaskedView]], chosen: set[int]
             ) -> tuple[list[Patch], np.ndarray]:
    """Patches (P) of the masks in the `chosen` frames, and whose (P,) they are.

    Of a thing that is in none of these frames, its first and last mask.
    """
    patches, of = [], []
    for k, masks in enumerate(things):
        told = sorted(masks, key=lambda mask: (mask.view.stamp, mask.view.frame))
        used = [mask for mask in told if mask.view.frame in chosen] or [
            told[place] for place in sorted({0, len(told) - 1})]
        patches += [patch_of(mask) for mask in used]
        of += [k] * len(used)
    return patches, np.array(of, int)


def _moves(patches: Sequence[Patch], of: np.ndarray, evidence: Evidence, count: int) -> np.ndarray:
    """(N,) bool: things that one of their frames shows to have left where another shows them.

    It sees through most of that place; or its camera stands where it stood, and shows the thing
    elsewhere.
    """
    with np.errstate(invalid='ignore'):
        left = evidence.through > _GONE
    gone = (of[:, None] == of) & (left | (_stands(patches) & _elsewhere(patches)))
    return np.bincount(of, gone.any(axis=1), count) > 0


def _stands(patches: Sequence[Patch]) -> np.ndarray:
    """(P, P) bool: seen by one camera from about one place, for how far the thing is."""
    cameras = np.array([patch.view.camera for patch in patches])
    origins = np.array([patch.view.origin for patch in patches])
    away = np.array([np.linalg.norm(patch.center - patch.view.origin) for patch in patches])
    apart = np.linalg.norm(origins[:, None] - origins, axis=2)
    return (cameras[:, None] == cameras) & (apart < _STANDS * away)


def _elsewhere(patches: Sequence[Patch]) -> np.ndarray:
    """(P, P) bool: centres that are apart by more than their errors and what masks may shift."""
    centers = np.array([patch.center for patch in patches])
    reach = np.array([patch.reach for patch in patches])
    error = np.array([patch.error.mean() if len(patch.error) else 0.0 for patch in patches])
    allowed = _SHIFTED * np.maximum(reach[:, None], reach) + error[:, None] + error
    return np.linalg.norm(centers[:, None] - centers, axis=2) > allowed


def _valid(patches: Sequence[Patch], of: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """(P, P) bool: patches that can be compared: what moves only with its own moment."""
    stamps = np.array([patch.view.stamp for patch in patches], np.int64)
    moving = moves[of]
    still = ~moving[:, None] & ~moving
    return still | (np.abs(stamps[:, None] - stamps) <= MOMENT)


def _in_motion(patches: Sequence[Patch], of: np.ndarray, moves: np.ndarray) -> list[Patch]:
    """The patches, those of things that move with their velocity between each camera's views."""
    told = list(patches)
    for k in np.flatnonzero(moves):
        mine = [i for i, whose in enumerate(of) if whose == k and len(patches[i].points)]
        for i in mine:
            view = patches[i].view
            beside = [patches[j] for j in mine if patches[j].view.camera == view.camera]
            beside.sort(key=lambda patch: patch.view.stamp)
            place = beside.index(patches[i])
            first, last = beside[max(place - 1, 0)], beside[min(place + 1, len(beside) - 1)]
            seconds = (last.view.stamp - first.view.stamp) * 1e-9
            if seconds > 0:
                told[i] = replace(told[i], velocity=(last.center - first.center) / seconds)
    return told


def _partition(patches: Sequence[Patch], of: np.ndarray, evidence: Evidence, valid: np.ndarray,
               apart: np.ndarray) -> np.ndarray:
    """Group (N,) of each thing by the scores of its patches.

    First by the surfaces that two frames see; then groups are joined that hide from one another,
    by how near they are.
    """
    both = valid & np.isfinite(evidence.on) & np.isfinite(evidence.on.T)
    seen = evidence.on + evidence.off
    seen = np.minimum((seen + seen.T) / 2, 1)
    score = evidence.on - evidence.off
    score = score + score.T - _USUAL * seen - _DOUBT
    near = _NEAR * _nearness(patches)
    member = (of == np.arange(len(apart))[:, None]).astype(float)
    numbers = np.arange(len(apart))
    for counted in (score + seen * near, score + near):
        group = (numbers == np.arange(numbers.max() + 1)[:, None]) @ member
        total, pairs = (group @ np.where(both, values, 0.0) @ group.T
                        for values in (counted, np.ones_like(counted)))
        barred = group @ apart[np.ix_(of, of)] @ group.T > 0
        numbers = partition(total, pairs, barred)[numbers]
    return numbers


def _nearness(patches: Sequence[Patch]) -> np.ndarray:
    """(P, P) in 0-1: how near two centres are, for what the things measure."""
    centers = np.array([patch.center for patch in patches])
    reach = np.array([patch.reach for patch in patches])
    largest = np.maximum(np.maximum(reach[:, None], reach), 1e-6)
    apart = np.linalg.norm(centers[:, None] - centers, axis=2) / (_WITHIN * largest)
    return np.nan_to_num(np.clip(1 - apart, 0, 1))
