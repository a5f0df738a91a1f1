"""Spin until Ctrl-C or shutdown, and end within a second or two with nothing left running."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import sys
import tempfile

import rclpy
from rclpy.action.server import RCLError
from rclpy.executors import ExternalShutdownException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from spatialclaw_ros.nodes.described import ParameterError

#: Longest wait of one turn, seconds; a signal is noticed within it.
_TURN = 0.5


def start_ros(arguments: Sequence[str] | None,
              signals: SignalHandlerOptions = SignalHandlerOptions.ALL) -> None:
    """Start rclpy with `arguments`, None for the command line's.

    Raises ParameterError for what ROS cannot read. Starts where neither HOME nor ROS_LOG_DIR is
    set, too.
    """
    if 'HOME' not in os.environ and 'ROS_LOG_DIR' not in os.environ:
        os.environ['ROS_LOG_DIR'] = str(Path(tempfile.gettempdir()) / 'ros_log')
    try:
        rclpy.init(args=None if arguments is None else list(arguments),
                   signal_handler_options=signals)
    except RuntimeError as error:  # rclpy's errors of arguments have this in common
        raise ParameterError(f'ROS cannot start with these arguments: {error}') from error


@contextmanager
def until_shut_down() -> Iterator[None]:
    """End the block quietly where the context is shut down (Ctrl-C, SIGTERM) while it runs."""
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RCLError:
        if rclpy.ok():
            raise


def spin(node: Node) -> None:
    """Run callbacks of `node` until the context is shut down (Ctrl-C, SIGTERM)."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        with until_shut_down():
            while rclpy.ok():
                executor.spin_once(timeout_sec=_TURN)
    finally:
        executor.remove_node(node)
        executor.shutdown(timeout_sec=_TURN)


def run(make: Callable[[], Node], name: str, arguments: Sequence[str] | None,
        *refusals: type[Exception]) -> int:
    """Make a node and spin it until Ctrl-C; the exit status.

    1 when a parameter cannot be used, or making it raises one of `refusals`: told on stderr
    under `name`. `arguments` are as for `start_ros`.
    """
    refused: tuple[type[Exception], ...] = (ParameterError, *refusals)
    try:
        with until_shut_down():
            start_ros(arguments)
            node = make()
            try:
                spin(node)
            finally:
                node.destroy_node()
    except refused as error:
        print(f'spatialclaw {name}: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0
