"""Where a measure starts that is not an object: camera, robot, support, gravity."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

#: Lines of a cell that find the camera of the newest frame in which `{thing}` was found.
NEWEST = 'newest = max({thing}.frame_indices, key=Metadata.stamps.get)'
CAMERA = 'camera = recon.extrinsics[newest][:3, 3]'
#: The same for the newest frame of the query, where no object is asked about.
NEWEST_OF_ALL = 'newest = max(recon.frame_indices, key=Metadata.stamps.get)'
#: Lines that find the largest level plane in a frame: the support that has no region of its own.
SUPPORT = 'plane = tools.Geometry.plane(recon.points[newest].reshape(-1, 3), level=True)'


def robot(window: FrameWindow) -> str:
    """Expression for the robot's origin in the world; raises Unanswerable where it is unknown."""
    return _vector(_robot_pose(window)[:3, 3])


def right_of_robot(window: FrameWindow) -> str:
    """Expression for the direction to the robot's right; raises Unanswerable like `robot`."""
    return _vector(-_robot_pose(window)[:3, 1])


def _robot_pose(window: FrameWindow) -> np.ndarray:
    if window.viewpoint == 'camera' or window.viewpoint_to_world is None:
        raise Unanswerable('where the robot is, is not known here: set the viewpoint to its frame '
                           '(say base_link), with TF from it to the fixed frame')
    return window.viewpoint_to_world


def _vector(values: np.ndarray) -> str:
    x, y, z = (round(float(value), 6) + 0.0 for value in values)
    return f'np.array([{x}, {y}, {z}])'


def need_gravity(window: FrameWindow, what: str) -> None:
    """Raise Unanswerable where `what` needs an up direction and none is known."""
    if window.up is None:
        raise Unanswerable(f'{what} needs to know where up is; give poses in a frame whose z is up '
                           '(a fixed_frame with TF), or a recording with world_up')


def need_region(thing: Thing, what: str) -> str:
    """Label of `thing`; raises Unanswerable where it has no region of its own."""
    if thing.kind != 'region':
        raise Unanswerable(f'{what} needs a region or label for {thing}; give one')
    return thing.label


def as_said(*things: Thing | None) -> str:
    """How each phrase was understood, where it was not the name itself."""
    told = []
    for thing in things:
        if thing is None or thing.kind != 'region':
            continue
        said = str(thing.name)
        if said and said != thing.label and said.replace(' ', '_') != thing.label:
            told.append(f'"{said}" was taken as {thing.label}')
    return '; '.join(dict.fromkeys(told))
