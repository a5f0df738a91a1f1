"""Plays a recording as the live topics of a camera, at a rate or step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sys
from typing import Any

from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.nodes.described import declare
from spatialclaw_ros.nodes.described import Described
from spatialclaw_ros.nodes.described import ParameterError
from spatialclaw_ros.nodes.described import value_of
from spatialclaw_ros.nodes.frame_publisher import DEPTH_ENCODINGS
from spatialclaw_ros.nodes.frame_publisher import FramePublisher
from spatialclaw_ros.nodes.spinning import run
from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import parse_frames
from spatialclaw_ros.recordings.regions import read_regions

PLAYER = (
    Described('recording', '', 'Path of a BOP scene folder, a rosbag2 folder, .mcap or .db3.'),
    Described('rate', 2.0, 'Frames a second; 0: only when the service ~/step is called.', 0.0),
    Described('loop', False, 'Begin anew after the last frame.'),
    Described('frames', '', 'Numbers of the frames to play, such as 0,3,7. Empty: all.'),
    Described('regions', '', 'JSON file {"name": [{"frame": 0, "box": [x1, y1, x2, y2]}]}, '
              'published as Detection2DArray.'),
    Described('depth_encoding', '32FC1', '32FC1 metres or 16UC1 millimetres.',
              choices=DEPTH_ENCODINGS),
    Described('wait', True, 'Play at a rate only once someone subscribes to the images.'),
)
#: How often to look whether someone subscribes, seconds.
_LOOK = 0.1


class Player(Node):
    """Publishes the frames of a recording, each stamped with the moment it is played.

    `~/step` (std_srvs/Trigger) plays the next frame and tells its number and stamp; `success` is
    false after the last one.
    """

    def __init__(self, **options: Any) -> None:
        """Open the recording; ParameterError or RecordingError says what is wrong with it."""
        super().__init__('spatialclaw_player', **options)
        declare(self, PLAYER)
        path = value_of(self, 'recording')
        if not path:
            raise ParameterError('parameter recording is empty; give the path of a recording')
        recording = open_recording(Path(path).expanduser())
        regions = value_of(self, 'regions')
        frames = value_of(self, 'frames')
        self._window = recording.window(
            parse_frames(frames) if frames else None,
            read_regions(Path(regions).expanduser()) if regions else [])
        self._next = 0
        names = dict.fromkeys(frame.camera.name for frame in self._window.frames)
        self._cameras = {
            name: FramePublisher(self, name, value_of(self, 'depth_encoding'),
                                 recording.world_frame) for name in names}
        self.create_service(Trigger, '~/step', self._on_step)
        rate = value_of(self, 'rate')
        if rate > 0:
            self._steady = Clock(clock_type=ClockType.STEADY_TIME)
            self._started = not value_of(self, 'wait')
            self._timer = self.create_timer(
                1 / rate if self._started else _LOOK, self._on_time, clock=self._steady)
        self.get_logger().info(
            f'{recording.name}: {len(self._window.frames)} frames of {", ".join(names)}')

    def _on_time(self) -> None:
        if not self._started:
            if not all(camera.is_heard for camera in self._cameras.values()):
                return
            self._started = True
            self._timer.timer_period_ns = int(1e9 / value_of(self, 'rate'))
        if self._step() is None:
            self._timer.cancel()
            self.get_logger().info('the recording has ended')

    def _on_step(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        played = self._step()
        response.success = played is not None
        response.message = 'the recording has ended' if played is None else (
            f'frame {played[0]} at {played[1]}')
        return response

    def _step(self) -> tuple[int, int] | None:
        """Play the next frame; its number and stamp (ns), or None after the last."""
        if self._next >= len(self._window.frames):
            if not value_of(self, 'loop'):
                return None
            self._next = 0
        frame = self._window.frames[self._next]
        self._next += 1
        stamp = self.get_clock().now().nanoseconds
        self._cameras[frame.camera.name].publish(frame, stamp)
        return frame.index, stamp


def main(arguments: Sequence[str] | None = None) -> int:
    """Play until Ctrl-C; 1 when the recording cannot be read."""
    return run(Player, 'player', arguments, RecordingError, SpatialError, ValueError)


if __name__ == '__main__':
    sys.exit(main())
