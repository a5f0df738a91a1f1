"""Masks of objects by absolute frame number, kept as crops and expanded when asked."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
import re
from typing import Any
from typing import TYPE_CHECKING

import numpy as np

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.arguments import key_error
from spatialclaw_ros.toolkit.arguments import missing_frame
from spatialclaw_ros.toolkit.arguments import note
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.input_images import shortened
from spatialclaw_ros.toolkit.mask_crops import combined
from spatialclaw_ros.toolkit.mask_crops import eroded
from spatialclaw_ros.toolkit.mask_crops import expanded
from spatialclaw_ros.toolkit.overlay import draw_masks
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

if TYPE_CHECKING:
    from spatialclaw_ros.toolkit.reconstruction import Reconstruction


@guided
class PerFrameMask:
    """Objects' masks: `[f]` (N_obj, H, W) bool by absolute frame number.

    `.labels`, `.object_ids`, `.scores` (highest per object) in one order; `.boxes[f]` (N_obj, 4)
    pixels x1 y1 x2 y2, NaN where not seen. Nothing found: `.num_objects == 0`, with `.reason`
    and `.candidates`. `object=` is an index, a label, or a label's stem when that is unique.
    """

    def __init__(self, frames: Sequence[Frame], masks: Sequence[InstanceMask], reason: str = '',
                 candidates: tuple[Candidate, ...] = ()) -> None:
        """Hold `masks` of the `frames` that were searched; one label may not name two objects."""
        self._frames = {frame.index: frame for frame in frames}
        by_object: dict[int, dict[int, InstanceMask]] = {}
        for mask in masks:
            by_object.setdefault(mask.object_id, {})[mask.frame] = mask
        self._objects = list(by_object.values())
        self.object_ids = list(by_object)
        self.labels = _distinct([next(iter(seen.values())).label for seen in self._objects])
        self.reason = reason if reason or self._objects else 'nothing was found'
        self.candidates = candidates

    @classmethod
    def nothing(cls, reason: str, frames: Sequence[Frame] = ()) -> PerFrameMask:
        """Masks of no object, and why."""
        return cls(frames, (), reason)

    @property
    def frame_indices(self) -> list[int]:
        """Absolute numbers of the frames that were searched."""
        return list(self._frames)

    @property
    def num_frames(self) -> int:
        """How many frames were searched."""
        return len(self._frames)

    @property
    def num_objects(self) -> int:
        """How many objects there are; 0 is a result, see `.reason`."""
        return len(self._objects)

    @property
    def scores(self) -> list[float]:
        """Highest score (0-1) of each object."""
        return [max(mask.score for mask in seen.values()) for seen in self._objects]

    @property
    def boxes(self) -> dict[int, np.ndarray]:
        """Frame number → (N_obj, 4) pixels x1 y1 x2 y2, NaN where the object is not seen."""
        unseen = (np.nan,) * 4
        return {frame: np.array([seen[frame].box if frame in seen else unseen
                                 for seen in self._objects]).reshape(-1, 4)
                for frame in self._frames}

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Any:
        raise TypeError('masks are indexed by absolute frame number: write '
                        'for f in seg.frame_indices: seg[f]')

    def __getitem__(self, frame: Any) -> np.ndarray:
        found = self._frame(frame)
        height, width = found.image.shape[:2]
        full = np.zeros((self.num_objects, height, width), bool)
        for number, seen in enumerate(self._objects):
            if found.index in seen:
                expanded(seen[found.index], full[number])
        return full

    def get_mask(self, frame: Any = None, object: Any = 0) -> Any:
        """(H, W) bool of one object in one frame; all False where it is not seen.

        `frame` may be left out when there is one. A list of objects gives a list.
        """
        if is_list(object):
            return [self.get_mask(frame, one) for one in object]
        found = self._frame(frame)
        full = np.zeros(found.image.shape[:2], bool)
        mask = self._crop(found.index, object)
        return full if mask is None else expanded(mask, full)

    def get_masked_points(self, recon: Reconstruction, frame: Any = None, object: Any = 0,
                          raw: bool = False, conf_threshold: float = 0.3) -> Any:
        """World points (K, 3) float32 m of one object in one frame; (0, 3) when there are none.

        Confident points, mask edges eroded, outliers cut; `raw=True` gives all.
        """
        if is_list(object):
            return [self.get_masked_points(recon, frame, one, raw, conf_threshold)
                    for one in object]
        number = self._common(recon, frame)
        mask = self._crop(number, object)
        if mask is None:
            return np.empty((0, 3), np.float32)
        return recon.surface(number).masked_points(mask, conf_threshold, raw)

    def get_centroid_3d(self, recon: Reconstruction, frame: Any = None, object: Any = 0,
                        conf_threshold: float = 0.3) -> Any:
        """Robust median (3,) m, world, of one object's points in one frame; NaNs when empty."""
        if is_list(object):
            return [self.get_centroid_3d(recon, frame, one, conf_threshold) for one in object]
        points = self.get_masked_points(recon, frame, object, False, conf_threshold)
        if not len(points):
            note(f'no points of object {object!r} in frame {frame}: the centroid is NaN')
            return np.full(3, np.nan)
        return np.median(points.astype(float), axis=0)

    def visualize(self, frame: Any = None) -> Any:
        """Picture of the masks on their frame (default: the first with an object in it)."""
        if is_list(frame):
            return [self.visualize(one) for one in frame]
        if frame is None:
            seen = [f for f in self._frames if any(f in o for o in self._objects)]
            if not seen and not self._frames:
                raise key_error(f'there is no frame to draw on: {self.reason}')
            frame = (seen or self.frame_indices)[0]
        found = self._frame(frame)
        masks = [(label, seen[found.index]) for label, seen in
                 zip(self.labels, self._objects, strict=True) if found.index in seen]
        labels = ', '.join(label for label, _ in masks) or f'no object: {self.reason}'
        return VisualFeedback(draw_masks(found.image, masks), 'masks',
                              f'frame {found.index}: {labels}', found.index)

    def common_frames(self, recon: Any) -> list[int]:
        """Frame numbers that both this and `recon` (or another mask) have."""
        return [f for f in self._frames if f in set(recon.frame_indices)]

    def frames_of(self, object: Any = 0) -> list[int]:
        """Frame numbers in which one object is seen."""
        return sorted(self._objects[self._number(object)])

    def instances(self, object: Any = 0) -> list[InstanceMask]:
        """The masks of one object as crops, by frame number."""
        seen = self._objects[self._number(object)]
        return [seen[frame] for frame in sorted(seen)]

    def only(self, object: Any) -> PerFrameMask:
        """The same frames with one object, or with those of a list."""
        numbers = [self._number(one) for one in (object if is_list(object) else [object])]
        return self._with([
            replace(mask, label=self.labels[n]) for n in numbers for mask in self.instances(n)])

    def named(self, names: Any) -> PerFrameMask:
        """The same objects with other labels: one name, or one per object."""
        labels = [str(name) for name in (names if is_list(names) else [names])]
        if len(labels) == 1 and self.num_objects > 1:
            labels = [f'{labels[0]}_{k}' for k in range(self.num_objects)]
        if len(labels) != self.num_objects and self.num_objects:
            raise ValueError(f'{len(labels)} names for {self.num_objects} objects '
                             f'({", ".join(self.labels)}); give one name per object')
        return self._with([replace(mask, label=labels[n]) for n in range(self.num_objects)
                           for mask in self.instances(n)])

    def erode(self, px: int = 1) -> PerFrameMask:
        """Every mask made smaller by `px` pixels (larger when negative)."""
        return self._with([
            small for seen in self._objects for mask in seen.values()
            if (small := eroded(mask, int(px), self._empty(mask.frame).shape)).mask.any()])

    @classmethod
    def merge(cls, masks: Any) -> PerFrameMask:
        """Every object of several masks (list or dict name → mask) in one PerFrameMask."""
        return as_masks(masks)

    def __or__(self, other: PerFrameMask) -> PerFrameMask:
        return self._paired(other, np.logical_or, '|')

    def __and__(self, other: PerFrameMask) -> PerFrameMask:
        return self._paired(other, np.logical_and, '&')

    def _paired(self, other: Any, join: Callable[..., np.ndarray], sign: str) -> PerFrameMask:
        if not isinstance(other, PerFrameMask):
            raise TypeError(f'mask {sign} {type(other).__name__}: the right side must be a '
                            'PerFrameMask too')
        count = max(self.num_objects, other.num_objects)
        if min(self.num_objects, other.num_objects) not in (0, 1, count):
            raise ValueError(
                f'mask {sign} mask joins object by object, here {self.num_objects} and '
                f'{other.num_objects}; choose with .only(object), or collect them all with '
                'PerFrameMask.merge([a, b])')
        frames = {**self._frames, **other._frames}
        masks = []
        for k in range(count):
            a, b = self._broadcast(k), other._broadcast(k)
            for frame in dict.fromkeys([*a, *b]):
                joined = combined(a.get(frame), b.get(frame), frames[frame].image.shape[:2], join)
                if joined is not None:
                    label = sign.join(dict.fromkeys(
                        m.label for m in (a.get(frame), b.get(frame)) if m is not None))
                    masks.append(replace(joined, object_id=k, label=label))
        return PerFrameMask(list(frames.values()), masks, '' if masks else 'no pixels in common')

    def _broadcast(self, number: int) -> dict[int, InstanceMask]:
        return self._objects[min(number, self.num_objects - 1)] if self._objects else {}

    def _with(self, masks: Sequence[InstanceMask]) -> PerFrameMask:
        return PerFrameMask(list(self._frames.values()), masks, self.reason, self.candidates)

    def _empty(self, frame: int) -> np.ndarray:
        return np.zeros(self._frames[frame].image.shape[:2], bool)

    def _frame(self, frame: Any) -> Frame:
        if frame is None:
            if len(self._frames) != 1:
                raise TypeError(f'say which frame: there are {shortened(self.frame_indices)}; '
                                'write frame=f')
            return next(iter(self._frames.values()))
        number = frame_number(frame)
        if number not in self._frames:
            raise missing_frame('the mask', number, self.frame_indices)
        return self._frames[number]

    def _common(self, recon: Reconstruction, frame: Any) -> int:
        common = self.common_frames(recon)
        if frame is None and len(common) == 1:
            return common[0]
        number = self._frame(frame).index
        if number not in common:
            raise missing_frame(
                'the reconstruction (.common_frames(mask) lists what both have)', number, common)
        return number

    def _crop(self, frame: int, object: Any) -> InstanceMask | None:
        if not self._objects:
            note(f'no object here, so the mask is empty: {self.reason}')
            return None
        return self._objects[self._number(object)].get(frame)

    def _number(self, object: Any) -> int:
        if is_number(object) and not isinstance(object, (bool, np.bool_)):
            number = int(object)
            if not -self.num_objects <= number < self.num_objects:
                raise IndexError(f'no object {number}: there are {self.num_objects}, labels '
                                 f'{self.labels}{_because(self)}')
            return number % self.num_objects
        if not isinstance(object, str):
            raise TypeError(f'object is an index or a label of {self.labels}, got '
                            f'{type(object).__name__}')
        if object in self.labels:
            return self.labels.index(object)
        stems = [n for n, label in enumerate(self.labels)
                 if re.sub(r'_\d+$', '', label).casefold() == object.casefold()]
        if len(stems) == 1:
            return stems[0]
        if stems:
            raise key_error(f'object {object!r} names several: the labels are '
                            f'{[self.labels[n] for n in stems]}{_because(self)}')
        raise key_error(f'object {object!r} is not there: the labels are '
                        f'{self.labels or "none"}{_because(self)}')

    def __repr__(self) -> str:
        head = f'PerFrameMask: frames {shortened(self.frame_indices)}'
        if not self._objects:
            near = ', '.join(f'{c.label} {c.score:.2f}' for c in self.candidates[:5])
            close = f'\n  close: {near}' if near else ''
            return f'{head}, no object: {self.reason[:300]}{close}'
        labels = ', '.join(f'{label} {score:.2f}' for label, score in
                           zip(self.labels[:12], self.scores, strict=False))
        return (f'{head}, {self.num_objects} objects: {labels}\n  [f] (N_obj,H,W) bool · '
                '.get_mask(frame, object=0) · .get_masked_points(recon, frame, object=0)')


def _because(masks: PerFrameMask) -> str:
    return f' ({masks.reason})' if masks.reason else ''


def _distinct(labels: list[str]) -> list[str]:
    """Labels as they are where they differ; equal ones are numbered."""
    counts: dict[str, int] = {}
    named = []
    for label in labels:
        if labels.count(label) == 1:
            named.append(label)
            continue
        named.append(f'{label}_{counts.get(label, 0)}')
        counts[label] = counts.get(label, 0) + 1
    return named


def kind_of(label: str) -> str:
    """`label` without the numbers that tell it from others: mug_1 and mug_1_0 are mugs."""
    return re.sub(r'(_\d+)+$', '', label)


def as_masks(thing: Any) -> PerFrameMask:
    """One PerFrameMask of what cells call masks: one, nested lists, or a dict name → mask.

    Raises TypeError for bare arrays: these do not say which frame they are of.
    """
    if isinstance(thing, PerFrameMask):
        return thing
    if isinstance(thing, dict):
        return as_masks([as_masks(mask).named([name] if as_masks(mask).num_objects == 1 else name)
                         for name, mask in thing.items()])
    if not is_list(thing):
        raise TypeError(
            f'masks are PerFrameMask objects (of tools.SAM3), one, a list or a dict, got '
            f'{type(thing).__name__}'
            + (f' {thing.dtype}{list(thing.shape)}: a bare array does not say which frame it is '
               'of' if isinstance(thing, np.ndarray) else ''))
    collected: list[InstanceMask] = []
    known: dict[int, Frame] = {}
    reasons = []
    count = 0
    for masks in (as_masks(one) for one in thing if one is not None):
        known.update(masks._frames)
        reasons.append('' if masks.num_objects else masks.reason)
        for number in range(masks.num_objects):
            collected += [replace(mask, object_id=count, label=masks.labels[number])
                          for mask in masks.instances(number)]
            count += 1
    ordered = [known[number] for number in sorted(known)]
    return PerFrameMask(ordered, collected, '; '.join(filter(None, reasons)))
