"""A client of the server for programs that are no nodes themselves, such as the command line."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
import json
from typing import Any

import rclpy
from rclpy.exceptions import InvalidNamespaceException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.validate_namespace import validate_namespace
from std_msgs.msg import String

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.spinning import start_ros

#: Cells of running queries, of a server that has its own name.
_CELLS = 'spatialclaw/query/cells'


@contextmanager
def asking(on_cell: Callable[[Mapping[str, Any]], None] | None = None, namespace: str = ''
           ) -> Iterator[SpatialClient]:
    """Give a client with ROS about it, while the block lasts.

    `namespace` is the server's; raises BadGoal where it cannot be one. `on_cell` hears of each
    cell before it runs: `goal_id`, `step`, `purpose`, `code`.
    """
    try:
        validate_namespace(f'/{namespace.strip("/")}')
    except InvalidNamespaceException as error:
        raise BadGoal(f'namespace {namespace!r}: {error}') from error
    # Its own handler would end ROS at Ctrl-C, before the goal could be cancelled.
    start_ros([], SignalHandlerOptions.NO)
    node = Node('spatial_client', namespace=namespace)
    if on_cell is not None:
        node.create_subscription(
            String, _CELLS, lambda message: on_cell(json.loads(message.data)), 10)
    client = SpatialClient(node)
    try:
        yield client
    finally:
        client.close()
        node.destroy_node()
        rclpy.try_shutdown()
