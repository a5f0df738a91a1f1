"""Segment engine for regions: boxes, points or masks of the question or of a detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.perception.cutting.cutout import cut_out
from spatialclaw_ros.perception.cutting.cutout import NothingInside
from spatialclaw_ros.perception.cutting.other_views import seen_again
from spatialclaw_ros.perception.cutting.other_views import Sighting
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.perception.reply import segmented_by_name
from spatialclaw_ros.perception.reply import Sightings
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


class Detections:
    """Masks from the regions of each frame; its vocabulary is their names."""

    name = 'detections'

    def __init__(self) -> None:
        """Start with no mask made."""
        self._alone: dict[tuple[int, int], tuple[Mask | None, str]] = {}
        self._made: dict[tuple[int, int], tuple[Mask | None, str]] = {}

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names of the regions of `frames`, each once, in order."""
        return tuple(dict.fromkeys(
            region.name for frame in frames for region in frame.regions))

    def segment_text(self, request: SegmentText, frames: Sequence[Frame]) -> Segmented:
        """Masks of the regions named by `request.prompts`."""
        chosen = [frame for frame in frames if frame.index in request.frames]
        return segmented_by_name(
            request, chosen, self.vocabulary(frames) or (),
            lambda prompt, _: self._find(prompt, chosen, frames), gated=False)

    def segment_boxes(self, request: SegmentBoxes, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects in `request.boxes` on the prompt frame."""
        regions = [Region(label, request.prompt_frame, box=box)
                   for label, box in zip(request.labels, request.boxes, strict=True)]
        return self._segment_regions(regions, request.prompt_frame, request.frames, frames)

    def segment_points(self, request: SegmentPoints, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects at `request.points` on the prompt frame."""
        regions = [
            Region(label, request.prompt_frame, points=np.asarray(points),
                   point_labels=tuple(point_labels))
            for label, points, point_labels in zip(
                request.labels, request.points, request.point_labels, strict=True)]
        return self._segment_regions(regions, request.prompt_frame, request.frames, frames)

    def _segment_regions(self, regions: list[Region], prompt_frame: int,
                         asked: tuple[int, ...], frames: Sequence[Frame]) -> Segmented:
        frame = next((frame for frame in frames if frame.index == prompt_frame), None)
        if frame is None:
            raise ValueError(
                f'no frame {prompt_frame} to segment; these frames were given: '
                f'{[f.index for f in frames]}')
        masks: list[InstanceMask] = []
        reasons: list[str] = []
        for number, region in enumerate(regions):
            others = [other for other in (*regions, *frame.regions) if other is not region]
            mask, reason = _mask_of(frame, region, others)
            if mask is None:
                reasons.append(reason)
                continue
            masks.append(mask.instance(prompt_frame, number, region.name, 1.0))
            for other in frames:
                if other.index in asked and other.index != prompt_frame:
                    again, reason = _mask_again(frame, mask, region.name, other)
                    if again is None:
                        reasons.append(reason)
                    else:
                        masks.append(again.instance(other.index, number, region.name, 1.0))
        return Segmented(asked, tuple(masks), '; '.join(reasons))

    def _find(self, prompt: str, chosen: Sequence[Frame], frames: Sequence[Frame]) -> Sightings:
        sightings, reasons = [], []
        for frame in chosen:
            pairs = []
            for i, region in enumerate(frame.regions):
                if not matching(prompt, [region.name]):
                    continue
                mask, reason = self._region_mask(frame, i, frames)
                if mask is None:
                    reasons.append(reason)
                else:
                    pairs.append((mask, region.score))
            sightings.append((frame, pairs))
        if not any(pairs for _, pairs in sightings) and not reasons:
            reasons.append(f'{prompt!r} has no region in frames '
                           f'{numbered(f.index for f in chosen)}')
        return sightings, '; '.join(reasons)

    def _region_mask(self, frame: Frame, i: int, frames: Sequence[Frame]
                     ) -> tuple[Mask | None, str]:
        """Mask of a region, with what `frames` show of the object of its name."""
        key = (frame.index, i)
        if key not in self._made:
            elsewhere = self._elsewhere(frame, frame.regions[i].name, frames)
            self._made[key] = (_mask_of(frame, frame.regions[i], _but(frame, i), elsewhere)
                               if elsewhere else self._first_mask(frame, i))
        return self._made[key]

    def _first_mask(self, frame: Frame, i: int) -> tuple[Mask | None, str]:
        """Mask of a region from its own frame alone."""
        key = (frame.index, i)
        if key not in self._alone:
            self._alone[key] = _mask_of(frame, frame.regions[i], _but(frame, i))
        return self._alone[key]

    def _elsewhere(self, frame: Frame, name: str, frames: Sequence[Frame]) -> list[Sighting]:
        """Sightings in other frames of what is called `name` once in every frame it is in."""
        found = []
        for other in frames:
            of_name = [i for i, region in enumerate(other.regions) if region.name == name]
            if len(of_name) > 1:
                return []
            if of_name and other.index != frame.index and other.camera_to_world is not None:
                mask, _ = self._first_mask(other, of_name[0])
                if mask is not None:
                    found.append(Sighting(other, mask))
        return found


def _but(frame: Frame, i: int) -> list[Region]:
    return [region for j, region in enumerate(frame.regions) if j != i]


def _mask_of(frame: Frame, region: Region, others: Sequence[Region],
             elsewhere: Sequence[Sighting] = ()) -> tuple[Mask | None, str]:
    """The region's mask, or why there is none."""
    try:
        return cut_out(frame, region, others, elsewhere), ''
    except NothingInside as nothing:
        return None, f'{region.name!r} in frame {frame.index}: {nothing}'


def _mask_again(frame: Frame, mask: Mask, name: str, other: Frame) -> tuple[Mask | None, str]:
    """The mask of the same object in `other`, or why there is none."""
    region = seen_again(Sighting(frame, mask), name, other)
    if region is not None:
        return _mask_of(other, region, other.regions)
    posed = frame.camera_to_world is not None and other.camera_to_world is not None
    why = 'not seen there' if posed else 'no pose tells where it would be'
    return None, f'{name!r} was not followed to frame {other.index}: {why}'
