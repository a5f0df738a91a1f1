"""What was seen: frames, cameras, regions, and the window of a query."""

from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.frame import Frame
from spatialclaw_ros.scene.frame import LabelImage
from spatialclaw_ros.scene.frame import PoseSigma
from spatialclaw_ros.scene.region import Region
from spatialclaw_ros.scene.window import FrameWindow

__all__ = ['Camera', 'Frame', 'FrameWindow', 'LabelImage', 'PoseSigma', 'Region']
