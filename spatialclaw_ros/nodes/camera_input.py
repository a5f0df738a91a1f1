"""One camera's topics: images with everything that belongs to their moment."""

from __future__ import annotations

from collections.abc import Callable
import re
import time
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from spatialclaw_ros.nodes.input_counts import InputCounts
from spatialclaw_ros.nodes.matching import Companion
from spatialclaw_ros.nodes.matching import Moment
from spatialclaw_ros.nodes.matching import StampMatcher
from spatialclaw_ros.nodes.parameters import CameraSettings
from spatialclaw_ros.nodes.parameters import Matching
from spatialclaw_ros.nodes.stamps import NANOSECONDS
from spatialclaw_ros.nodes.stamps import nanoseconds
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene.calibration import camera_of
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame_ring import RateGate
from spatialclaw_ros.scene.messages import class_map_of
from spatialclaw_ros.scene.messages import payload_of
from spatialclaw_ros.scene.messages import regions_of

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: An image this much older than the one before it tells that its source started anew.
_RESTART = NANOSECONDS
_REGISTER = ('register it to the colour image first (depth_image_proc RegisterNode, or the '
             "driver's align_depth)")


class CameraInput:
    """Subscribes to one camera and hands each usable moment to `sink` as a Sighting.

    What is not used is counted with its reason. Nothing is converted or copied here, and images
    beyond `rate` are left out before anything is done with them.
    """

    def __init__(self, node: Node, settings: CameraSettings, matching: Matching, rate: float,
                 sink: Callable[[Sighting], None], on_restart: Callable[[], None]) -> None:
        """Subscribe; `on_restart` is called when stamps jump back."""
        self.name = settings.name
        self.counts = InputCounts(settings.name)
        self._node, self._settings = node, settings
        self._sink, self._on_restart = sink, on_restart
        self._gate = RateGate(rate)
        self._newest = 0
        self._camera: tuple[Any, Camera] | None = None
        self._label_names = dict(settings.label_names)
        self._topics = {'camera_info': settings.camera_info}
        self._subscriptions: list[Subscription] = []
        companions = [Companion('camera_info', None, required=True)]
        slop = round(matching.slop * NANOSECONDS)
        for name, required in (('depth', True), ('labels', False), ('detections', False)):
            topic = getattr(settings, name)
            if topic:
                self._topics[name] = topic
                companions.append(Companion(name, slop if name == 'depth' else 0, required))
        self._matcher = StampMatcher(tuple(companions), matching.wait, matching.queue)
        self._subscribe()
        self._rectified = self._is_rectified()

    def close(self) -> None:
        """End the subscriptions."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        self._matcher.clear()

    def flush(self) -> None:
        """Forget what waits, as after a backward jump of the clock."""
        self._matcher.clear()
        self._gate.reset()
        self._newest = 0

    def poll(self) -> None:
        """Hand on what is complete, drop what has waited too long; called when time passes."""
        complete, dropped = self._matcher.ready(time.monotonic())
        for _, reason in dropped:
            self._drop(reason)
        for moment in complete:
            try:
                sighting = self._sighting(moment)
            except ValueError as error:
                self._drop(str(error))
                continue
            self.counts.accepted += 1
            self.counts.skew = moment.skew
            self._sink(sighting)

    def _subscribe(self) -> None:
        settings = self._settings
        compressed = settings.transport == 'compressed'
        self._listen(CompressedImage if compressed else Image,
                     settings.image + ('/compressed' if compressed else ''), self._on_image)
        for name, topic in self._topics.items():
            kind = {'camera_info': CameraInfo, 'detections': Detection2DArray}.get(name, Image)
            if name == 'depth' and settings.depth_transport == 'compressed':
                kind, topic = CompressedImage, f'{topic}/compressedDepth'
            self._listen(kind, topic, self._companion_callback(name))
        if settings.label_info:
            self._subscriptions.append(self._node.create_subscription(
                LabelInfo, settings.label_info, self._on_label_info, _LATCHED))

    def _listen(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        self._subscriptions.append(self._node.create_subscription(
            kind, topic, callback, qos_profile_sensor_data,
            qos_overriding_options=QoSOverridingOptions.with_default_policies()))

    def _is_rectified(self) -> bool:
        if self._settings.rectified is not None:
            return self._settings.rectified
        return re.search(r'(^|[/_])rect', self._subscriptions[0].topic_name) is not None

    def _companion_callback(self, name: str) -> Callable[[Any], None]:
        def receive(message: Any) -> None:
            self._matcher.add_companion(name, nanoseconds(message.header.stamp), message)
            self.poll()
        return receive

    def _on_label_info(self, message: LabelInfo) -> None:
        self._label_names = class_map_of(message)

    def _on_image(self, message: Image | CompressedImage) -> None:
        self.counts.images += 1
        stamp = nanoseconds(message.header.stamp)
        if stamp <= 0:
            self._drop('image without a stamp')
            return
        if stamp < self._newest - _RESTART:
            self._on_restart()
        self._newest = max(self._newest, stamp)
        if not self._gate.admits(stamp):
            self.counts.thinned += 1
            return
        for _, reason in self._matcher.add_image(stamp, message, time.monotonic()):
            self._drop(reason)
        self.poll()

    def _drop(self, reason: str) -> None:
        for name, topic in self._topics.items():
            if reason.startswith(f'no {name}'):
                reason = f'{reason} on {self._node.resolve_topic_name(topic)}'
        self.counts.drop(reason)

    def _sighting(self, moment: Moment) -> Sighting:
        partners = moment.partners
        camera = self._camera_of(partners['camera_info'])
        self._check_image(moment.message, camera)
        depth, labels = partners.get('depth'), partners.get('labels')
        if depth is not None:
            self._check_registered(depth, moment.message, camera, 'depth')
        if labels is not None:
            self._check_registered(labels, moment.message, camera, 'label image')
        detections = partners.get('detections')
        regions = () if detections is None else regions_of(detections, camera)
        if detections is not None and len(regions) < len(detections.detections):
            self.counts.notes['detections outside the image'] += (
                len(detections.detections) - len(regions))
        lost = [name for name in ('labels', 'detections')
                if name in self._topics and name not in partners]
        for name in lost:
            self.counts.notes[f'image without {name} of its stamp'] += 1
        nameless = bool(self._settings.label_info) and not self._label_names
        if nameless:
            self.counts.notes['image before its class map'] += 1
        return Sighting(
            moment.stamp, camera, payload_of(moment.message),
            None if depth is None else payload_of(depth),
            None if labels is None else payload_of(labels), self._label_names,
            regions, pose_sigma=self._settings.pose_sigma, noise=self._settings.noise,
            is_whole=not (lost or nameless))

    def _camera_of(self, info: CameraInfo) -> Camera:
        key = (info.header.frame_id, info.width, info.height, info.binning_x, info.binning_y,
               info.distortion_model, tuple(info.d), tuple(info.k), tuple(info.p),
               info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height)
        if self._camera is None or self._camera[0] != key:
            self._camera = key, camera_of(info, self.name, self._rectified)
        return self._camera[1]

    def _check_image(self, image: Image | CompressedImage, camera: Camera) -> None:
        if image.header.frame_id != camera.frame_id:
            raise ValueError(
                f'camera_info is of frame {camera.frame_id!r}, the image of '
                f'{image.header.frame_id!r}')
        if isinstance(image, Image) and (image.width, image.height) != (
                camera.width, camera.height):
            raise ValueError(
                f'camera_info is of {camera.width}x{camera.height} pixels, the image has '
                f'{image.width}x{image.height}; use the camera_info published beside this image')

    def _check_registered(self, other: Image | CompressedImage, image: Image | CompressedImage,
                          camera: Camera, what: str) -> None:
        if other.header.frame_id != image.header.frame_id:
            raise ValueError(
                f'{what} is in frame {other.header.frame_id!r}, the image in '
                f'{image.header.frame_id!r}; {_REGISTER}')
        if isinstance(other, Image) and (other.width, other.height) != (
                camera.width, camera.height):
            raise ValueError(
                f'{what} has {other.width}x{other.height} pixels, the image '
                f'{camera.width}x{camera.height}; {_REGISTER}')
