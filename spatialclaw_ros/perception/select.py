"""Which engines answer a question, from what its frames carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.depth_camera import DepthCamera
from spatialclaw_ros.perception.detections import Detections
from spatialclaw_ros.perception.label_images import LabelImages
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow


class RegionsAndLabels:
    """Regions by their names, and every other name from the label images."""

    name = 'detections+label_image'

    def __init__(self) -> None:
        """Start with no mask made."""
        self._regions = Detections()
        self._labels = LabelImages()

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names of the regions, then the classes that no region is named after."""
        regions = self._regions.vocabulary(frames) or ()
        classes = self._labels.vocabulary(frames) or ()
        return (*regions, *(name for name in classes if not matching(name, regions)))

    def segment_text(self, request: SegmentText, frames: Sequence[Frame]) -> Segmented:
        """Each prompt from the regions when one has its name, else from the label images."""
        regions = self._regions.vocabulary(frames) or ()
        masks: list[InstanceMask] = []
        reasons: list[str] = []
        candidates: list[Candidate] = []
        objects = 0
        for prompt, label in zip(request.prompts, request.labels or request.prompts, strict=True):
            engine = self._regions if matching(prompt, regions) else self._labels
            one = replace(request, prompts=(prompt,), labels=(label,))
            reply = engine.segment_text(one, frames)
            masks += [replace(mask, object_id=mask.object_id + objects) for mask in reply.masks]
            objects += 1 + max((mask.object_id for mask in reply.masks), default=-1)
            reasons += [reply.reason] if reply.reason else []
            candidates += reply.candidates
        return Segmented(request.frames, tuple(masks), '; '.join(reasons), tuple(candidates))

    def segment_boxes(self, request: SegmentBoxes, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects in `request.boxes` on the prompt frame."""
        return self._regions.segment_boxes(request, frames)

    def segment_points(self, request: SegmentPoints, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects at `request.points` on the prompt frame."""
        return self._regions.segment_points(request, frames)


#: A segment engine that runs in this process.
HostSegment = Detections | LabelImages | RegionsAndLabels

DEPTH_CAMERA = DepthCamera()
#: Segment engines that can be chosen by name.
HOST_SEGMENT: dict[str, type[HostSegment]] = {
    engine.name: engine for engine in (LabelImages, Detections, RegionsAndLabels)}


def segment_engine(window: FrameWindow, name: str | None = None) -> HostSegment:
    """The segment engine called `name`; without one that which suits what `window` carries.

    Where there are both, regions come before label images.
    """
    if name is not None:
        return HOST_SEGMENT[name]()
    has_labels = any(frame.labels is not None for frame in window.frames)
    has_regions = any(frame.regions for frame in window.frames)
    if has_labels and has_regions:
        return RegionsAndLabels()
    return LabelImages() if has_labels else Detections()
