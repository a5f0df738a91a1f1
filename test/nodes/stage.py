"""What the tests of the nodes play on: server, camera, TF and client in one process."""

from contextlib import suppress
import itertools
import threading
import time

import cv2
from geometry_msgs.msg import TransformStamped
import numpy as np
import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster
from vision_msgs.msg import Detection2DArray

from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.camera_info import info_of
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.frame_publisher import depth_message
from spatialclaw_ros.nodes.frame_publisher import image_message
from spatialclaw_ros.nodes.server import SpatialServer
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.nodes.worker import Worker
from spatialclaw_ros.scene import Camera

SIZE = (24, 32)
MATRIX = np.array([[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]])
QUESTION = 'How far is a from b?'
CAMERA = Camera('camera', 'camera_optical', SIZE[1], SIZE[0], MATRIX)
_namespaces = itertools.count()


def distance_answer(value=0.5):
    return Answer(
        ErrorCode.NONE, f'{value:.3f}', 'measured', value=value, unit='m', std_dev=0.01,
        interval=Interval(value - 0.02, value + 0.02), evidence=(Distance(
            'a', 'b', 'CLOSEST', np.array([0.0, 0, 1]), np.array([value, 0, 1]), value,
            Sigma(0.01), Interval(value - 0.02, value + 0.02), np.diag([1e-4, 2e-4, 3e-4]),
            np.diag([1e-4, 2e-4, 3e-4])),), steps=2, sandbox='none: scripted')


class Scripted:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.answer = distance_answer()
        self.canceled = threading.Event()
        self.begun = threading.Event()
        self.play = None

    async def ask(self, question, window, _means, on_progress):
        self.asked.append((question, window))
        self.begun.set()
        if self.play is not None:
            try:
                return await self.play(question, window, on_progress)
            except BaseException:
                self.canceled.set()
                raise
        return self.answer

    def state(self):
        return {'kernel alive': True, 'sandbox': 'none: scripted'}


class Stage:
    """Server and camera are spun by a thread; the client spins itself."""

    def __init__(self, parameters):
        self.namespace = f'/stage{next(_namespaces)}'
        self.scripted = Scripted()
        self.worker = Worker()
        self.server = SpatialServer(
            self.worker, self.scripted, namespace=self.namespace,
            parameter_overrides=[Parameter(name, value=value) for name, value in {
                'max_wait': 3.0, 'buffer.rate': 0.0, **parameters}.items()])
        self.node = Node('driver', namespace=self.namespace)
        self.broadcaster = TransformBroadcaster(self.node)
        self._compressed = parameters.get('camera.camera.transport') == 'compressed'
        self.image = self.node.create_publisher(
            *((CompressedImage, 'camera/image/compressed') if self._compressed
              else (Image, 'camera/image')), 5)
        self.info = self.node.create_publisher(CameraInfo, 'camera/camera_info', 5)
        self.depth = self.node.create_publisher(
            *((CompressedImage, 'camera/depth_registered/compressedDepth') if self._compressed
              else (Image, 'camera/depth_registered')), 5)
        self.detections = self.node.create_publisher(Detection2DArray, 'camera/detections', 5)
        self.client = SpatialClient(namespace=self.namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.server)
        self._executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        assert self.server.trigger_configure().name == 'SUCCESS'
        assert self.server.trigger_activate().name == 'SUCCESS'
        self.wait(lambda: all(publisher.get_subscription_count() for publisher in (
            self.image, self.info)))

    def _spin(self):
        """Turn by turn; a turn fails on what a test destroys meanwhile."""
        while not self._stop.is_set() and rclpy.ok():
            with suppress(InvalidHandle):
                self._executor.spin_once(timeout_sec=0.02)

    @staticmethod
    def wait(condition, seconds=15.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, 'waited in vain'
            time.sleep(0.005)

    def change(self, transition):
        """Make a lifecycle transition between two callbacks, as the node's service does."""
        change = self._executor.create_task(getattr(self.server, f'trigger_{transition}'))
        self.wait(change.done)
        assert change.result().name == 'SUCCESS', transition

    def now(self):
        return self.node.get_clock().now().nanoseconds

    def see(self, stamp=None, info=True, depth=1.5, frame_id='camera_optical', camera=CAMERA,
            depth_size=SIZE, depth_frame='camera_optical', value=100):
        """Publish one moment; returns its stamp."""
        stamp = self.now() if stamp is None else stamp
        header = Header(stamp=time_message(stamp), frame_id=frame_id)
        if info:
            message = info_of(camera)
            message.header = header
            self.info.publish(message)
        if depth is not None:
            at = Header(stamp=header.stamp, frame_id=depth_frame)
            self.depth.publish(self._depth_message(at, np.full(depth_size, depth)))
        self.image.publish(self._image_message(header, np.full((*SIZE, 3), value, np.uint8)))
        return stamp

    def _image_message(self, header, pixels):
        if not self._compressed:
            return image_message(header, pixels, 'rgb8')
        return CompressedImage(header=header, format='rgb8; png compressed bgr8',
                               data=cv2.imencode('.png', pixels[:, :, ::-1])[1].tobytes())

    def _depth_message(self, header, depth):
        if not self._compressed:
            return depth_message(header, depth, '32FC1')
        millimetres = np.round(depth * 1000).astype(np.uint16)
        return CompressedImage(
            header=header, format='16UC1; compressedDepth png',
            data=bytes(12) + cv2.imencode('.png', millimetres)[1].tobytes())

    def place(self, stamp, matrix=None, parent='odom', child='camera_optical'):
        """Broadcast one transform."""
        self.broadcaster.sendTransform(TransformStamped(
            header=Header(stamp=time_message(stamp), frame_id=parent), child_frame_id=child,
            transform=convert.transform(np.eye(4) if matrix is None else matrix)))

    def counts(self):
        return self.server._inputs[0].counts

    def seen(self, count=1):
        """Wait until `count` frames are held."""
        self.wait(lambda: self.server._ring.state().frames >= count)

    def close(self):
        self.server.stop()
        self.client.close()
        self.worker.close()
        self._stop.set()
        self._thread.join(5)
        self._executor.shutdown(timeout_sec=1)
        self.server.destroy_node()
        self.node.destroy_node()
