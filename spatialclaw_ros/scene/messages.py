"""Image, label and detection messages as what the scene keeps of them, whoever decoded them."""

from __future__ import annotations

import math
from typing import Any

from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.capture import Payload
from spatialclaw_ros.scene.region import Region


def payload_of(message: Any) -> Payload:
    """The bytes, not yet copied, of a sensor_msgs Image or CompressedImage."""
    if hasattr(message, 'format'):
        return Payload(message.data, message.format, compressed=True)
    return Payload(message.data, message.encoding, message.height, message.width, message.step,
                   bool(message.is_bigendian))


def regions_of(detections: Any, camera: Camera, frame: int = 0) -> tuple[Region, ...]:
    """Boxes of a vision_msgs/Detection2DArray that reach into the image of number `frame`.

    They are named by class or else by id; one that is turned is put in an upright box.
    """
    regions = []
    for detection in detections.detections:
        region = _region_of(detection, frame)
        try:
            region.check_inside(camera.width, camera.height)
        except ValueError:
            continue
        regions.append(region)
    return tuple(regions)


def _region_of(detection: Any, frame: int) -> Region:
    best = max(detection.results, key=lambda result: result.hypothesis.score, default=None)
    name = best.hypothesis.class_id if best is not None else detection.id
    box = detection.bbox
    cos, sin = abs(math.cos(box.center.theta)), abs(math.sin(box.center.theta))
    half_x = (box.size_x * cos + box.size_y * sin) / 2
    half_y = (box.size_x * sin + box.size_y * cos) / 2
    x, y = box.center.position.x, box.center.position.y
    return Region(name, frame, box=(x - half_x, y - half_y, x + half_x, y + half_y),
                  score=best.hypothesis.score if best is not None else 1.0)


def class_map_of(info: Any) -> dict[int, str]:
    """Class number → name, of a vision_msgs/LabelInfo."""
    return {int(entry.class_id): entry.class_name for entry in info.class_map}
