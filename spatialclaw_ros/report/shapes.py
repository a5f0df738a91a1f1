"""Findings as lines and points of the world.

A line is (N, 3) metres; a row of NaN lifts the pen, so that many lines are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.agent.record import FindingJson
from spatialclaw_ros.report.words import measured
from spatialclaw_ros.report.words import text
from spatialclaw_ros.report.words import vector
from spatialclaw_ros.report.words import vectors
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

_LIFT = np.full((1, 3), np.nan)
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8)
          if np.count_nonzero(_CORNERS[a] != _CORNERS[b]) == 1]
_AROUND = np.linspace(0, 2 * np.pi, 33)


@dataclass(frozen=True, eq=False)
class Shape:
    """What is drawn of one finding: `lines` and `dots` (N, 3) world metres, and its `label`.

    `at` (3,) is where the label, where there is one, points to. `kind` chooses the colour.
    """

    kind: str
    label: str
    lines: np.ndarray
    dots: np.ndarray
    at: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """(N, 3) all of it, without the lifts of the pen."""
        every = np.concatenate([self.lines, self.dots])
        return every[np.isfinite(every).all(axis=1)]


def shape_of(finding: FindingJson, window: FrameWindow | None) -> Shape | None:
    """What to draw of a finding; None where there is nothing, or its place is not known."""
    draw = _DRAWN.get(str(finding.get('type')))
    return None if draw is None else draw(finding, window)


def camera_outline(frame: Frame, length: float) -> np.ndarray:
    """Lines (N, 3) of a camera's pyramid of view, `length` metres deep, in the world."""
    width, height = frame.camera.width, frame.camera.height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    rays = np.column_stack([frame.camera.normalized(corners), np.ones(4)]) * length
    pose = np.eye(4) if frame.camera_to_world is None else frame.camera_to_world
    tip, base = pose[:3, 3], rays @ pose[:3, :3].T + pose[:3, 3]
    return _lifted([np.vstack([base, base[:1]]), *(np.vstack([tip, corner]) for corner in base)])


def box_outline(center: np.ndarray, size: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Lines (N, 3) along the 12 edges of a box, `rotation` (3, 3) holding its axes as columns."""
    corners = _CORNERS * size @ rotation.T + center
    return _lifted([corners[list(edge)] for edge in _EDGES])


def ellipsoid_outline(center: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Lines (N, 3): the three principal ellipses of the 1-sigma ellipsoid; none if unknown."""
    if not np.isfinite(covariance).all():
        return np.empty((0, 3))
    variances, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    half = axes * np.sqrt(np.clip(variances, 0, None))
    circle = np.column_stack([np.cos(_AROUND), np.sin(_AROUND)])
    return _lifted([circle @ half[:, pair].T + center for pair in ([0, 1], [1, 2], [2, 0])])


def _lifted(lines: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part for line in lines for part in (line, _LIFT)])


def _distance(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    start, end = vector(finding.get('from_point')), vector(finding.get('to_point'))
    if start is None or end is None:
        return None
    ends = np.array([start, end])
    return Shape('distance', measured(finding.get('value'), 'm'), ends, ends, ends.mean(axis=0))


def _position(finding: FindingJson, window: FrameWindow | None) -> Shape | None:
    point = vector(finding.get('point'))
    to_world = _to_world(text(finding, 'frame'), window)
    if point is None or to_world is None:
        return None
    covariance = vectors(finding.get('covariance'))
    covariance = covariance if covariance.shape == (3, 3) else np.full((3, 3), np.nan)
    lines = ellipsoid_outline(point, covariance)
    moved = [part @ to_world[:3, :3].T + to_world[:3, 3] for part in (lines, point[None])]
    return Shape('position', text(finding, 'name'), moved[0], moved[1], moved[1][0])


def _found(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    center, size = vector(finding.get('center')), vector(finding.get('size'))
    rotation = vectors(finding.get('rotation'))
    if center is None or size is None or rotation.shape != (3, 3):
        return None
    return Shape('box', text(finding, 'name'), box_outline(center, size, rotation),
                 np.empty((0, 3)), center)


def _quantity(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    """Two points, as a height has, are joined; more are drawn as they are."""
    dots = vectors(finding.get('points'))
    if not len(dots):
        return None
    label = f'{text(finding, "name")} {measured(finding.get("value"), text(finding, "unit"))}'
    return Shape('distance', label, dots if len(dots) == 2 else np.empty((0, 3)), dots,
                 dots.mean(axis=0))


def _relation(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    dots = vectors(finding.get('points'))
    return None if not len(dots) else Shape(
        'position', '', np.empty((0, 3)), dots, dots.mean(axis=0))


def _plane(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    polygon = vectors(finding.get('polygon'))
    return None if len(polygon) < 3 else Shape(
        'box', text(finding, 'name'), np.vstack([polygon, polygon[:1]]), np.empty((0, 3)),
        polygon.mean(axis=0))


def _track(finding: FindingJson, _window: FrameWindow | None) -> Shape | None:
    path = vectors(finding.get('positions'))
    return None if not len(path) else Shape(
        'distance', text(finding, 'name'), path, path, path[-1])


def _to_world(frame: str, window: FrameWindow | None) -> np.ndarray | None:
    """(4, 4) from the frame that a position names to the world; None where it is not known."""
    if not frame:
        return np.eye(4)
    if window is None:
        return None
    if frame == window.target_frame and window.world_to_target is not None:
        return np.asarray(np.linalg.inv(window.world_to_target))
    poses = {f'camera {seen.index}': seen.camera_to_world for seen in window.frames}
    return np.eye(4) if frame == window.world_frame else poses.get(frame)


_DRAWN = {'Distance': _distance, 'Position': _position, 'Found': _found, 'Quantity': _quantity,
          'Relation': _relation, 'FoundPlane': _plane, 'Track': _track}
