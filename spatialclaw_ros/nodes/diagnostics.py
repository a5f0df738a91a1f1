"""What the server says of itself on /diagnostics, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_msgs.msg import KeyValue
from rclpy.node import Node

from spatialclaw_ros.nodes.input_counts import InputCounts
from spatialclaw_ros.scene.frame_ring import FrameRing

_OK, _WARN, _ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

#: What to do where depth comes, but not for every image.
_ROOM = ('images are lost between processes: give the middleware room, Fast DDS by '
         'FASTDDS_DEFAULT_PROFILES_FILE=…/spatialclaw_ros/config/fastdds_shm.xml in both')


class Diagnostics:
    """Turns counts into DiagnosticStatus; rates are those since the last report."""

    def __init__(self, node: Node) -> None:
        """Advertise /diagnostics."""
        self._node = node
        self._name = node.get_fully_qualified_name().lstrip('/')
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._before: dict[str, tuple[float, int, int, int]] = {}

    def publish(self, inputs: Sequence[InputCounts], ring: FrameRing,
                queries: Mapping[str, Any], newest_age: float | None) -> None:
        """One report; `newest_age` is the age of the newest frame in seconds, node's clock."""
        array = DiagnosticArray(status=[
            *(self._camera(counts) for counts in inputs),
            self._buffer(ring, newest_age), self._queries(queries)])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def close(self) -> None:
        """Take back what was advertised."""
        self._node.destroy_publisher(self._publisher)

    def _status(self, part: str, level: bytes, message: str,
                values: Mapping[str, Any]) -> DiagnosticStatus:
        return DiagnosticStatus(
            level=level, name=f'{self._name}: {part}', message=message, hardware_id=self._name,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])

    def _camera(self, counts: InputCounts) -> DiagnosticStatus:
        now, dropped = time.monotonic(), sum(counts.reasons.values())
        was, images, accepted, had_dropped = self._before.get(counts.camera, (now, 0, 0, 0))
        self._before[counts.camera] = now, counts.images, counts.accepted, dropped
        period = now - was
        rate = (counts.images - images) / period if period > 0 else 0.0
        kept = (counts.accepted - accepted) / period if period > 0 else 0.0
        level, message = _OK, f'{rate:.1f} Hz in, {kept:.1f} Hz kept'
        if dropped > had_dropped:
            level, message = _WARN, counts.summary()
            if counts.accepted and any(reason.startswith('no depth') for reason in counts.reasons):
                message = f'{message}; {_ROOM}'
        elif not counts.images:
            level, message = _WARN, 'no image received'
        if counts.last_pose_problem and counts.without_pose:
            level, message = _WARN, counts.last_pose_problem
        values = {
            'image rate (Hz)': f'{rate:.2f}', 'kept rate (Hz)': f'{kept:.2f}',
            'images': counts.images, 'kept': counts.accepted,
            'beyond buffer.rate': counts.thinned, 'dropped': dropped,
            'without pose': counts.without_pose,
            'stamp skew (ms)': f'{counts.skew / 1e6:.3f}',
            'TF wait (ms)': f'{counts.tf_wait * 1e3:.1f}'}
        values.update({f'dropped: {reason}': n for reason, n in counts.reasons.items()})
        values.update(counts.notes)
        return self._status(f'camera {counts.camera}', level, message, values)

    def _buffer(self, ring: FrameRing, newest_age: float | None) -> DiagnosticStatus:
        state = ring.state()
        age = 'none' if newest_age is None else f'{newest_age:.3f}'
        return self._status(
            'buffer', _OK if state.frames else _WARN,
            f'{state.frames} frames, {state.megabytes:.1f} MB, {state.seconds:.1f} s',
            {'frames': state.frames, 'MB': f'{state.megabytes:.3f}',
             'seconds': f'{state.seconds:.3f}', 'evicted': state.evicted,
             'age of newest (s)': age})

    def _queries(self, queries: Mapping[str, Any]) -> DiagnosticStatus:
        alive = bool(queries.get('kernel alive', True))
        return self._status('queries', _OK if alive else _ERROR,
                            'ready' if alive else 'the kernel nursery has died', queries)
