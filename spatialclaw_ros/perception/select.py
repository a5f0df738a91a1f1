"""Which engines answer a question, from what its frames carry."""

from __future__ import annotations

from spatialclaw_ros.perception.depth_camera import DepthCamera
from spatialclaw_ros.perception.detections import Detections
from spatialclaw_ros.perception.label_images import LabelImages
from spatialclaw_ros.scene import FrameWindow


def engines_for(window: FrameWindow) -> tuple[DepthCamera, Detections | LabelImages]:
    """Reconstruct and segment engine for `window`."""
    has_labels = any(frame.labels is not None for frame in window.frames)
    has_regions = any(frame.regions for frame in window.frames)
    if has_labels and not has_regions:
        return DepthCamera(), LabelImages()
    return DepthCamera(), Detections()
