"""The world of a query: where its frames, its target frame and its viewpoint lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tf2_ros

from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.nodes.tf_lookup import lookup
from spatialclaw_ros.nodes.tf_lookup import moves
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

#: Names that mean the newest image's optical frame, and the world of the query.
CAMERA, WORLD = 'camera', 'world'


@dataclass(frozen=True, eq=False)
class World:
    """Puts frames in one world by TF, at the newest frame's stamp.

    `up` (3,) is the unit vector against gravity in `fixed_frame`, None where unknown.
    `target_sigma` is one sigma of fixed_frame to target_frame, metres and radians. `viewpoint`
    gives the parameter's present value.
    """

    buffer: tf2_ros.Buffer
    fixed_frame: str
    up: np.ndarray | None
    target_sigma: tuple[float, float]
    viewpoint: Callable[[], str]

    def window(self, frames: tuple[Frame, ...], target_frame: str) -> FrameWindow:
        """Window of `frames`; raises NoTransform, naming frames and age, where TF is missing."""
        newest = max(frames, key=lambda frame: (frame.stamp, frame.index))
        if not self.fixed_frame and len(frames) > 1:
            raise NoTransform(
                f'{len(frames)} frames, and no fixed_frame that says how they lie to each other; '
                'set the parameter fixed_frame, or ask of one camera and no window')
        world = self.fixed_frame or newest.camera.frame_id
        target, to_target, target_moves = self._target(target_frame or world, world, newest)
        known = (world, newest.camera.frame_id)
        viewpoint = self.viewpoint()
        return FrameWindow(
            frames=frames, world_frame=world, up=self.up if self.fixed_frame else None,
            target_frame=target, world_to_target=to_target,
            target_sigma=(0.0, 0.0) if target in known else self.target_sigma,
            target_moves=target_moves, viewpoint=viewpoint,
            viewpoint_to_world=None if viewpoint == CAMERA else lookup(
                self.buffer, world, viewpoint, newest.stamp))

    def _target(self, name: str, world: str,
                newest: Frame) -> tuple[str, np.ndarray, bool]:
        """Target frame's own name, world → target (4, 4), and whether that moves."""
        if name in (WORLD, world):
            return world, np.eye(4), False
        pose = newest.camera_to_world
        if name in (CAMERA, newest.camera.frame_id):
            if pose is None:
                return newest.camera.frame_id, np.eye(4), False
            to_camera = np.linalg.inv(pose)
            return newest.camera.frame_id, to_camera, moves(
                self.buffer, newest.camera.frame_id, world, to_camera)
        to_target = lookup(self.buffer, name, world, newest.stamp)
        return name, to_target, moves(self.buffer, name, world, to_target)
