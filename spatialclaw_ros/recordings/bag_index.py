"""What a bag holds and where, found in one pass over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import struct
from typing import Any

from spatialclaw_ros.recordings.bag_topics import CAMERA_INFO
from spatialclaw_ros.recordings.bag_topics import CameraTopics
from spatialclaw_ros.recordings.bag_topics import COMPRESSED
from spatialclaw_ros.recordings.bag_topics import DETECTIONS
from spatialclaw_ros.recordings.bag_topics import find_cameras
from spatialclaw_ros.recordings.bag_topics import IMAGE
from spatialclaw_ros.recordings.bag_topics import LABEL_INFO
from spatialclaw_ros.recordings.bag_topics import TF
from spatialclaw_ros.recordings.bag_topics import Topic
from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.recordings.transforms import pose_matrix
from spatialclaw_ros.recordings.transforms import TransformTree
from spatialclaw_ros.scene.messages import class_map_of

_STAMPED = (IMAGE, COMPRESSED, CAMERA_INFO, DETECTIONS)


@dataclass(frozen=True, order=True)
class Entry:
    """A message: its header's `stamp`, ns, when it was `logged`, ns, and its place among equals."""

    stamp: int
    logged: int
    position: int = 0


@dataclass(frozen=True, eq=False)
class BagIndex:
    """Cameras of a bag, entries of their topics by stamp, transforms and the class map."""

    cameras: tuple[CameraTopics, ...]
    entries: Mapping[str, tuple[Entry, ...]]
    frame_ids: Mapping[str, str]
    tree: TransformTree
    label_names: dict[int, str]


def index_bag(reader: Any, path: Path, cameras: tuple[CameraTopics, ...]) -> BagIndex:
    """Index of an open `reader`; raises RecordingError where no camera is found in it."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    topics: dict[str, Topic] = {}
    logged_before: dict[tuple[str, int], int] = defaultdict(int)
    tree, label_names = TransformTree(), {}
    wanted = [c for c in reader.connections if c.msgtype in (*_STAMPED, TF, LABEL_INFO)]
    for connection, logged, data in reader.messages(wanted) if wanted else ():
        name, kind = connection.topic, connection.msgtype
        if kind == TF:
            _add_transforms(tree, reader.deserialize(data, kind), name.endswith('tf_static'))
            continue
        if kind == LABEL_INFO:
            label_names.update(class_map_of(reader.deserialize(data, kind)))
            topics.setdefault(name, Topic(name, kind))
            continue
        if name not in topics:
            topics[name] = _described(reader.deserialize(data, kind), name, kind)
        position = logged_before[name, logged]
        logged_before[name, logged] += 1
        entries[name].append(Entry(_stamp(data), logged, position))
    tree.finish()
    cameras = cameras or tuple(find_cameras(list(topics.values())))
    _check(cameras, topics, path)
    return BagIndex(cameras, {name: tuple(sorted(found)) for name, found in entries.items()},
                    {name: topic.frame_id for name, topic in topics.items()}, tree, label_names)


def _check(cameras: tuple[CameraTopics, ...], topics: Mapping[str, Topic], path: Path) -> None:
    if not cameras:
        known = ', '.join(sorted(f'{t.name} ({t.type})' for t in topics.values())) or 'none'
        raise RecordingError(
            f'{path}: no camera: an image topic needs a camera_info beside it in its namespace; '
            f'the topics are: {known}')
    for camera in cameras:
        absent = [name for name in (camera.image, camera.camera_info) if name not in topics]
        if absent:
            raise RecordingError(
                f'{path}: no message on {" or ".join(absent)}; topics: {", ".join(sorted(topics))}')


def _described(message: Any, name: str, kind: str) -> Topic:
    encoding = getattr(message, 'encoding', '') or getattr(message, 'format', '')
    return Topic(name, kind, message.header.frame_id, encoding)


def _stamp(data: Any) -> int:
    """Nanoseconds of the stamp a CDR message begins with (after 4 bytes that tell byte order)."""
    seconds, nanoseconds = struct.unpack('<iI' if data[1] == 1 else '>iI', bytes(data[4:12]))
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def _add_transforms(tree: TransformTree, message: Any, static: bool) -> None:
    for item in message.transforms:
        moved, turned = item.transform.translation, item.transform.rotation
        stamp = item.header.stamp.sec * 1_000_000_000 + item.header.stamp.nanosec
        tree.add(item.header.frame_id, item.child_frame_id, stamp,
                 pose_matrix((moved.x, moved.y, moved.z), (turned.x, turned.y, turned.z, turned.w)),
                 static)
