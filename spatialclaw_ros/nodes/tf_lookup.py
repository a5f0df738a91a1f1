"""Transforms at an image's own stamp, without ever blocking a callback."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
import time

from geometry_msgs.msg import Transform
import numpy as np
from rclpy.time import Time
from scipy.spatial.transform import Rotation
import tf2_ros

from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.nodes.stamps import NANOSECONDS
from spatialclaw_ros.nodes.stamps import nanoseconds
from spatialclaw_ros.scene.capture import Sighting


def matrix_of(transform: Transform) -> np.ndarray:
    """(4, 4) of a transform message."""
    matrix = np.eye(4)
    turn, shift = transform.rotation, transform.translation
    matrix[:3, :3] = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
    matrix[:3, 3] = shift.x, shift.y, shift.z
    return matrix


def lookup(buffer: tf2_ros.Buffer, target: str, source: str, stamp: int) -> np.ndarray:
    """(4, 4) that takes points in `source` to `target` at `stamp` (ns); never waits.

    Raises NoTransform naming both frames, the stamp, and how old the newest transform is.
    """
    try:
        found = buffer.lookup_transform(target, source, Time(nanoseconds=stamp))
    except tf2_ros.TransformException as error:
        raise NoTransform(
            f'no transform from {source!r} to {target!r} at {stamp / NANOSECONDS:.3f} s'
            f'{_age(buffer, target, source, stamp)}: {error}') from error
    return matrix_of(found.transform)


def moves(buffer: tf2_ros.Buffer, target: str, source: str, matrix: np.ndarray) -> bool:
    """Whether the newest transform from `source` to `target` differs from `matrix` (4, 4)."""
    try:
        newest = buffer.lookup_transform(target, source, Time())
    except tf2_ros.TransformException:
        return True
    return not np.allclose(matrix_of(newest.transform), matrix, atol=1e-6)


def _age(buffer: tf2_ros.Buffer, target: str, source: str, stamp: int) -> str:
    try:
        newest = buffer.lookup_transform(target, source, Time())
    except tf2_ros.TransformException:
        return ''
    behind = (stamp - nanoseconds(newest.header.stamp)) / NANOSECONDS
    if behind >= 0:
        return f' (the newest is {behind:.3f} s older than that)'
    return f' (the newest is {-behind:.3f} s younger; this one has left the buffer)'


class PoseWaiter:
    """Gives each sighting its camera's pose in `fixed_frame`, at the image's own stamp.

    A sighting whose transform is not there yet waits in a bounded list. One that has waited too
    long goes on without a pose and with the reason. With no `fixed_frame` none is looked up.
    """

    def __init__(self, buffer: tf2_ros.Buffer, fixed_frame: str, wait: float, queue: int,
                 sink: Callable[[Sighting, float], None]) -> None:
        """`wait` seconds on the steady clock, for at most `queue` sightings.

        `sink` is given the sighting and the seconds it has waited.
        """
        self._buffer, self._fixed_frame = buffer, fixed_frame
        self._wait, self._limit, self._sink = wait, queue, sink
        self._waiting: deque[tuple[float, Sighting]] = deque()

    def place(self, sighting: Sighting) -> None:
        """Hand on `sighting` with its pose, now or later."""
        if not self._fixed_frame:
            self._sink(sighting, 0.0)
            return
        self._waiting.append((time.monotonic() + self._wait, sighting))
        self.poll()

    def poll(self) -> None:
        """Try again for what waits; called when time passes."""
        now = time.monotonic()
        for _ in range(len(self._waiting)):
            deadline, sighting = self._waiting.popleft()
            waited = now - deadline + self._wait
            try:
                pose = lookup(self._buffer, self._fixed_frame, sighting.camera.frame_id,
                              sighting.stamp)
            except NoTransform as error:
                if now < deadline and len(self._waiting) < self._limit:
                    self._waiting.append((deadline, sighting))
                else:
                    self._sink(replace(sighting, pose_problem=str(error)), waited)
            else:
                self._sink(replace(sighting, camera_to_world=pose), waited)

    def flush(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
