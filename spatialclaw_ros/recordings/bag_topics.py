"""Which topics of a bag make a camera: found by their types, names and frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import re

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
DETECTIONS = 'vision_msgs/msg/Detection2DArray'
LABEL_INFO = 'vision_msgs/msg/LabelInfo'
TF = 'tf2_msgs/msg/TFMessage'

_DEPTH_ENCODINGS = ('16UC1', '32FC1', 'mono16')
_LABELS = re.compile(r'label|segment|semantic|instance')


@dataclass(frozen=True)
class Topic:
    """A topic with what its first message tells: `frame_id` and, of an image, its encoding."""

    name: str
    type: str
    frame_id: str = ''
    encoding: str = ''

    @property
    def is_labels(self) -> bool:
        """Whether it holds a class per pixel, by its name and encoding."""
        return bool(_LABELS.search(self.name)) and self.encoding in (
            'mono8', '8UC1', '16UC1', 'mono16', '32SC1')

    @property
    def is_depth(self) -> bool:
        """Whether it holds depth."""
        if self.type == COMPRESSED:
            return 'compressedDepth' in self.encoding or self.encoding.startswith(_DEPTH_ENCODINGS)
        return self.encoding in _DEPTH_ENCODINGS and not self.is_labels

    @property
    def is_colour(self) -> bool:
        """Whether it holds colour or grey."""
        return self.type in (IMAGE, COMPRESSED) and not self.is_depth and not self.is_labels

    @property
    def namespace(self) -> str:
        """Name up to the last part; that of the raw topic for a compressed one."""
        name = re.sub(r'/(compressed|compressedDepth|theora)$', '', self.name)
        return name.rsplit('/', 1)[0]


@dataclass(frozen=True)
class CameraTopics:
    """Topics of one camera; '' for what it has not. `rectified` by the image's name."""

    name: str
    image: str
    camera_info: str
    depth: str = ''
    labels: str = ''
    label_info: str = ''
    detections: str = ''
    rectified: bool = False


def find_cameras(topics: Sequence[Topic]) -> list[CameraTopics]:
    """Cameras among `topics`: each namespace with a colour image and a camera_info.

    Of several images in one namespace the rectified one is taken, then the raw one. Depth and
    labels belong to the camera whose optical frame they are in; depth in another frame is taken
    only where nothing else is there, so that the reader can refuse it by name.
    """
    cameras = []
    for info in (topic for topic in topics if topic.type == CAMERA_INFO):
        images = sorted((t for t in topics if t.is_colour and t.namespace == info.namespace),
                        key=_preference)
        if not images:
            continue
        image = images[0]
        depth = sorted((t for t in topics if t.is_depth), key=lambda t: (
            t.frame_id != image.frame_id, t.type != IMAGE, not _is_registered(t), t.name))
        labels = [t for t in topics if t.is_labels and t.frame_id == image.frame_id]
        names = [t for t in topics if t.type == LABEL_INFO]
        boxes = [t for t in topics if t.type == DETECTIONS and t.frame_id in ('', image.frame_id)]
        cameras.append(CameraTopics(
            image.namespace.strip('/') or 'camera', image.name, info.name,
            depth[0].name if depth else '', labels[0].name if labels else '',
            names[0].name if names else '', boxes[0].name if boxes else '',
            _is_rectified(image.name)))
    return cameras


def _preference(topic: Topic) -> tuple[bool, bool, bool, str]:
    return (not _is_rectified(topic.name), topic.type != IMAGE, 'mono' in topic.name, topic.name)


def _is_rectified(name: str) -> bool:
    return re.search(r'(^|[/_])rect', name) is not None


def _is_registered(topic: Topic) -> bool:
    return re.search(r'aligned|registered', topic.name) is not None
