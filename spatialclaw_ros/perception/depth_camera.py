"""Reconstruct engine for a depth camera: what the sensor measured, with its noise."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.scene import Frame


class DepthCamera:
    """Depth as the sensor measured it, at exact scale; nothing is filled in."""

    name = 'depth_camera'

    def reconstruct(self, frames: Sequence[Frame]) -> Reconstructed:
        """Geometry of each of `frames`, in their order.

        Raises NoFrames without any frame, and Unanswerable for frames that carry no depth.
        """
        if not frames:
            raise NoFrames('depth_camera: no frame to reconstruct')
        missing = [frame for frame in frames if frame.depth is None]
        if missing:
            cameras = sorted({frame.camera.name for frame in missing})
            raise Unanswerable(
                f'depth_camera: frames {numbered(f.index for f in missing)} of camera '
                f'{", ".join(map(repr, cameras))} have no depth; set the camera\'s depth topic '
                '(registered to the colour image), or keep to frames with depth')
        geometries = [FrameGeometry(frame.index, frame.depth, frame.noise)
                      for frame in frames if frame.depth is not None]
        return Reconstructed(
            tuple(geometries), 1.0, 'depth_camera: scale and poses as measured by the sensors')
