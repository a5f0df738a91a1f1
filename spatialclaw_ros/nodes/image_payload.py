"""Image, label and detection messages as what the scene keeps of them."""

from __future__ import annotations

import math

from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Region
from spatialclaw_ros.scene.capture import Payload


def payload_of(message: Image | CompressedImage) -> Payload:
    """The bytes of an image message, not yet copied."""
    if isinstance(message, CompressedImage):
        return Payload(message.data, message.format, compressed=True)
    return Payload(message.data, message.encoding, message.height, message.width, message.step,
                   bool(message.is_bigendian))


def regions_of(detections: Detection2DArray, camera: Camera) -> tuple[Region, ...]:
    """Boxes of `detections` that reach into the image, named by class or else by id.

    Frame numbers are given later, with the image's own.
    """
    regions = []
    for detection in detections.detections:
        region = _region_of(detection)
        try:
            region.check_inside(camera.width, camera.height)
        except ValueError:
            continue
        regions.append(region)
    return tuple(regions)


def _region_of(detection: Detection2D) -> Region:
    best = max(detection.results, key=lambda result: result.hypothesis.score, default=None)
    name = best.hypothesis.class_id if best is not None else detection.id
    box = detection.bbox
    cos, sin = abs(math.cos(box.center.theta)), abs(math.sin(box.center.theta))
    half_x = (box.size_x * cos + box.size_y * sin) / 2
    half_y = (box.size_x * sin + box.size_y * cos) / 2
    x, y = box.center.position.x, box.center.position.y
    return Region(name, 0, box=(x - half_x, y - half_y, x + half_x, y + half_y),
                  score=best.hypothesis.score if best is not None else 1.0)


def class_map_of(info: LabelInfo) -> dict[int, str]:
    """Class number → name."""
    return {int(entry.class_id): entry.class_name for entry in info.class_map}
