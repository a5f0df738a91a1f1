"""The buffer of a node: waits for transforms, and is flushed when the node's clock jumps back."""

from __future__ import annotations

import time as steady

from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock
from rclpy.clock import JumpThreshold
from rclpy.clock import TimeJump
from rclpy.duration import Duration
import rclpy.logging
from rclpy.node import Node
from rclpy.time import Time

from .buffer_core import BufferCore

_NO_WAIT = Duration()


class Buffer(BufferCore):
    """
    Frames over the last `cache_time`.

    With `node` it watches that node's clock (sim time included), without one the system's.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        super().__init__(cache_time)
        self.clock = node.get_clock() if node is not None else Clock()
        threshold = JumpThreshold(
            min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self._jump_handle = self.clock.create_jump_callback(
            threshold, post_callback=self._on_time_jump)

    def can_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = _NO_WAIT,
    ) -> bool:
        """Say whether the transform can be given, waiting at most `timeout` until it can."""
        deadline = steady.monotonic() + timeout.nanoseconds * 1e-9
        with self._changed:
            while not self.can_transform_core(target_frame, source_frame, time)[0]:
                remaining = deadline - steady.monotonic()
                if remaining <= 0:
                    return False
                self._changed.wait(remaining)
        return True

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = _NO_WAIT,
    ) -> TransformStamped:
        """
        Return the transform that takes points in `source_frame` to `target_frame` at `time`.

        `Time()` means the latest common time. Waits at most `timeout` for it, then raises
        InvalidArgumentException, LookupException, ConnectivityException or
        ExtrapolationException.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def _on_time_jump(self, jump: TimeJump) -> None:
        del jump
        rclpy.logging.get_logger('tf2_buffer').warning('The clock jumped: flushing transforms.')
        self.clear()
