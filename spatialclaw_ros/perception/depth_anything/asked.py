"""The frames of a call: checked, and those that are looked at together with the asked ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.scene import Frame

#: So many frames are looked at together where a query has them: fewer tell neither scale nor
#: gravity well.
_COMPANY = 4
#: How far from orthonormal a rotation may be.
_ORTHONORMAL = 1e-3


def asked_of(call: EngineCall, engine: str = DEPTH_ANYTHING) -> list[Frame]:
    """The frames that `call` asks `engine` to reconstruct, in the order asked.

    Raises NoFrames where it has none, ValueError for another request, for a frame that is not
    among those of the call, and for a pose or a direction of gravity that is none.
    """
    request = call.request
    if not isinstance(request, Reconstruct):
        raise ValueError(f'engine {engine!r} reconstructs; it was asked for '
                         f'{type(request).__name__}: ask a segment engine')
    if not request.frames or not call.frames:
        raise NoFrames(f'engine {engine!r}: no frame to reconstruct')
    held = {frame.index: frame for frame in call.frames}
    unknown = [index for index in request.frames if index not in held]
    if unknown:
        raise ValueError(f'frames {unknown} are asked for, but the call holds {sorted(held)}')
    for frame in call.frames:
        _check_pose(frame)
    if call.up is not None and not abs(np.linalg.norm(call.up) - 1) < _ORTHONORMAL:
        raise ValueError(f'up {np.asarray(call.up).tolist()} is no unit vector')
    return [held[index] for index in dict.fromkeys(request.frames)]


def _check_pose(frame: Frame) -> None:
    pose = frame.camera_to_world
    if pose is None:
        return
    if np.shape(pose) != (4, 4) or not np.isfinite(pose).all():
        raise ValueError(f'frame {frame.index}: its pose (camera_to_world) is not a finite 4×4 '
                         f'matrix but {np.asarray(pose).tolist()}; leave it out where TF does '
                         'not know it')
    rotation = pose[:3, :3]
    if (np.abs(rotation @ rotation.T - np.eye(3)).max() > _ORTHONORMAL
            or np.linalg.det(rotation) < 0 or not np.array_equal(pose[3], (0, 0, 0, 1))):
        raise ValueError(f'frame {frame.index}: its pose (camera_to_world) is no rigid motion: '
                         f'{np.asarray(pose).tolist()}')


def newest_of(frames: Sequence[Frame]) -> Frame:
    """The frame with the latest stamp, the last of equals."""
    return max(frames, key=_in_time)


def _in_time(frame: Frame) -> tuple[int, int]:
    return frame.stamp, frame.index


def company_of(asked: Sequence[Frame], frames: Sequence[Frame]) -> list[Frame]:
    """`asked`, in time order, with those of `frames` that the query's world hangs on.

    That is the newest one where no frame has a pose, else one that has. Up to four in all: first
    frames with poses or depth of their own, which tell the scale, then those nearest in time.
    None where all that are asked have both.
    """
    if all(f.camera_to_world is not None and f.depth is not None for f in asked):
        return sorted(asked, key=_in_time)
    members = {frame.index: frame for frame in asked}
    posed = [frame for frame in frames if frame.camera_to_world is not None]
    if not posed:
        newest = newest_of(frames)
        members[newest.index] = newest

    def worth(frame: Frame) -> tuple[int, int]:
        tells = (frame.camera_to_world is not None) + (frame.depth is not None)
        return -tells, min(abs(frame.stamp - one.stamp) for one in asked)

    for frame in sorted(frames, key=worth):
        if len(members) >= _COMPANY and (not posed or any(
                one.camera_to_world is not None for one in members.values())):
            break
        members[frame.index] = frame
    return sorted(members.values(), key=_in_time)
