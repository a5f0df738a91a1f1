"""Two squares before a wall, as a camera at the world's origin sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import LabelImage

WIDTH, HEIGHT, FOCAL = 160, 120, 140.0
#: Two squares that face the camera a metre away, 0.2 m between their inner edges.
SQUARES = {'crate': (-0.3, -0.1), 'lid': (0.1, 0.3)}


def seen(index: int, *, stretch: float = 1.0, names: Sequence[str] = ('crate', 'lid')) -> Frame:
    """A frame of both squares before a wall; `stretch` corrupts the depth of the second."""
    matrix = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])
    camera = Camera('head', 'head_optical', WIDTH, HEIGHT, matrix)
    rng = np.random.default_rng(index)
    depth = np.full((HEIGHT, WIDTH), 2.0) + rng.normal(0, 0.002, (HEIGHT, WIDTH))
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, (left, right) in enumerate(SQUARES.values(), 1):
        columns = slice(round(WIDTH / 2 + FOCAL * left), round(WIDTH / 2 + FOCAL * right))
        depth[45:75, columns] = (1.0 if number == 1 else stretch) + rng.normal(
            0, 0.002, depth[45:75, columns].shape)
        ids[45:75, columns] = number
    return Frame(index, index * 10**8, camera, np.full((HEIGHT, WIDTH, 3), 90, np.uint8),
                 depth.astype(np.float32), np.eye(4),
                 labels=LabelImage(ids, dict(enumerate(names, 1))))


def window(*frames: Frame) -> FrameWindow:
    return FrameWindow(frames or (seen(0),), 'odom', np.array([0, -1.0, 0]))
