"""Findings as RViz markers: every one with namespace, id, finite lifetime and a visible colour."""

from __future__ import annotations

from collections.abc import Sequence
import functools
import math

import numpy as np
from std_msgs.msg import ColorRGBA
from std_msgs.msg import Header
from visualization_msgs.msg import Marker
from visualization_msgs.msg import MarkerArray

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.stamps import duration_message

_LINE, _POINT, _TEXT = 0.008, 0.02, 0.06
_ORANGE = (1.0, 0.55, 0.0, 1.0)
_BLUE = (0.1, 0.5, 0.9, 0.35)
_WHITE = (1.0, 1.0, 1.0, 1.0)
_GREEN = (0.2, 0.8, 0.3, 1.0)


class _Drawing:
    """Collects markers of one answer; ids count up within each namespace."""

    def __init__(self, header: Header, lifetime: float, prefix: str) -> None:
        self.markers: list[Marker] = []
        self._header, self._lifetime, self._prefix = header, lifetime, prefix
        self._ids: dict[str, int] = {}

    def add(self, namespace: str, kind: int, color: tuple[float, ...], scale: tuple[float, ...],
            points: np.ndarray, matrix: np.ndarray | None = None, text: str = '') -> None:
        """Add one marker; without any finite point nothing is drawn."""
        points = np.asarray(points, float).reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=1)]
        place = np.eye(4) if matrix is None else matrix
        is_listed = kind in (Marker.ARROW, Marker.LINE_STRIP, Marker.SPHERE_LIST)
        if (is_listed and not len(points)) or not np.isfinite(place).all():
            return
        namespace = self._prefix + namespace
        number = self._ids[namespace] = self._ids.get(namespace, -1) + 1
        marker = Marker(
            header=self._header, ns=namespace, id=number, type=kind, action=Marker.ADD,
            pose=convert.pose(place), scale=convert.vector(np.asarray(scale)),
            color=ColorRGBA(r=color[0], g=color[1], b=color[2], a=color[3]),
            lifetime=duration_message(self._lifetime), text=text)
        if is_listed:
            marker.points = [convert.point(point) for point in points]
        self.markers.append(marker)

    def line(self, namespace: str, points: np.ndarray) -> None:
        self.add(namespace, Marker.LINE_STRIP, _ORANGE, (_LINE, 0.0, 0.0), points)

    def arrow(self, namespace: str, start: np.ndarray, end: np.ndarray) -> None:
        self.add(namespace, Marker.ARROW, _ORANGE, (_LINE, 3 * _LINE, 0.0),
                 np.stack([start, end]))

    def dots(self, namespace: str, points: np.ndarray) -> None:
        self.add(namespace, Marker.SPHERE_LIST, _GREEN, (_POINT, _POINT, _POINT), points)

    def text(self, namespace: str, text: str, at: np.ndarray) -> None:
        self.add(namespace, Marker.TEXT_VIEW_FACING, _WHITE, (0.0, 0.0, _TEXT), np.empty((0, 3)),
                 convert.rigid(np.eye(3), np.asarray(at, float)), text)


def markers_of(evidence: Sequence[Finding], header: Header, lifetime: float,
               prefix: str = '') -> MarkerArray:
    """Markers of `evidence`, which is in the frame of `header`; `lifetime` seconds."""
    drawing = _Drawing(header, lifetime, prefix)
    for finding in evidence:
        _draw(finding, drawing)
    return MarkerArray(markers=drawing.markers)


def deletion(header: Header) -> MarkerArray:
    """What clears the markers of the goal before."""
    return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def _measured(value: float, unit: str, std_dev: float) -> str:
    if unit == 'rad':
        value, std_dev, unit = math.degrees(value), math.degrees(std_dev), 'deg'
    spread = f' ± {std_dev:.2g}' if math.isfinite(std_dev) else ''
    return f'{value:.3g}{spread} {unit}'.strip()


def _middle(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, float).reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)]
    return points.mean(axis=0) if len(points) else np.full(3, np.nan)


@functools.singledispatch
def _draw(finding: Finding, _drawing: _Drawing) -> None:
    raise TypeError(f'{type(finding).__name__} is no finding')


@_draw.register
def _(finding: Distance, drawing: _Drawing) -> None:
    ends = np.array([finding.from_point, finding.to_point])
    drawing.line('distances', ends)
    drawing.dots('distance_ends', ends)
    drawing.text('distance_values', _measured(finding.value, 'm', finding.sigma.total),
                 _middle(ends))


@_draw.register
def _(finding: Quantity, drawing: _Drawing) -> None:
    drawing.dots('quantity_points', finding.points)
    drawing.text('quantities', f'{finding.name} '
                 f'{_measured(finding.value, finding.unit, finding.sigma.total)}',
                 _middle(finding.points))


@_draw.register
def _(finding: Relation, drawing: _Drawing) -> None:
    drawing.dots('relation_points', finding.points)
    drawing.text('relations', finding.word, _middle(finding.points))


@_draw.register
def _(finding: Position, drawing: _Drawing) -> None:
    if not finding.frame:
        drawing.dots('positions', finding.point)
        drawing.text('position_names', finding.name, finding.point)


@_draw.register
def _(finding: Found, drawing: _Drawing) -> None:
    size = np.maximum(np.nan_to_num(finding.size), 0.001)
    drawing.add('objects', Marker.CUBE, _BLUE, tuple(size), np.empty((0, 3)),
                convert.rigid(finding.rotation, finding.center))
    drawing.text('object_names', finding.name, finding.center)


@_draw.register
def _(finding: FoundPlane, drawing: _Drawing) -> None:
    if len(finding.polygon):
        drawing.line('planes', np.vstack([finding.polygon, finding.polygon[:1]]))
        drawing.text('plane_names', finding.name, _middle(finding.polygon))


@_draw.register
def _(finding: Track, drawing: _Drawing) -> None:
    drawing.line('tracks', finding.positions)
    course = 'at rest'
    if finding.is_moving:  # the arrow is the way of one second
        course = f'{finding.speed:.2f} m/s'
        last = finding.positions[-1]
        drawing.arrow('tracks', last, last + finding.speed * finding.heading)
    drawing.text('track_names', f'{finding.name}, {course}', finding.positions[-1])
