"""Findings as messages of this package; all are already in the frame of one header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from vision_msgs.msg import BoundingBox3D

from spatialclaw_interfaces.msg import Distance as DistanceMessage
from spatialclaw_interfaces.msg import FoundObject
from spatialclaw_interfaces.msg import Plane
from spatialclaw_interfaces.msg import Track as TrackMessage
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import FrameWindow

#: Variance of an angle of which nothing is known, rad².
_ANY_ANGLE = np.pi**2 / 3


def distance_message(distance: Distance) -> DistanceMessage:
    """One distance; raises ValueError for a kind the message does not have."""
    kind = getattr(DistanceMessage, distance.kind, None)
    if not isinstance(kind, int):
        raise ValueError(f'distance of kind {distance.kind!r}')
    return DistanceMessage(
        kind=kind, from_name=distance.from_name, to_name=distance.to_name,
        from_point=convert.point(distance.from_point), to_point=convert.point(distance.to_point),
        from_covariance=convert.numbers(distance.from_covariance),
        to_covariance=convert.numbers(distance.to_covariance),
        value=float(distance.value), std_dev=float(distance.sigma.total),
        interval_low=float(distance.interval.low), interval_high=float(distance.interval.high))


def object_messages(evidence: Sequence[Finding], window: FrameWindow) -> list[FoundObject]:
    """The objects of `evidence`; equal names get ids that differ."""
    counts: Counter[str] = Counter()
    messages = []
    for found in evidence:
        if isinstance(found, Found):
            counts[found.name] += 1
            number = counts[found.name]
            messages.append(_object_message(
                found, found.name if number == 1 else f'{found.name} {number}', window))
    return messages


def _object_message(found: Found, identity: str, window: FrameWindow) -> FoundObject:
    pose = convert.rigid(found.rotation, found.center)
    frames = {frame.index: frame for frame in window.frames}
    seen = [frames[index] for index in found.frames if index in frames]
    return FoundObject(
        id=identity, name=found.name,
        pose=convert.pose_with_covariance(pose, found.pose_covariance),
        bbox=BoundingBox3D(center=convert.pose(pose), size=convert.vector(found.size)),
        size_std_dev=convert.vector(found.size_sigma),
        visible_fraction=float(found.visible_fraction), truncated=bool(found.truncated),
        cameras=[frame.camera.name for frame in seen],
        stamps=[time_message(frame.stamp) for frame in seen], score=float(found.score))


def plane_message(plane: FoundPlane) -> Plane:
    """One plane."""
    return Plane(
        name=plane.name, normal=convert.vector(plane.normal), offset=float(plane.offset),
        polygon=convert.polygon(plane.polygon), normal_std_dev=float(plane.normal_sigma),
        offset_std_dev=float(plane.offset_sigma))


def track_message(track: Track) -> TrackMessage:
    """One track; orientations are unknown, with the variance of any angle."""
    poses = []
    for position, sigma in zip(track.positions, track.sigma, strict=True):
        covariance = np.diag([float(sigma)**2] * 3 + [_ANY_ANGLE] * 3)
        poses.append(convert.pose_with_covariance(
            convert.rigid(np.eye(3), position), covariance))
    return TrackMessage(
        id=track.name, name=track.name, stamps=[time_message(stamp) for stamp in track.stamps],
        poses=poses, velocity=convert.vector(track.velocity),
        velocity_std_dev=convert.vector(track.velocity_sigma), is_moving=track.is_moving,
        heading=convert.vector(track.heading))
