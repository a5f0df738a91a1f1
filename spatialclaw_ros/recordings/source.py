"""What a recording's file format must give."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


class Source(Protocol):
    """Frames by number, decoded when asked for.

    `up` is given in the world frame; without poses, in the optical frame of each image.
    """

    @property
    def name(self) -> str:
        """Name of the recording, for messages."""

    @property
    def world_frame(self) -> str:
        """Name of the frame the poses are given in, '' without poses."""

    @property
    def up(self) -> np.ndarray | None:
        """Unit vector (3,) against gravity, or None where it is unknown."""

    @property
    def frame_indices(self) -> tuple[int, ...]:
        """Numbers of the frames there are, in time order."""

    def load(self, index: int) -> Frame:
        """Decode one frame; raises RecordingError when a file of it is missing or damaged."""

    def transform_to(self, target_frame: str, stamp: int) -> np.ndarray | None:
        """World to `target_frame` (4, 4) at `stamp`, ns; None where it is not recorded."""

    def frame_ids(self) -> tuple[str, ...]:
        """Names of frames a target_frame may have, beyond the world and the cameras."""

    def detections(self, frame: Frame) -> tuple[Region, ...]:
        """Regions recorded with `frame` (a detector's output) inside its image; often none."""
