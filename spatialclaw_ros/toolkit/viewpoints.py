"""From where left and right are said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.findings.build import view_of
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.measures import Viewpoint
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.input_images import FrameImage


def camera_view(frame: Frame) -> View:
    """The view of a frame, with its own pose and intrinsics."""
    geometry: Any = FrameGeometry(frame.index, np.empty((0, 0)), frame.noise)
    return view_of(frame, geometry)[0]


def viewpoint_of(asked: Any, window: FrameWindow, things: Sequence[Object3D]) -> Viewpoint | None:
    """The viewpoint `asked` for; None stands for the camera of the newest frame of `things`.

    `asked`: None for the window's own, 'camera', a frame number or image, the name of the
    window's viewpoint frame, or an object with a front.
    """
    asked = window.viewpoint if asked is None else asked
    if isinstance(asked, Object3D):
        return _of_object(asked)
    if isinstance(asked, FrameImage) or is_number(asked):
        up = None if window.up is None else np.asarray(window.up)
        return Viewpoint.of_camera(camera_view(window.at(frame_number(asked))), up)
    if asked == 'camera':
        if any(thing.views for thing in things) or not window.frames:
            return None
        up = None if window.up is None else np.asarray(window.up)
        return Viewpoint.of_camera(camera_view(window.newest), up)
    if asked == window.viewpoint and window.viewpoint_to_world is not None:
        return Viewpoint.of_body(np.asarray(window.viewpoint_to_world), window.viewpoint)
    raise Unanswerable(
        f"viewpoint {asked!r} has no known pose; give 'camera', a frame number, an object with "
        f'a front, or None for {window.viewpoint!r}')


def _of_object(thing: Object3D) -> Viewpoint:
    if thing.front is None or thing.up is None:
        raise Unanswerable(f'the front of {thing.name!r} is not known, so left and right cannot be '
                           'said from it')
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([thing.front, np.cross(thing.up, thing.front), thing.up])
    return Viewpoint.of_body(pose, thing.name)
