"""
What the product relies on in tf2's listener and broadcasters, over real nodes and DDS.

Runs unchanged against the stand-in and the real tf2_ros.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import threading
import time

from geometry_msgs.msg import TransformStamped
import pytest
import rclpy
from rclpy.duration import Duration
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
import tf2_ros

PATIENCE = Duration(seconds=30)


def stamped(parent: str, child: str, seconds: int, x: float) -> TransformStamped:
    message = TransformStamped()
    message.header.frame_id = parent
    message.header.stamp.sec = seconds
    message.child_frame_id = child
    message.transform.translation.x = x
    message.transform.rotation.w = 1.0
    return message


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE.nanoseconds * 1e-9
    while not condition():
        assert time.monotonic() < deadline, f'never came: {what}'
        time.sleep(0.01)


@pytest.fixture
def graph() -> Iterator[Callable[..., Node]]:
    """Make nodes that are spun in the background."""
    context = rclpy.Context()
    rclpy.init(context=context)
    executor = MultiThreadedExecutor(num_threads=2, context=context)
    nodes: list[Node] = []

    def make(name: str, **options: object) -> Node:
        node = Node(name, context=context, **options)
        nodes.append(node)
        executor.add_node(node)
        return node

    ended = threading.Event()

    def spin() -> None:
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.1)

    spinner = threading.Thread(target=spin)
    spinner.start()
    yield make
    ended.set()
    spinner.join()
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def test_what_is_broadcast_reaches_a_listener(graph):
    sender, receiver = graph('sender'), graph('receiver')
    buffer = tf2_ros.Buffer(node=receiver)
    listener = tf2_ros.TransformListener(buffer, receiver)
    broadcaster = tf2_ros.TransformBroadcaster(sender)
    wait_until(lambda: sender.count_subscribers('/tf') > 0, 'a subscription to /tf')
    wait_until(lambda: broadcaster.pub_tf.get_subscription_count() > 0, 'a match')
    broadcaster.sendTransform(stamped('odom', 'base', 10, 1.0))
    broadcaster.sendTransform([stamped('odom', 'base', 12, 3.0), stamped('base', 'tool', 12, 0.5)])
    found = buffer.lookup_transform('odom', 'base', Time(seconds=11), PATIENCE)
    assert found.transform.translation.x == pytest.approx(2.0)
    assert buffer.can_transform('base', 'tool', Time(seconds=12), PATIENCE)
    del listener


def test_static_transforms_reach_a_late_listener(graph):
    broadcaster = tf2_ros.StaticTransformBroadcaster(graph('sender'))
    broadcaster.sendTransform(stamped('base', 'camera', 10, 0.25))
    broadcaster.sendTransform([stamped('base', 'lidar', 10, 0.75)])
    receiver = graph('receiver')
    buffer = tf2_ros.Buffer(node=receiver)
    listener = tf2_ros.TransformListener(buffer, receiver)
    found = buffer.lookup_transform('camera', 'lidar', Time(seconds=99), PATIENCE)
    assert found.transform.translation.x == pytest.approx(0.5)
    del listener


def test_a_jump_back_of_sim_time_flushes_all_but_static(graph):
    sender = graph('clock_source')
    ticks = sender.create_publisher(Clock, '/clock', 10)
    receiver = graph(
        'receiver', parameter_overrides=[Parameter('use_sim_time', value=True)])
    buffer = tf2_ros.Buffer(node=receiver)

    def set_clock(seconds: int) -> None:
        tick = Clock()
        tick.clock.sec = seconds

        def arrived() -> bool:
            ticks.publish(tick)
            return receiver.get_clock().now() == Time(
                seconds=seconds, clock_type=receiver.get_clock().clock_type)

        wait_until(arrived, f'sim time {seconds}')

    set_clock(100)
    buffer.set_transform(stamped('odom', 'base', 100, 1.0), 'test')
    buffer.set_transform_static(stamped('base', 'camera', 0, 1.0), 'test')
    set_clock(101)
    assert buffer.can_transform('odom', 'base', Time(seconds=100))
    set_clock(20)
    wait_until(lambda: not buffer.can_transform('odom', 'base', Time(seconds=100)), 'the flush')
    assert buffer.can_transform('base', 'camera', Time(seconds=20))
    buffer.set_transform(stamped('odom', 'base', 20, 2.0), 'test')
    assert buffer.lookup_transform('odom', 'base', Time()).transform.translation.x == 2.0
