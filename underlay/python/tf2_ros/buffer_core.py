"""The tree of frames, and transforms looked up in it; knows no node and no topic."""

from __future__ import annotations

from collections.abc import Container
import threading

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.duration import Duration
import rclpy.logging
from rclpy.time import Time
from scipy.spatial.transform import Rotation

from .exceptions import ConnectivityException
from .exceptions import ExtrapolationException
from .exceptions import InvalidArgumentException
from .exceptions import LookupException
from .exceptions import TransformException
from .frame_history import MovingFrame
from .frame_history import Sample
from .frame_history import StaticFrame


class BufferCore:
    """Frames over the last `cache_time` (10 s unless told otherwise); safe between threads."""

    def __init__(self, cache_time: Duration | None = None) -> None:
        self._cache_time = (cache_time or Duration(seconds=10)).nanoseconds
        self._frames: dict[str, MovingFrame | StaticFrame] = {}
        self._names: set[str] = set()
        # Held for every read and write of the tree; notified when there is new data.
        self._changed = threading.Condition(threading.RLock())

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add the pose of `transform.child_frame_id` in `transform.header.frame_id`."""
        self._insert(transform, authority, static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Set a pose that holds at all times."""
        self._insert(transform, authority, static=True)

    def clear(self) -> None:
        """Forget everything but static transforms and the names of frames."""
        with self._changed:
            for frame in self._frames.values():
                frame.clear()

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the newest time at which both frames are known; 0 where all is static."""
        with self._changed:
            return Time(nanoseconds=self._latest_common_time(target_frame, source_frame))

    def can_transform_core(
        self, target_frame: str, source_frame: str, time: Time,
    ) -> tuple[bool, str]:
        """Say whether lookup_transform_core would succeed, and if not, why."""
        try:
            self.lookup_transform_core(target_frame, source_frame, time)
        except TransformException as error:
            return False, str(error)
        return True, ''

    def lookup_transform_core(
        self, target_frame: str, source_frame: str, time: Time,
    ) -> TransformStamped:
        """
        Return the transform that takes points in `source_frame` to `target_frame` at `time`.

        Raises InvalidArgumentException, LookupException, ConnectivityException or
        ExtrapolationException.
        """
        with self._changed:
            stamp = time.nanoseconds
            if target_frame == source_frame:
                known = self._frames.get(target_frame)
                latest = known.latest() if known else None
                return _message(
                    target_frame, source_frame, stamp or (latest.stamp if latest else 0),
                    np.zeros(3), Rotation.identity())
            self._check_known(target_frame, 'target_frame')
            self._check_known(source_frame, 'source_frame')
            stamp = stamp or self._latest_common_time(target_frame, source_frame)
            return _message(
                target_frame, source_frame, stamp,
                *self._transform(target_frame, source_frame, stamp))

    def _insert(self, transform: TransformStamped, authority: str, static: bool) -> None:
        parent = transform.header.frame_id.removeprefix('/')
        child = transform.child_frame_id.removeprefix('/')
        shift, turn = transform.transform.translation, transform.transform.rotation
        translation = np.array([shift.x, shift.y, shift.z])
        quaternion = np.array([turn.x, turn.y, turn.z, turn.w])
        fault = _fault(parent, child, translation, quaternion)
        if fault:
            rclpy.logging.get_logger('tf2_buffer').error(
                f'ignoring the transform of "{child}" in "{parent}" from {authority}: {fault}')
            return
        stamp = Time.from_msg(transform.header.stamp).nanoseconds
        with self._changed:
            frame = self._frames.get(child)
            if not isinstance(frame, StaticFrame if static else MovingFrame):
                frame = StaticFrame() if static else MovingFrame(self._cache_time)
                self._frames[child] = frame
            self._names |= {parent, child}
            kept = frame.insert(
                Sample(stamp, parent, translation, Rotation.from_quat(quaternion)))
            self._changed.notify_all()
        if not kept:
            rclpy.logging.get_logger('tf2_buffer').warning(
                f'ignoring the transform of "{child}" in "{parent}" from {authority}: it is '
                f'older than the buffer reaches back', throttle_duration_sec=2.5)

    def _check_known(self, frame: str, role: str) -> None:
        if not frame or frame.startswith('/'):
            raise InvalidArgumentException(
                f'{role} "{frame}": the name of a frame is not empty and starts with no slash')
        if frame not in self._names:
            raise LookupException(
                f'{role} "{frame}" does not exist; known: '
                f'{", ".join(sorted(self._names)) or "none"}')

    def _latest_common_time(self, target: str, source: str) -> int:
        """Return the oldest of the newest stamps along the way, nanoseconds; 0: all static."""
        source_stamps = self._latest_to_root(source)
        target_stamps = self._latest_to_root(target)
        meeting = next((frame for frame in target_stamps if frame in source_stamps), None)
        if meeting is None:
            raise _not_connected(target, source)
        stamps = [*_until(source_stamps, meeting), *_until(target_stamps, meeting)]
        return min((stamp for stamp in stamps if stamp), default=0)

    def _latest_to_root(self, frame: str) -> dict[str, int]:
        """Map each frame from `frame` to the root to its newest stamp."""
        stamps: dict[str, int] = {}
        while True:
            known = self._frames.get(frame)
            sample = known.latest() if known else None
            stamps[frame] = sample.stamp if sample else 0
            if sample is None:
                return stamps
            frame = sample.parent
            _check_no_loop(frame, stamps)

    def _transform(self, target: str, source: str, stamp: int) -> tuple[np.ndarray, Rotation]:
        """Compose the way from `source` up to the first common ancestor and down to `target`."""
        source_poses, source_gap = self._poses_to_root(source, stamp)
        target_poses, target_gap = self._poses_to_root(target, stamp)
        meeting = next((frame for frame in target_poses if frame in source_poses), None)
        if meeting is None:
            gap = target_gap or source_gap
            if gap is None:
                raise _not_connected(target, source)
            raise ExtrapolationException(f'no transform from "{source}" to "{target}": {gap}')
        source_translation, source_rotation = source_poses[meeting]
        target_translation, target_rotation = target_poses[meeting]
        inverse = target_rotation.inv()
        return (
            inverse.apply(source_translation - target_translation), inverse * source_rotation)

    def _poses_to_root(
        self, frame: str, stamp: int,
    ) -> tuple[dict[str, tuple[np.ndarray, Rotation]], str | None]:
        """
        Return the pose of `frame` in itself and each of its ancestors, nearest first.

        The second value says why the walk ended before the root, None where it did not.
        """
        translation, rotation = np.zeros(3), Rotation.identity()
        poses = {frame: (translation, rotation)}
        while (known := self._frames.get(frame)) is not None:
            try:
                sample = known.at(stamp)
            except ExtrapolationException as error:
                return poses, f'frame "{frame}": {error}'
            translation = sample.rotation.apply(translation) + sample.translation
            rotation = sample.rotation * rotation
            frame = sample.parent
            _check_no_loop(frame, poses)
            poses[frame] = (translation, rotation)
        return poses, None


def _until(stamps: dict[str, int], meeting: str) -> list[int]:
    """Return the stamps of the frames below `meeting`."""
    frames = list(stamps)
    return [stamps[frame] for frame in frames[:frames.index(meeting)]]


def _check_no_loop(frame: str, passed: Container[str]) -> None:
    if frame in passed:
        raise LookupException(f'the tree of frames contains a loop through "{frame}"')


def _not_connected(target: str, source: str) -> ConnectivityException:
    return ConnectivityException(
        f'"{target}" and "{source}" are not connected: they are in separate trees of frames')


def _fault(parent: str, child: str, translation: np.ndarray, quaternion: np.ndarray) -> str:
    """Say why a transform cannot be taken; empty where it can."""
    if not parent or not child:
        return 'a frame has no name'
    if parent == child:
        return 'a frame cannot be its own parent'
    if np.isnan(translation).any() or not np.isfinite(quaternion).all():
        return f'NaN or infinity in translation {translation} or rotation {quaternion}'
    if not quaternion.any():
        return 'the quaternion is zero, which is no rotation'
    return ''


def _message(
    target: str, source: str, stamp: int, translation: np.ndarray, rotation: Rotation,
) -> TransformStamped:
    message = TransformStamped()
    message.header.frame_id = target
    message.header.stamp = Time(nanoseconds=stamp).to_msg()
    message.child_frame_id = source
    shift, turn = message.transform.translation, message.transform.rotation
    shift.x, shift.y, shift.z = (float(v) for v in translation)
    turn.x, turn.y, turn.z, turn.w = (float(v) for v in rotation.as_quat())
    return message
