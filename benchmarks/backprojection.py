"""Depth to world points: whole frames against a copy of the result, and one small mask."""

from __future__ import annotations

from measure import report
from measure import time_pairs
import numpy as np

from spatialclaw_ros.geometry.backproject import crop_points
from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.scene import Camera

FRAMES, HEIGHT, WIDTH = 32, 480, 640
CAMERA = Camera('c', 'c', WIDTH, HEIGHT, np.array([[600., 0, 320], [0, 600, 240], [0, 0, 1]]))


def main() -> None:
    """Print both ratios."""
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.5, 4, (FRAMES, HEIGHT, WIDTH)).astype(np.float32)
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, 3
    points = np.empty((FRAMES, 3, HEIGHT, WIDTH), np.float32)
    copy = np.empty_like(points)

    def all_frames() -> None:
        for frame, out in zip(depth, points, strict=True):
            frame_points(frame, CAMERA, pose, out)

    ours, theirs = time_pairs(all_frames, lambda: np.copyto(copy, points))
    report('32 VGA frames to world points', ours, theirs, 'copy of the result')
    crop = depth[0, 200:280, 280:360]
    ours, theirs = time_pairs(
        lambda: crop_points(crop, (280, 200), CAMERA, pose),
        lambda: frame_points(depth[0], CAMERA, pose), runs=200)
    report('80x80 mask to world points', ours, theirs, 'the whole frame')


if __name__ == '__main__':
    main()
