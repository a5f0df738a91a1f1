"""Publish transforms that hold at all times."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from rclpy.qos import QoSProfile
from tf2_msgs.msg import TFMessage

from .transform_broadcaster import as_list


class StaticTransformBroadcaster:
    """Sends on /tf_static, transient local: who listens later gets everything sent before."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos)
        self._sent: dict[str, TransformStamped] = {}

    def sendTransform(  # noqa: N802  (tf2's name)
        self, transform: TransformStamped | Iterable[TransformStamped],
    ) -> None:
        """Send one transform or several, together with all that were sent before."""
        self._sent.update({each.child_frame_id: each for each in as_list(transform)})
        self.pub_tf.publish(TFMessage(transforms=list(self._sent.values())))
