from pathlib import Path

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
from stage import Stage
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray
from vision_msgs.msg import LabelInfo

from spatialclaw_ros.nodes.described import ParameterError
from spatialclaw_ros.nodes.player import Player
from spatialclaw_ros.nodes.simulator import Simulator
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.scene.encodings import color_to_rgb
from spatialclaw_ros.scene.encodings import depth_to_metres
from spatialclaw_ros.scene.encodings import labels_to_ids

DATA = Path(__file__).parents[1] / 'data'
TOPICS = {'image': Image, 'camera_info': CameraInfo, 'depth_registered': Image,
          'detections': Detection2DArray, 'labels': Image, 'label_info': LabelInfo}


class Audience:
    """Hears everything a camera node publishes."""

    def __init__(self, node, namespace):
        self.node, self.listener = node, Node('listener', namespace=namespace)
        self.heard = {topic: [] for topic in (*TOPICS, 'tf')}
        for topic, kind in TOPICS.items():
            self.listener.create_subscription(kind, f'camera/{topic}', self.heard[topic].append, 10)
        self.listener.create_subscription(TFMessage, '/tf', self.heard['tf'].append, 10)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(node)
        self.executor.add_node(self.listener)
        self.until(lambda: all(node.count_subscribers(f'{namespace}/camera/{topic}')
                               for topic in TOPICS))

    def until(self, condition):
        def turn():
            self.executor.spin_once(timeout_sec=0.01)
            return condition()
        Stage.wait(turn, 60.0)

    def close(self):
        self.executor.shutdown(timeout_sec=1)
        self.listener.destroy_node()
        self.node.destroy_node()


def parameters(values):
    return [Parameter(name, value=value) for name, value in values.items()]


@pytest.fixture
def audience():
    made = []

    def make(kind, namespace, **values):
        made.append(Audience(kind(namespace=namespace, parameter_overrides=parameters(values)),
                             namespace))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize('encoding, scene', [('32FC1', 'apc_shelf_bin'), ('16UC1', 'ycb_table_a')])
def test_a_step_publishes_one_frame_of_the_recording(audience, encoding, scene):
    hall = audience(Player, f'/play_{scene}', recording=str(DATA / scene), rate=0.0,
                    depth_encoding=encoding)
    recording = open_recording(DATA / scene)
    client = hall.listener.create_client(Trigger, 'spatialclaw_player/step')
    hall.until(client.service_is_ready)
    for index in recording.frame_indices:
        future = client.call_async(Trigger.Request())
        hall.until(lambda future=future: future.done() and len(hall.heard['image']) == len(
            hall.heard['depth_registered']) == len(hall.heard['camera_info']))
        assert future.result().message.startswith(f'frame {index} at ')
    hall.until(lambda: len(hall.heard['image']) == len(recording.frame_indices))
    wanted = recording.frame(index)
    image, depth = hall.heard['image'][-1], hall.heard['depth_registered'][-1]
    np.testing.assert_array_equal(color_to_rgb(
        image.data, image.encoding, image.height, image.width, image.step), wanted.image)
    assert depth.encoding == encoding
    np.testing.assert_allclose(
        depth_to_metres(depth.data, depth.encoding, depth.height, depth.width, depth.step),
        wanted.depth, atol=0.00051)
    assert image.header == depth.header
    assert hall.heard['camera_info'][-1].k[0] == wanted.camera.intrinsics['fx']
    assert not hall.heard['labels']
    if wanted.camera_to_world is None:
        assert not hall.heard['tf']
    else:
        [transform] = hall.heard['tf'][-1].transforms
        assert transform.header.stamp == image.header.stamp
        shift = transform.transform.translation
        np.testing.assert_allclose([shift.x, shift.y, shift.z], wanted.camera_to_world[:3, 3])
    future = client.call_async(Trigger.Request())
    hall.until(future.done)
    assert not future.result().success


def test_at_a_rate_it_begins_when_someone_looks(audience):
    hall = audience(Player, '/play_rate', recording=str(DATA / 'apc_shelf_bin'), rate=50.0,
                    frames='2,10')
    hall.until(lambda: len(hall.heard['image']) == 2)


def test_a_player_without_a_recording_says_so():
    with pytest.raises(ParameterError, match='recording'):
        Player(namespace='/play_nothing')


def test_the_simulator_publishes_labels_with_their_names(audience):
    hall = audience(Simulator, '/simulated', width=64, height=48, rate=5.0)
    hall.until(lambda: all(hall.heard[topic] for topic in (
        'image', 'camera_info', 'depth_registered', 'labels', 'label_info', 'tf')))
    labels = hall.heard['labels'][-1]
    ids = labels_to_ids(labels.data, labels.encoding, labels.height, labels.width, labels.step)
    names = {entry.class_id: entry.class_name for entry in hall.heard['label_info'][0].class_map}
    assert set(np.unique(ids)) - {0} <= set(names)
    assert len(hall.heard['label_info']) == 1
    assert hall.heard['tf'][-1].transforms[0].header.frame_id == 'world'
