"""What planners and RViz get on topics when a query ends."""

from dataclasses import replace

from geometry_msgs.msg import PoseArray
import numpy as np
import pytest
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import PointCloud2
from stage import distance_answer
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import Marker
from visualization_msgs.msg import MarkerArray

from spatialclaw_interfaces.msg import DistanceArray
from spatialclaw_interfaces.msg import FoundObjectArray
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.nodes.stamps import time_message

TOPICS = {'distances': DistanceArray, 'objects': FoundObjectArray, 'poses': PoseArray,
          'detections': Detection3DArray, 'markers': MarkerArray, 'object_points': PointCloud2,
          'annotated_image/compressed': CompressedImage}
BASE = np.eye(4)
BASE[:3, 3] = 1, 2, 3


def mug(frame, center):
    return Found('mug', np.array(center), np.array([0.1, 0.2, 0.3]), np.eye(3), np.full(3, 0.01),
                 np.diag([0.01, 0.04, 0.09, 1, 2, np.pi**2 / 3]),
                 np.array([center, [center[0] + 0.1, *center[1:]]]), 0.8, False, ('camera',),
                 (frame,), 0.9)


@pytest.fixture
def heard(stage):
    """Ask for two mugs in `base_link`, which `moves` or not: messages of every topic, and stamp."""
    def ask(moves):
        on = stage(fixed_frame='odom')
        messages = {topic: [] for topic in TOPICS}
        for topic, kind in TOPICS.items():
            on.node.create_subscription(kind, topic, messages[topic].append, 10)
            on.wait(lambda topic=topic: on.server.count_subscribers(
                f'{on.namespace}/{topic}') == 1)

        async def answer(_question, window, _tell):
            frame = window.newest.index
            return replace(distance_answer(), evidence=(
                *distance_answer().evidence, mug(frame, [1.0, 2, 5]), mug(frame, [2.0, 2, 5]),
                Position('rim', np.array([1.0, 2.0, 4.0]), np.eye(3))))

        on.scripted.play = answer
        stamp = on.now()
        on.place(stamp)
        on.place(stamp, BASE, child='base_link')
        if moves:
            on.place(stamp + 10**7, np.eye(4), child='base_link')
            on.wait(lambda: on.server._tf.can_transform(
                'odom', 'base_link', Time(nanoseconds=stamp + 10**7)))
        on.see(stamp)
        reply = on.client.ask('Where are the mugs?', target_frame='base_link')
        assert reply.is_answered, reply.message
        on.wait(lambda: all(messages.values()) and len(messages['markers']) >= 2)
        return {topic: list(found) for topic, found in messages.items()}, stamp
    return ask


def xyz(message):
    return [message.x, message.y, message.z]


def test_all_geometry_has_the_header_of_the_result(heard):
    messages, stamp = heard(False)
    deletion, markers = messages.pop('markers')
    assert deletion.markers[0].action == Marker.DELETEALL
    assert {marker.header.frame_id for marker in markers.markers} == {'base_link'}
    assert messages.pop('annotated_image/compressed')[0].header.frame_id == 'camera_optical'
    for topic, found in messages.items():
        assert found[0].header.frame_id == 'base_link', topic
        assert found[0].header.stamp == time_message(stamp), topic
    assert xyz(messages['distances'][0].distances[0].from_point) == [-1.0, -2.0, -2.0]
    poses = [xyz(pose.position) for pose in messages['poses'][0].poses]
    assert poses == [[0.0, 0.0, 2.0], [1.0, 0.0, 2.0], [0.0, 0.0, 1.0]]


def test_an_object_is_the_same_in_every_message(heard):
    messages, _ = heard(False)
    objects = messages['objects'][0].objects
    detections = messages['detections'][0].detections
    assert [found.id for found in objects] == ['mug', 'mug 2']
    assert [found.id for found in detections] == ['mug', 'mug 2']
    for found, detection in zip(objects, detections, strict=True):
        assert detection.bbox == found.bbox
        assert detection.results[0].hypothesis.class_id == found.name == 'mug'
        assert detection.results[0].pose == found.pose
        assert found.bbox.center == found.pose.pose
    cloud = messages['object_points'][0]
    rows = np.frombuffer(bytes(cloud.data), np.float32).reshape(-1, 4)
    assert [field.name for field in cloud.fields] == ['x', 'y', 'z', 'object']
    np.testing.assert_allclose(
        rows, [[0, 0, 2, 0], [0.1, 0, 2, 0], [1, 0, 2, 1], [1.1, 0, 2, 1]], atol=1e-6)


def test_planners_get_the_fixed_frame_while_the_target_moves(heard):
    messages, _ = heard(True)
    for topic in ('distances', 'objects', 'poses', 'detections', 'object_points'):
        assert messages[topic][0].header.frame_id == 'odom', topic
    assert xyz(messages['distances'][0].distances[0].from_point) == [0.0, 0.0, 1.0]
