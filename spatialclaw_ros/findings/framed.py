"""Move a whole answer into another frame: every point, direction and covariance at once."""

from __future__ import annotations

from dataclasses import replace
import functools

import numpy as np

from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track


def in_frame(answer: Answer, world_to_frame: np.ndarray) -> Answer:
    """`answer` with its evidence moved by `world_to_frame` (4, 4), a rigid transform.

    `position` is left alone: the answer says in which frame it already is.
    """
    return replace(answer, evidence=tuple(
        finding_in_frame(finding, world_to_frame) for finding in answer.evidence))


@functools.singledispatch
def finding_in_frame(finding: Finding, _world_to_frame: np.ndarray) -> Finding:
    """`finding` moved by a rigid (4, 4) transform; raises TypeError for an unknown kind."""
    raise TypeError(f'{type(finding).__name__} is no finding')


def _moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _turned(covariance: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    rotation = np.kron(np.eye(len(covariance) // 3), matrix[:3, :3])
    return rotation @ covariance @ rotation.T


@finding_in_frame.register
def _(finding: Distance, matrix: np.ndarray) -> Distance:
    return replace(
        finding,
        from_point=_moved(finding.from_point, matrix), to_point=_moved(finding.to_point, matrix),
        from_covariance=_turned(finding.from_covariance, matrix),
        to_covariance=_turned(finding.to_covariance, matrix))


@finding_in_frame.register
def _(finding: Quantity, matrix: np.ndarray) -> Quantity:
    return replace(finding, points=_moved(finding.points, matrix))


@finding_in_frame.register
def _(finding: Relation, matrix: np.ndarray) -> Relation:
    return replace(finding, points=_moved(finding.points, matrix))


@finding_in_frame.register
def _(finding: Position, matrix: np.ndarray) -> Position:
    if finding.frame:
        return finding
    return replace(finding, point=_moved(finding.point, matrix),
                   covariance=_turned(finding.covariance, matrix))


@finding_in_frame.register
def _(finding: Found, matrix: np.ndarray) -> Found:
    return replace(
        finding, center=_moved(finding.center, matrix), rotation=matrix[:3, :3] @ finding.rotation,
        pose_covariance=_turned(finding.pose_covariance, matrix),
        points=_moved(finding.points, matrix))


@finding_in_frame.register
def _(finding: FoundPlane, matrix: np.ndarray) -> FoundPlane:
    normal = matrix[:3, :3] @ finding.normal
    return replace(finding, normal=normal, offset=finding.offset + float(normal @ matrix[:3, 3]),
                   polygon=_moved(finding.polygon, matrix))


@finding_in_frame.register
def _(finding: Track, matrix: np.ndarray) -> Track:
    rotation = matrix[:3, :3]
    return replace(
        finding, positions=_moved(finding.positions, matrix), velocity=rotation @ finding.velocity,
        velocity_sigma=np.sqrt(np.square(rotation) @ np.square(finding.velocity_sigma)),
        up=rotation @ finding.up)
