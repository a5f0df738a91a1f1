"""Bags as real writers make them, read into frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.recordings import RecordingError

rosbags = pytest.importorskip('rosbags')
from rosbags.rosbag2 import StoragePlugin  # noqa: E402
from rosbags.rosbag2 import Writer  # noqa: E402
from rosbags.typesys import get_types_from_msg  # noqa: E402
from rosbags.typesys import get_typestore  # noqa: E402
from rosbags.typesys import Stores  # noqa: E402

MS = 1_000_000
START = 1_700_000_000_000_000_000
HEIGHT, WIDTH = 6, 8
VISION = {
    'vision_msgs/msg/Point2D': 'float64 x\nfloat64 y\n',
    'vision_msgs/msg/Pose2D': 'vision_msgs/Point2D position\nfloat64 theta\n',
    'vision_msgs/msg/BoundingBox2D': 'vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n',
    'vision_msgs/msg/ObjectHypothesis': 'string class_id\nfloat64 score\n',
    'vision_msgs/msg/ObjectHypothesisWithPose':
        'vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n',
    'vision_msgs/msg/Detection2D':
        'std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n'
        'vision_msgs/BoundingBox2D bbox\nstring id\n',
    'vision_msgs/msg/Detection2DArray':
        'std_msgs/Header header\nvision_msgs/Detection2D[] detections\n',
    'vision_msgs/msg/VisionClass': 'uint16 class_id\nstring class_name\n',
    'vision_msgs/msg/LabelInfo':
        'std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n',
}


class Bag:
    """Writes messages of one camera; every method adds one message."""

    def __init__(self, path: Path, plugin: StoragePlugin) -> None:
        self.store = get_typestore(Stores.ROS2_JAZZY)
        types = {}
        for name, text in VISION.items():
            types.update(get_types_from_msg(text, name))
        self.store.register(types)
        self.writer = Writer(path, version=9, storage_plugin=plugin)
        self.writer.open()
        self.connections = {}
        self.now = START

    def make(self, kind, **fields):
        return self.store.types[kind](**fields)

    def header(self, stamp, frame_id='optical'):
        time = self.make('builtin_interfaces/msg/Time', sec=stamp // 10**9, nanosec=stamp % 10**9)
        return self.make('std_msgs/msg/Header', stamp=time, frame_id=frame_id)

    def write(self, topic, kind, message):
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(
                topic, kind, typestore=self.store)
        self.now += MS
        self.writer.write(
            self.connections[topic], self.now, self.store.serialize_cdr(message, kind))

    def image(self, topic, stamp, pixels, encoding, frame_id='optical'):
        pixels = np.ascontiguousarray(pixels)
        self.write(topic, 'sensor_msgs/msg/Image', self.make(
            'sensor_msgs/msg/Image', header=self.header(stamp, frame_id), height=pixels.shape[0],
            width=pixels.shape[1], encoding=encoding, is_bigendian=0,
            step=pixels.strides[0], data=pixels.reshape(-1).view(np.uint8)))

    def compressed(self, topic, stamp, data, form):
        self.write(topic, 'sensor_msgs/msg/CompressedImage', self.make(
            'sensor_msgs/msg/CompressedImage', header=self.header(stamp), format=form,
            data=np.frombuffer(data, np.uint8)))

    def info(self, topic, stamp, width=WIDTH, distortion=(0.1, 0, 0, 0, 0)):
        roi = self.make('sensor_msgs/msg/RegionOfInterest', x_offset=0, y_offset=0, height=0,
                        width=0, do_rectify=False)
        k = np.array([9.0, 0, 4, 0, 9, 3, 0, 0, 1])
        p = np.array([8.0, 0, 4, 0, 0, 8, 3, 0, 0, 0, 1, 0])
        self.write(topic, 'sensor_msgs/msg/CameraInfo', self.make(
            'sensor_msgs/msg/CameraInfo', header=self.header(stamp), height=HEIGHT, width=width,
            distortion_model='plumb_bob', d=np.array(distortion, float), k=k, r=np.eye(3).ravel(),
            p=p, binning_x=0, binning_y=0, roi=roi))

    def transform(self, stamp, parent, child, x, yaw=0.0, static=False):
        vector = self.make('geometry_msgs/msg/Vector3', x=float(x), y=0.0, z=1.0)
        turn = self.make('geometry_msgs/msg/Quaternion', x=0.0, y=0.0,
                         z=float(np.sin(yaw / 2)), w=float(np.cos(yaw / 2)))
        item = self.make('geometry_msgs/msg/TransformStamped', header=self.header(stamp, parent),
                         child_frame_id=child, transform=self.make(
                             'geometry_msgs/msg/Transform', translation=vector, rotation=turn))
        self.write('/tf_static' if static else '/tf', 'tf2_msgs/msg/TFMessage',
                   self.make('tf2_msgs/msg/TFMessage', transforms=[item]))

    def detections(self, topic, stamp):
        pose = self.make(
            'geometry_msgs/msg/PoseWithCovariance', covariance=np.zeros(36), pose=self.make(
                'geometry_msgs/msg/Pose',
                position=self.make('geometry_msgs/msg/Point', x=0.0, y=0.0, z=0.0),
                orientation=self.make('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0)))
        result = self.make(
            'vision_msgs/msg/ObjectHypothesisWithPose', pose=pose, hypothesis=self.make(
                'vision_msgs/msg/ObjectHypothesis', class_id='mug', score=0.75))
        inside, outside = (self.make(
            'vision_msgs/msg/Detection2D', header=self.header(stamp), results=[result], id='',
            bbox=self.make(
                'vision_msgs/msg/BoundingBox2D', size_x=4.0, size_y=2.0, center=self.make(
                    'vision_msgs/msg/Pose2D', theta=0.0, position=self.make(
                        'vision_msgs/msg/Point2D', x=x, y=3.0)))) for x in (4.0, 400.0))
        self.write(topic, 'vision_msgs/msg/Detection2DArray', self.make(
            'vision_msgs/msg/Detection2DArray', header=self.header(stamp),
            detections=[inside, outside]))

    def label_info(self, topic):
        entry = self.make('vision_msgs/msg/VisionClass', class_id=5, class_name='mug')
        self.write(topic, 'vision_msgs/msg/LabelInfo', self.make(
            'vision_msgs/msg/LabelInfo', header=self.header(START), class_map=[entry],
            threshold=0.5))


def colour(value):
    image = np.full((HEIGHT, WIDTH, 3), value, np.uint8)
    image[0, 0] = 10, 20, 30
    return image


def depth(value):
    return np.full((HEIGHT, WIDTH), value, np.float32)


@pytest.fixture(params=[StoragePlugin.SQLITE3, StoragePlugin.MCAP], ids=['sqlite3', 'mcap'])
def path(request, tmp_path):
    """Two images with depth 5 ms late, TF at 0 and 100 ms, labels, detections."""
    bag = Bag(tmp_path / 'drive', request.param)
    bag.transform(START, 'base', 'optical', 0.5, static=True)
    bag.label_info('/cam/label_info')
    for i, at in enumerate((START, START + 50 * MS)):
        bag.image('/cam/image_raw', at, colour(100 + i), 'rgb8')
        bag.info('/cam/camera_info', at)
        bag.image('/cam/depth/image', at + 5 * MS, depth(1 + i), '32FC1')
        bag.image('/cam/labels', at, np.full((HEIGHT, WIDTH), 5, np.uint8), 'mono8')
        bag.detections('/cam/detections', at)
    bag.transform(START, 'odom', 'base', 0.0)
    bag.transform(START, 'map', 'odom', 7.0)
    bag.transform(START + 100 * MS, 'map', 'odom', 8.0)
    bag.transform(START + 100 * MS, 'odom', 'base', 1.0, yaw=np.pi / 2)
    bag.writer.close()
    return tmp_path / 'drive'


def test_frames_with_depth_labels_and_detections(path):
    recording = open_recording(path)
    assert recording.frame_indices == (0, 1)
    window = recording.window()
    frame = window.at(1)
    assert frame.stamp == START + 50 * MS
    assert frame.image[0, 0].tolist() == [10, 20, 30] and frame.image[3, 3, 0] == 101
    np.testing.assert_allclose(frame.depth, 2.0)
    assert frame.labels.names == {5: 'mug'} and (frame.labels.ids == 5).all()
    region, = frame.regions
    assert (region.name, region.frame, region.box) == ('mug', 1, (2, 2, 6, 4))
    assert region.score == 0.75
    assert frame.camera.name == 'cam' and frame.camera.frame_id == 'optical'
    assert frame.camera.matrix[0, 0] == 9 and frame.camera.is_distorted


def test_the_world_is_odom_and_poses_are_interpolated(path):
    window = open_recording(path).window()
    assert window.world_frame == 'odom'
    np.testing.assert_allclose(window.up, [0, 0, 1])
    np.testing.assert_allclose(window.at(0).camera_to_world[:3, 3], [0.5, 0, 2], atol=1e-9)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(window.at(1).camera_to_world[:3, 3],
                               [0.5 + 0.5 * half, 0.5 * half, 2], atol=1e-9)
    np.testing.assert_allclose(window.at(1).camera_to_world[:3, 0], [half, half, 0], atol=1e-9)


def test_recorded_frames_are_targets(path):
    recording = open_recording(path)
    window = recording.window([0], target_frame='base')
    np.testing.assert_allclose(window.world_to_target[:3, 3], [0, 0, -1], atol=1e-9)
    with pytest.raises(NoTransform, match=r"'gripper'.*base.*map"):
        recording.window(target_frame='gripper')


def test_given_regions_replace_recorded_ones(path):
    from spatialclaw_ros.scene import Region
    window = open_recording(path).window([0], [Region('cup', 0, (1, 1, 3, 3))])
    assert [region.name for region in window.frames[0].regions] == ['cup']


def test_a_single_file_is_enough(path):
    file, = [f for f in path.iterdir() if f.suffix in ('.db3', '.mcap')]
    assert open_recording(file).window([0]).frames[0].depth[0, 0] == 1


def test_rectified_images_are_preferred_and_use_p(tmp_path):
    bag = Bag(tmp_path / 'bag', StoragePlugin.MCAP)
    bag.image('/cam/image_raw', START, colour(1), 'rgb8')
    bag.image('/cam/image_rect_color', START, colour(2), 'bgr8')
    bag.info('/cam/camera_info', START)
    bag.writer.close()
    frame, = open_recording(tmp_path / 'bag').window().frames
    assert frame.image[0, 0].tolist() == [30, 20, 10]
    assert frame.camera.matrix[0, 0] == 8 and not frame.camera.is_distorted
    assert frame.depth is None and frame.camera_to_world is None


def test_compressed_colour_and_millimetre_depth(tmp_path):
    import cv2
    bag = Bag(tmp_path / 'bag', StoragePlugin.MCAP)
    data = cv2.imencode('.png', colour(50)[:, :, ::-1])[1].tobytes()
    bag.compressed('/cam/image_raw/compressed', START, data, 'rgb8; png compressed')
    bag.info('/cam/camera_info', START)
    bag.image('/depth/image_raw', START, np.array([[0, 1500] * 4] * 6, np.uint16), '16UC1')
    bag.writer.close()
    frame, = open_recording(tmp_path / 'bag').window().frames
    assert frame.image[0, 0].tolist() == [10, 20, 30]
    assert np.isnan(frame.depth[0, 0]) and frame.depth[0, 1] == pytest.approx(1.5)


class TestBad:

    def bag(self, tmp_path, depth_frame='optical', depth_late=0, width=WIDTH, info=True):
        bag = Bag(tmp_path / 'bag', StoragePlugin.SQLITE3)
        bag.image('/cam/image_raw', START, colour(1), 'rgb8')
        if info:
            bag.info('/cam/camera_info', START, width)
        bag.image('/cam/depth', START + depth_late * MS, depth(1), '32FC1', depth_frame)
        bag.writer.close()
        return tmp_path / 'bag'

    def test_depth_in_another_frame(self, tmp_path):
        with pytest.raises(RecordingError, match=r"'depth_optical'.*register"):
            open_recording(self.bag(tmp_path, 'depth_optical')).window()

    def test_depth_of_another_moment_is_no_depth(self, tmp_path):
        window = open_recording(self.bag(tmp_path, depth_late=200)).window()
        assert window.frames[0].depth is None

    def test_camera_info_of_another_size(self, tmp_path):
        with pytest.raises(RecordingError, match='camera_info on /cam/camera_info is of 9x6'):
            open_recording(self.bag(tmp_path, width=9)).window()

    def test_no_camera_info(self, tmp_path):
        with pytest.raises(RecordingError, match=r'no camera.*/cam/image_raw'):
            open_recording(self.bag(tmp_path, info=False))

    def test_truncated(self, tmp_path):
        folder = self.bag(tmp_path)
        file = next(folder.glob('*.db3'))
        file.write_bytes(file.read_bytes()[:300])
        with pytest.raises(RecordingError, match=r'damaged|cannot be read'):
            open_recording(folder).window()

    def test_missing_file(self, tmp_path):
        folder = self.bag(tmp_path)
        next(folder.glob('*.db3')).unlink()
        with pytest.raises(RecordingError, match=r'damaged|cannot be read'):
            open_recording(folder).window()
