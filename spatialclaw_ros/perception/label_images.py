"""Segment engine for label images: a class per pixel, from a simulator or a network."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.perception.detections import Detections
from spatialclaw_ros.perception.masks import as_given
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.perception.occlusion import joined
from spatialclaw_ros.perception.reply import segmented_by_name
from spatialclaw_ros.perception.reply import Sightings
from spatialclaw_ros.scene import Frame

#: A piece smaller than this, or than this share of the largest piece of its class, is a speck.
_SPECK_PIXELS = 12
_SPECK_SHARE = 0.02


class LabelImages:
    """Masks from the label image of each frame; its vocabulary is the class map.

    Boxes and points drawn in a cell are cut out as `Detections` does.
    """

    name = 'label_image'

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names of the class maps of `frames`, each once, in order; not the background."""
        return tuple(dict.fromkeys(
            name for frame in frames if frame.labels is not None
            for number, name in sorted(frame.labels.names.items()) if number != 0))

    def segment_text(self, request: SegmentText, frames: Sequence[Frame]) -> Segmented:
        """Masks of the classes named by `request.prompts`."""
        chosen = [frame for frame in frames if frame.index in request.frames]
        return segmented_by_name(
            request, chosen, self.vocabulary(frames) or (), _find, gated=True)

    def segment_boxes(self, request: SegmentBoxes, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects in `request.boxes` on the prompt frame."""
        return Detections().segment_boxes(request, frames)

    def segment_points(self, request: SegmentPoints, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects at `request.points` on the prompt frame."""
        return Detections().segment_points(request, frames)


def _find(prompt: str, frames: Sequence[Frame]) -> Sightings:
    sightings = [(frame, [(mask, 1.0) for mask in _instances(frame, prompt)]) for frame in frames]
    if any(pairs for _, pairs in sightings):
        return sightings, ''
    return sightings, f'{prompt!r} is not visible in frames {numbered(f.index for f in frames)}'


def _instances(frame: Frame, prompt: str) -> list[Mask]:
    """Masks of one class in one frame: a piece each, or an id each where ids are instances."""
    if frame.labels is None:
        return []
    named = [number for number, name in frame.labels.names.items()
             if number != 0 and matching(prompt, [name])]
    masks = []
    for number in named:
        pieces = _pieces(frame.labels.ids == number)
        if len(named) > 1 and pieces:
            pieces = [np.logical_or.reduce(pieces)]
        elif len(pieces) > 1 and frame.depth is not None:
            pieces = joined(pieces, frame.depth, frame.noise)
        masks += [as_given(piece) for piece in pieces]
    return masks


def _pieces(pixels: np.ndarray) -> list[np.ndarray]:
    """Connected pieces (H, W) bool of `pixels`, largest first, without specks."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return []
    least = max(_SPECK_PIXELS, _SPECK_SHARE * areas.max())
    return [labels == 1 + i for i in np.argsort(-areas, kind='stable') if areas[i] >= least]

