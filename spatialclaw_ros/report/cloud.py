"""What the cameras saw, as coloured points of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

#: More readings than this are thinned evenly as they are read.
_MOST_READ = 1_000_000


@dataclass(frozen=True, eq=False)
class Cloud:
    """`points` (N, 3) world metres and `colors` (N, 3) uint8 RGB, read from `frames`.

    `note` says which frames are left out, and why.
    """

    points: np.ndarray
    colors: np.ndarray
    frames: tuple[Frame, ...] = ()
    note: str = ''

    def thinned(self, chosen: np.ndarray, most: int) -> Cloud:
        """At most `most` of the points that are `chosen` (N,) bool; the same ones every time."""
        indices = np.flatnonzero(chosen)
        if len(indices) > most:
            indices = np.random.default_rng(0).choice(indices, most, replace=False)
        return Cloud(self.points[indices], self.colors[indices], self.frames, self.note)


NOTHING = Cloud(np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8))


def cloud_of(window: FrameWindow, cited: Sequence[object]) -> Cloud:
    """The depth readings of the window's frames.

    Frames without a pose are worlds of their own: where there are several, one of them is shown,
    the first whose number is in `cited` or else the newest.
    """
    frames, note = _of_one_world(window, cited)
    step = 1 + sum(frame.depth.size for frame in frames if frame.depth is not None) // _MOST_READ
    points, colors = [NOTHING.points], [NOTHING.colors]
    for frame in frames:
        if frame.depth is not None:
            seen = frame_points(frame.depth, frame.camera, frame.camera_to_world).reshape(-1, 3)
            known = np.flatnonzero(np.isfinite(seen).all(axis=1))[::step]
            points.append(seen[known])
            colors.append(frame.image.reshape(-1, 3)[known])
    return Cloud(np.concatenate(points), np.concatenate(colors), frames, note)


def _of_one_world(window: FrameWindow, cited: Sequence[object]) -> tuple[tuple[Frame, ...], str]:
    posed = tuple(frame for frame in window.frames if frame.camera_to_world is not None)
    missing = len(window.frames) - len(posed)
    if posed and missing:
        return posed, f'{missing} of {len(window.frames)} frames have no pose and are left out.'
    if posed or len(window.frames) < 2:
        return window.frames, ''
    one = next((frame for index in cited for frame in window.frames if frame.index == index),
               window.newest)
    return (one,), (f'No frame has a pose, so each is a world of its own; this is that of frame '
                    f'{one.index}.')
