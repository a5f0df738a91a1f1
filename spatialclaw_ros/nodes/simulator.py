"""A simulated RGB-D camera: image, depth, labels and TF of a ray-cast scene."""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import Any

from rclpy.node import Node

from spatialclaw_ros.nodes.described import declare
from spatialclaw_ros.nodes.described import Described
from spatialclaw_ros.nodes.described import value_of
from spatialclaw_ros.nodes.frame_publisher import DEPTH_ENCODINGS
from spatialclaw_ros.nodes.frame_publisher import FramePublisher
from spatialclaw_ros.nodes.spinning import run
from spatialclaw_ros.simulation.raycast import open3d_parts
from spatialclaw_ros.simulation.simulation import SCENES
from spatialclaw_ros.simulation.simulation import Simulation
from spatialclaw_ros.starting import ctrl_c_exits

SIMULATOR = (
    Described('scene', 'room', 'What the camera sees.', choices=tuple(sorted(SCENES))),
    Described('seed', 0, 'Of the placement of things and of every error.', 0),
    Described('rate', 2.0, 'Frames a second.', 0.1, 30.0),
    Described('width', 640, 'Pixels.', 64, 4096),
    Described('height', 480, 'Pixels.', 48, 4096),
    Described('epoch', 0.0, 'Stamp, seconds, at which the camera starts on its path; 0: the first '
              'frame.', 0.0),
    Described('perfect', False, 'A sensor without noise, and exact poses.'),
    Described('depth_encoding', '32FC1', '32FC1 metres or 16UC1 millimetres.',
              choices=DEPTH_ENCODINGS),
)


class Simulator(Node):
    """Publishes what a simulated camera on its path sees, stamped with the node's clock."""

    def __init__(self, **options: Any) -> None:
        """Build the scene; ParameterError for a value that cannot be."""
        super().__init__('spatialclaw_simulator', **options)
        declare(self, SIMULATOR)
        self._simulation = Simulation.build(
            value_of(self, 'scene'), value_of(self, 'seed'), value_of(self, 'width'),
            value_of(self, 'height'), value_of(self, 'perfect'))
        self._began = round(value_of(self, 'epoch') * 1e9) or None
        self._count = 0
        self._camera = FramePublisher(
            self, self._simulation.camera.name, value_of(self, 'depth_encoding'),
            self._simulation.world_frame)
        self.create_timer(1 / value_of(self, 'rate'), self._on_time)

    def _on_time(self) -> None:
        now = self.get_clock().now().nanoseconds
        if self._began is None or now < self._began:
            self._began = now
        frame = self._simulation.frame((now - self._began) / 1e9, self._count)
        self._count += 1
        self._camera.publish(frame, now)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate until Ctrl-C; 1 when the scene cannot be built."""
    try:
        with ctrl_c_exits(0):
            open3d_parts()
    except ImportError as error:
        print(f'spatialclaw simulator: {error}', file=sys.stderr)
        return 1
    return run(Simulator, 'simulator', arguments)


if __name__ == '__main__':
    sys.exit(main())
