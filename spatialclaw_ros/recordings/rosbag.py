"""Recordings of ROS 2 topics (sqlite3 or MCAP), read without ROS through `rosbags`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spatialclaw_ros.recordings.bag_index import BagIndex
from spatialclaw_ros.recordings.bag_index import Entry
from spatialclaw_ros.recordings.bag_index import index_bag
from spatialclaw_ros.recordings.bag_topics import CameraTopics
from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.scene import Region
from spatialclaw_ros.scene.calibration import camera_of
from spatialclaw_ros.scene.messages import payload_of
from spatialclaw_ros.scene.messages import regions_of

#: Depth, labels and detections belong to an image when their stamps are this close, seconds.
MATCH_SECONDS = 0.02
#: Error of recorded TF, which a bag does not state: metres, radians.
POSE_SIGMA = PoseSigma(0.005, 0.005)


@dataclass(frozen=True)
class _Shot:
    """One colour image of the bag: its camera, and where it is."""

    topics: CameraTopics
    entry: Entry


class BagSource:
    """Frames of every camera of a bag, numbered from 0 by their stamps; see Source.

    The world is the frame that all cameras hang from in TF: odom where there is one, never map.
    """

    def __init__(self, path: Path, index: BagIndex) -> None:
        """Read images of `path` as the index finds them."""
        self.name = path.stem if path.is_file() else path.name
        self._path, self._index = path, index
        self._shots = sorted(
            (_Shot(camera, entry) for camera in index.cameras
             for entry in index.entries[camera.image]),
            key=lambda shot: (shot.entry.stamp, shot.topics.name))
        self.world_frame = index.tree.world_of(
            {index.frame_ids[camera.image] for camera in index.cameras})
        self.up = np.array([0.0, 0.0, 1.0]) if self.world_frame else None

    @classmethod
    def open(cls, path: Path, cameras: tuple[CameraTopics, ...] = ()) -> BagSource:
        """Index the bag at `path`; `cameras` empty finds them by type and name.

        Raises RecordingError for a damaged bag, one without a camera, or without `rosbags`.
        """
        with _reader(path) as reader:
            return cls(path, index_bag(reader, path, cameras))

    @property
    def frame_indices(self) -> tuple[int, ...]:
        """0, 1, … in time order over all cameras."""
        return tuple(range(len(self._shots)))

    def load(self, index: int) -> Frame:
        """Decode frame `index` with what was recorded at its stamp."""
        shot = self._shots[index]
        with _reader(self._path) as reader:
            try:
                return self._frame(reader, index, shot)
            except ValueError as error:
                raise RecordingError(
                    f'{self._path}: frame {index}, {shot.topics.image}: {error}') from error

    def transform_to(self, target_frame: str, stamp: int) -> np.ndarray | None:
        """World to `target_frame` (4, 4) at `stamp`, ns; None where TF does not tell."""
        return self._index.tree.lookup(target_frame, self.world_frame, stamp)

    def frame_ids(self) -> tuple[str, ...]:
        """Names of TF's frames."""
        return self._index.tree.frames

    def detections(self, frame: Frame) -> tuple[Region, ...]:
        """Boxes recorded at the stamp of `frame` that reach into its image."""
        shot = self._shots[frame.index]
        if not shot.topics.detections:
            return ()
        with _reader(self._path) as reader:
            message = self._nearest(reader, shot.topics.detections, shot.entry.stamp)
        return () if message is None else regions_of(message, frame.camera, frame.index)

    def _frame(self, reader: Any, index: int, shot: _Shot) -> Frame:
        topics, stamp = shot.topics, shot.entry.stamp
        message = _message(reader, topics.image, shot.entry)
        image = payload_of(message).to_rgb()
        camera = self._camera(reader, shot, image)
        depth_message = self._nearest(reader, topics.depth, stamp)
        depth = None
        if depth_message is not None:
            if depth_message.header.frame_id != message.header.frame_id:
                raise ValueError(
                    f'depth on {topics.depth} is in frame {depth_message.header.frame_id!r}, the '
                    f'image in {message.header.frame_id!r}; register the depth to the colour '
                    'image first (depth_image_proc RegisterNode)')
            depth = payload_of(depth_message).to_metres()
        labels_message = self._nearest(reader, topics.labels, stamp)
        labels = None if labels_message is None else LabelImage(
            payload_of(labels_message).to_labels(), self._index.label_names)
        pose = None
        if self.world_frame:
            pose = self._index.tree.lookup(self.world_frame, camera.frame_id, stamp)
        return Frame(
            index=index, stamp=stamp, camera=camera, image=image, depth=depth,
            camera_to_world=pose, labels=labels,
            pose_sigma=PoseSigma() if pose is None else POSE_SIGMA)

    def _camera(self, reader: Any, shot: _Shot, image: np.ndarray) -> Camera:
        entries = self._index.entries[shot.topics.camera_info]
        info = _message(reader, shot.topics.camera_info, _closest(entries, shot.entry.stamp))
        camera = camera_of(info, shot.topics.name, shot.topics.rectified)
        if (camera.height, camera.width) != image.shape[:2]:
            raise ValueError(
                f'camera_info on {shot.topics.camera_info} is of {camera.width}x{camera.height} '
                f'pixels, the image has {image.shape[1]}x{image.shape[0]}')
        return camera

    def _nearest(self, reader: Any, topic: str, stamp: int) -> Any:
        """Message of `topic` that belongs to an image of `stamp`; None without."""
        entries = self._index.entries.get(topic, ())
        if not entries:
            return None
        entry = _closest(entries, stamp)
        near = abs(entry.stamp - stamp) <= MATCH_SECONDS * 1e9
        return _message(reader, topic, entry) if near else None


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.highlevel import AnyReaderError
        from rosbags.typesys import get_typestore
        from rosbags.typesys import Stores
    except ImportError as error:
        raise RecordingError(
            f'{path}: reading a bag needs the library rosbags: pip install rosbags') from error
    try:
        with AnyReader([path], default_typestore=get_typestore(Stores.LATEST)) as reader:
            yield reader
    except RecordingError:
        raise
    except (AnyReaderError, OSError, ValueError, KeyError, AssertionError) as error:
        raise RecordingError(
            f'{path}: the bag is damaged or incomplete ({error}); `ros2 bag reindex` may mend it'
        ) from error
    except Exception as error:
        if type(error).__module__.split('.')[0] not in ('sqlite3', 'rosbags', 'struct', 'zstandard',
                                                        'lz4', 'ruamel'):
            raise
        raise RecordingError(f'{path}: the bag cannot be read ({error})') from error


def _message(reader: Any, topic: str, entry: Entry) -> Any:
    connections = [c for c in reader.connections if c.topic == topic]
    found = list(reader.messages(connections, start=entry.logged, stop=entry.logged + 1))
    connection, _, data = found[min(entry.position, len(found) - 1)]
    return reader.deserialize(data, connection.msgtype)


def _closest(entries: tuple[Entry, ...], stamp: int) -> Entry:
    place = bisect_left([entry.stamp for entry in entries], stamp)
    around = entries[max(place - 1, 0):place + 1]
    return min(around, key=lambda entry: abs(entry.stamp - stamp))
