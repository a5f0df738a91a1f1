"""What the frame ring holds over an hour of two VGA RGB-D cameras at 30 Hz, played faster.

Another number of seconds may be given on the command line.

Every image of the hour passes the rate gate; what it admits is copied into the ring at full size,
and one in ten is converted as a query would.
"""

from __future__ import annotations

import sys

import numpy as np
import psutil

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene.capture import Payload
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame_ring import FrameRing
from spatialclaw_ros.scene.frame_ring import RateGate

HOUR, RATE, KEPT, CONVERTED = 3600, 30, 5.0, 10
MEGABYTES, SECONDS = 256.0, 20.0
CAMERAS = ('left', 'right')


def payloads() -> tuple[Payload, Payload]:
    """An image and a depth image that both need conversion."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, 640 * 480 * 3).astype(np.uint8).tobytes()
    depth = rng.integers(500, 4000, 640 * 480).astype('<u2').tobytes()
    return (Payload(image, 'bgr8', 480, 640, 640 * 3), Payload(depth, '16UC1', 480, 640, 640 * 2))


def main() -> None:
    """Print the most the ring held against what its parameters allow."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else HOUR
    matrix = np.array([[525.0, 0, 320], [0, 525.0, 240], [0, 0, 1]])
    cameras = [Camera(name, f'{name}_optical', 640, 480, matrix) for name in CAMERAS]
    image, depth = payloads()
    ring, gates = FrameRing(MEGABYTES, SECONDS), [RateGate(KEPT) for _ in cameras]
    process = psutil.Process()
    most_held = most_span = most_resident = 0.0
    settled = None
    kept = 0
    for moment in range(seconds * RATE):
        stamp = 10**9 + moment * 10**9 // RATE
        for camera, gate in zip(cameras, gates, strict=True):
            if not gate.admits(stamp):
                continue
            capture = ring.add(Sighting(stamp, camera, image, depth))
            kept += 1
            if kept % CONVERTED == 0:
                ring.frame(capture)
        if moment % RATE == 0:
            state = ring.state()
            most_held, most_span = max(most_held, state.megabytes), max(most_span, state.seconds)
            resident = process.memory_info().rss / 2**20
            if moment == 60 * RATE:
                settled = resident
            most_resident = max(most_resident, resident)
    assert settled is not None
    print(f'ring over {seconds} s, {kept} frames kept: at most {most_held:.0f} MB of '
          f'{MEGABYTES:.0f} '
          f'allowed, ratio {most_held / MEGABYTES:.2f}; {most_span:.1f} s of {SECONDS:.0f}, '
          f'ratio {most_span / SECONDS:.2f}')
    print(f'resident memory of the process after a minute {settled:.0f} MB, at most '
          f'{most_resident:.0f} MB later, ratio {most_resident / settled:.2f}')


if __name__ == '__main__':
    main()
