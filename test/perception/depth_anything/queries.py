"""A query about a room, answered by a reconstructor whose network is a distorted truth."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.perception.depth_anything.reconstructing import Reconstructor

from .rooms import EXACT
from .rooms import FakeNetwork
from .rooms import Room
from .rooms import true_depth
from .rooms import way

UP = np.array([0.0, 0.0, 1.0])
SEEDS = range(2)


class Query:
    """A room, frames of a camera on its way, and a reconstructor that sees them distorted."""

    def __init__(self, kind='arc', count=4, seed=0, *, posed=True, sensor=False, up=UP,
                 pose_noise=EXACT, **network):
        self.room, self.poses = Room.drawn(seed), way(kind, count)
        of = lambda value, i: value if isinstance(value, bool) else i in value  # noqa: E731
        self.frames = [self.room.frame(i, pose, posed=of(posed, i), sensor=of(sensor, i),
                                       pose_noise=pose_noise)
                       for i, pose in enumerate(self.poses)]
        self.up = up if posed else None
        self.network = FakeNetwork(self.room, dict(enumerate(self.poses)), seed, **network)
        self.reconstructor = Reconstructor(self.network)

    def ask(self, *asked, frames=None):
        frames = self.frames if frames is None else frames
        asked = asked or tuple(frame.index for frame in frames)
        return self.reconstructor.answer(
            EngineCall('depth_anything_3', Reconstruct(asked), tuple(frames), self.up),
            lambda: False)

    def scale_errors(self, reply):
        """Middle of the relative error of each frame's depth."""
        errors = [geometry.depth / self.truth(geometry.frame) - 1 for geometry in reply.frames]
        return np.array([np.nanmedian(error) for error in errors])

    def truth(self, frame):
        return true_depth(self.room, self.frames[frame], self.poses[frame])
