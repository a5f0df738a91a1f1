"""Frames as the topics of a camera: what a driver, a detector and TF would publish."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster
from vision_msgs.msg import BoundingBox2D
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo
from vision_msgs.msg import ObjectHypothesis
from vision_msgs.msg import ObjectHypothesisWithPose
from vision_msgs.msg import VisionClass

from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.camera_info import info_of
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import Region

DEPTH_ENCODINGS = ('32FC1', '16UC1')
_QOS = QoSProfile(depth=5)
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class FramePublisher:
    """Publishes frames of one camera under `name`/; the image comes last, when all else is out.

    Depth, labels and the pose are published where a frame has them, and only there; detections
    always, so that whoever waits for those of an image learns that there are none.
    """

    def __init__(self, node: Node, name: str, depth_encoding: str, world_frame: str) -> None:
        """Advertise the camera's topics; poses are broadcast as world_frame → camera."""
        self._node, self._name = node, name
        self._depth_encoding, self._world_frame = depth_encoding, world_frame
        self._image = node.create_publisher(Image, f'{name}/image', _QOS)
        self._info = node.create_publisher(CameraInfo, f'{name}/camera_info', _QOS)
        self._depth = node.create_publisher(Image, f'{name}/depth_registered', _QOS)
        self._detections = node.create_publisher(Detection2DArray, f'{name}/detections', _QOS)
        self._labels = node.create_publisher(Image, f'{name}/labels', _QOS)
        self._label_info = node.create_publisher(LabelInfo, f'{name}/label_info', _LATCHED)
        self._class_map: dict[int, str] | None = None
        self._broadcaster = TransformBroadcaster(node)

    @property
    def is_heard(self) -> bool:
        """Whether someone subscribes to image and camera_info."""
        return all(publisher.get_subscription_count() > 0
                   for publisher in (self._image, self._info))

    def publish(self, frame: Frame, stamp: int) -> None:
        """Publish everything of `frame` with `stamp`, ns."""
        header = Header(stamp=time_message(stamp), frame_id=frame.camera.frame_id)
        if frame.camera_to_world is not None:
            self._broadcaster.sendTransform(TransformStamped(
                header=Header(stamp=header.stamp, frame_id=self._world_frame),
                child_frame_id=frame.camera.frame_id,
                transform=convert.transform(frame.camera_to_world)))
        info = info_of(frame.camera)
        info.header = header
        self._info.publish(info)
        if frame.depth is not None:
            self._depth.publish(depth_message(header, frame.depth, self._depth_encoding))
        if frame.labels is not None:
            self._publish_labels(header, frame.labels)
        self._detections.publish(Detection2DArray(header=header, detections=[
            _detection(header, region) for region in frame.regions if region.box is not None]))
        self._image.publish(image_message(header, frame.image, 'rgb8'))

    def _publish_labels(self, header: Header, labels: LabelImage) -> None:
        if labels.names != self._class_map:
            self._class_map = dict(labels.names)
            self._label_info.publish(LabelInfo(header=header, threshold=0.5, class_map=[
                VisionClass(class_id=int(number), class_name=name)
                for number, name in labels.names.items()]))
        self._labels.publish(image_message(header, labels.ids.astype('<u2'), '16UC1'))


def image_message(header: Header, pixels: np.ndarray, encoding: str) -> Image:
    """Raw image of `pixels`, (H, W) or (H, W, channels), little-endian."""
    data = np.ascontiguousarray(pixels)
    return Image(header=header, height=data.shape[0], width=data.shape[1], encoding=encoding,
                 is_bigendian=0, step=data.strides[0], data=data.tobytes())


def depth_message(header: Header, depth: np.ndarray, encoding: str) -> Image:
    """Depth (H, W) metres as 32FC1, or as 16UC1 millimetres with 0 where there is no reading."""
    if encoding == '32FC1':
        return image_message(header, depth.astype('<f4', copy=False), encoding)
    with np.errstate(invalid='ignore'):
        millimetres = np.round(depth.astype(float) * 1000)
        readable = (millimetres >= 1) & (millimetres <= 65535)
    return image_message(header, np.where(readable, millimetres, 0).astype('<u2'), encoding)


def _detection(header: Header, region: Region) -> Detection2D:
    assert region.box is not None
    x1, y1, x2, y2 = region.box
    box: Any = BoundingBox2D(size_x=float(x2 - x1), size_y=float(y2 - y1))
    box.center.position.x, box.center.position.y = float(x1 + x2) / 2, float(y1 + y2) / 2
    hypothesis = ObjectHypothesis(class_id=region.name, score=float(region.score))
    return Detection2D(header=header, bbox=box, id=region.name,
                       results=[ObjectHypothesisWithPose(hypothesis=hypothesis)])
