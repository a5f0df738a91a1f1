"""What it costs that model engines live in a process of their own.

An engine that copies a frame's depth and makes sigma and confidence, asked directly and through the
child process, in turn. The frame lies in sealed memory, as the node's frames do, or does not, as
those of a recording. Another number of calls than 200 may be given on the command line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import functools
import sys

from measure import report
from measure import time_pairs
from measure import Timing
import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.memory import seal
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process.host import EngineProcess
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
MOST_MS = 5.0
HEIGHT, WIDTH = 480, 640


class CopyingRoom:
    """An engine room that has next to nothing to do."""

    def __init__(self, settings: EngineSettings) -> None:
        del settings

    def answer(self, call: EngineCall, cancelled: Cancelled) -> Reconstructed:
        """Depth as the frames have it, with sigma and confidence."""
        del cancelled
        return Reconstructed(tuple(FrameGeometry(
            frame.index, frame.depth + 0.0, DepthNoise(), frame.depth * 0.01,
            np.ones_like(frame.depth)) for frame in call.frames), 1.0, 'copied')

    def health(self, waiting: int) -> EngineHealth:
        """Nothing is known of it."""
        return EngineHealth('', '', 0, 0, waiting, ())


def call_of(*, sealed: bool) -> EngineCall:
    """A call for the geometry of one VGA frame."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    depth = rng.uniform(0.5, 4, (HEIGHT, WIDTH)).astype(np.float32)
    if sealed:
        image, depth = seal([image, depth])
    matrix = np.array([[525.0, 0, WIDTH / 2], [0, 525.0, HEIGHT / 2], [0, 0, 1]])
    frame = Frame(0, 0, Camera('front', 'front_optical', WIDTH, HEIGHT, matrix), image, depth,
                  np.eye(4))
    return EngineCall('copied', Reconstruct((0,)), (frame,))


def timed(answer: Callable[[], Reconstructed]) -> None:
    """One call, all of whose depth is looked at."""
    reply = answer()
    assert np.isfinite(reply.frames[0].depth.sum() + reply.frames[0].sigma.sum()
                       + reply.frames[0].confidence.sum())


def measured(loop: asyncio.AbstractEventLoop, host: EngineProcess, *, sealed: bool
             ) -> tuple[Timing, Timing]:
    """Seconds of calls through the process, and of calls without it."""
    call, here = call_of(sealed=sealed), CopyingRoom(EngineSettings())
    return time_pairs(
        functools.partial(timed, lambda: loop.run_until_complete(host.answer(call))),
        functools.partial(timed, lambda: here.answer(call, lambda: False)), CALLS)


def main() -> int:
    """Print both medians, their difference and ratio; 1 when the process costs too much."""
    loop = asyncio.new_event_loop()
    host = EngineProcess(EngineSettings(), room='engine_process:CopyingRoom')
    more = {}
    try:
        for sealed in (False, True):
            ours, theirs = measured(loop, host, sealed=sealed)
            report(f'VGA frame with depth, {"sealed" if sealed else "loose"}, through the process',
                   ours, theirs, 'directly')
            more[sealed] = 1e3 * float(np.median(ours.seconds - theirs.seconds))
            print(f'the process costs {more[sealed]:.2f} ms more a call'
                  + (f' (wanted: under {MOST_MS:g})' if sealed else ''))
    finally:
        loop.run_until_complete(host.close())
        loop.close()
    return int(more[True] >= MOST_MS)


if __name__ == '__main__':
    sys.exit(main())
