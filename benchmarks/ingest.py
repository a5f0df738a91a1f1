"""CPU of the server while two VGA RGB-D cameras run at 30 Hz, and how many frames it loses.

Against a node that only receives the same topics, from the same publisher at the same time. Both
receive reliably: what the network would lose is not what is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
import os
import subprocess
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import psutil
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image
import tf2_ros

from spatialclaw_ros.nodes.frame_publisher import FramePublisher
from spatialclaw_ros.nodes.spinning import spin
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame

CAMERAS = ('left', 'right')
RATE, SETTLE, SPAN, ROUNDS = 30.0, 5.0, 10.0, 3
MOST_RATIO = 1.3
COUNTED = ('images', 'kept', 'beyond buffer.rate', 'dropped')


class Cameras(Node):
    """Publishes two cameras' frames, made beforehand, at RATE."""

    def __init__(self) -> None:
        super().__init__('cameras')
        self._cameras = [FramePublisher(self, name, '32FC1', 'odom') for name in CAMERAS]
        rng = np.random.default_rng(0)
        matrix = np.array([[525.0, 0, 320], [0, 525.0, 240], [0, 0, 1]])
        self._frames = [Frame(
            0, 0, Camera(name, f'{name}_optical', 640, 480, matrix),
            rng.integers(0, 255, (480, 640, 3), np.uint8).astype(np.uint8),
            rng.uniform(0.5, 4, (480, 640)).astype(np.float32), np.eye(4)) for name in CAMERAS]
        self.create_timer(1 / RATE, self._publish)

    def _publish(self) -> None:
        now = self.get_clock().now().nanoseconds
        for camera, frame in zip(self._cameras, self._frames, strict=True):
            camera.publish(frame, now)


class Receiver(Node):
    """Receives what the server receives, and does nothing with it."""

    def __init__(self) -> None:
        super().__init__('receiver')
        self._buffer = tf2_ros.Buffer(node=self)
        self._listener = tf2_ros.TransformListener(self._buffer, self)
        for name in CAMERAS:
            for kind, topic in ((Image, 'image'), (CameraInfo, 'camera_info'),
                                (Image, 'depth_registered')):
                self.create_subscription(
                    kind, f'{name}/{topic}', lambda _: None, QoSProfile(depth=5))


class Watcher(Node):
    """Keeps what the server last said of each camera."""

    def __init__(self) -> None:
        super().__init__('watcher')
        self.told: dict[str, dict[str, str]] = {}
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_report, 10)

    def _on_report(self, report: DiagnosticArray) -> None:
        for status in report.status:
            self.told[status.name.split(': ')[-1]] = {v.key: v.value for v in status.values}

    def count(self, key: str) -> int:
        """What the server counts under `key`, both cameras together."""
        return sum(int(self.told.get(f'camera {name}', {}).get(key, 0)) for name in CAMERAS)

    def wait(self, seconds: float) -> None:
        """Spin for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            rclpy.spin_once(self, timeout_sec=0.1)


def run(kind: type[Node]) -> None:
    """Be one of the nodes until Ctrl-C."""
    rclpy.init()
    try:
        node = kind()
        spin(node)
    finally:
        rclpy.try_shutdown()


def started(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process that ends on Ctrl-C."""
    return subprocess.Popen([sys.executable, *arguments], start_new_session=True)


def server_arguments() -> list[str]:
    """Command line of the server with both cameras."""
    values: dict[str, Any] = {'cameras': f'[{", ".join(CAMERAS)}]', 'fixed_frame': 'odom'}
    for name in CAMERAS:
        for key, topic in (('image', 'image'), ('camera_info', 'camera_info'),
                           ('depth', 'depth_registered')):
            values[f'{name}.{key}'] = f'{name}/{topic}'
            values[f'qos_overrides./{name}/{topic}.subscription.reliability'] = 'reliable'
    settings = [part for key, value in values.items() for part in ('-p', f'{key}:={value}')]
    return ['-m', 'spatialclaw_ros.nodes.serve', '--ros-args', *settings]


def busy(process: psutil.Process) -> float:
    """CPU seconds of a process so far, without its children."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def main() -> int:
    """Print the ratio of CPU time and the frames lost; 1 when the server saw nothing."""
    os.environ.setdefault('ROS_DOMAIN_ID', '87')
    processes = [started(server_arguments()), started([__file__, 'Receiver']),
                 started([__file__, 'Cameras'])]
    rclpy.init()
    watcher = Watcher()
    try:
        watcher.wait(SETTLE)
        while not watcher.count('kept'):
            watcher.wait(1.0)
        watched = [psutil.Process(process.pid) for process in processes[:2]]
        spent = np.empty((ROUNDS, 2))
        counts = {key: watcher.count(key) for key in COUNTED}
        began = time.monotonic()
        for row in spent:
            before = [busy(process) for process in watched]
            watcher.wait(SPAN)
            row[:] = [busy(process) - was for process, was in zip(watched, before, strict=True)]
        due = round((time.monotonic() - began) * RATE * len(CAMERAS))
        counts = {key: watcher.count(key) - count for key, count in counts.items()}
        ours, theirs = 100 * spent.mean(axis=0) / SPAN
        print(f'ingest, 2 VGA RGB-D cameras, 30 Hz: {ours:.1f} % of a core; a node that only '
              f'receives: {theirs:.1f} %   ratio {np.median(spent[:, 0] / spent[:, 1]):.2f} '
              f'(wanted: at most {MOST_RATIO})')
        print(f'of about {due} images published: ' + ', '.join(
            f'{count} {key}' for key, count in counts.items()))
        for name in CAMERAS:
            print(name, {k: v for k, v in watcher.told[f'camera {name}'].items() if 'dropped' in k})
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    if len(sys.argv) > 1:
        run({'Cameras': Cameras, 'Receiver': Receiver}[sys.argv[1]])
    else:
        sys.exit(main())
