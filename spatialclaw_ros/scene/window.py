"""The frames one question is asked about, in one frozen world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.scene.frame import Frame


@dataclass(frozen=True, eq=False)
class FrameWindow:
    """Frames in time order, and where they lie.

    `world_frame` names the world of the query: the fixed frame, or the optical frame of the one
    camera where no pose is known. `up` is the unit vector (3,) against gravity in that world, or
    None where gravity is unknown. `world_to_target` is (4, 4), frozen at acceptance;
    `target_moves` says whether it changes with time. `viewpoint` is the parameter's value:
    'camera', or a TF frame, whose pose `viewpoint_to_world` (4, 4) then gives (body axes,
    x forward, y left, z up).
    """

    frames: tuple[Frame, ...]
    world_frame: str
    up: np.ndarray | None = None
    target_frame: str = ''
    world_to_target: np.ndarray | None = None
    target_sigma: tuple[float, float] = (0.0, 0.0)
    target_moves: bool = False
    viewpoint: str = 'camera'
    viewpoint_to_world: np.ndarray | None = None

    def at(self, index: int) -> Frame:
        """Frame with number `index`; raises KeyError naming the frames there are."""
        for frame in self.frames:
            if frame.index == index:
                return frame
        raise KeyError(f'no frame {index}; this query holds {[f.index for f in self.frames]}')

    @property
    def newest(self) -> Frame:
        """The frame with the latest stamp (the last of equals)."""
        return max(self.frames, key=lambda frame: (frame.stamp, frame.index))
