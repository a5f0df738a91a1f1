"""The 3D view: what the cameras saw, and the findings drawn over it, as a plotly figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.record import FindingJson
from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.report.cloud import Cloud
from spatialclaw_ros.report.cloud import cloud_of
from spatialclaw_ros.report.cloud import NOTHING
from spatialclaw_ros.report.shapes import camera_outline
from spatialclaw_ros.report.shapes import Shape
from spatialclaw_ros.report.shapes import shape_of
from spatialclaw_ros.report.stage import Stage
from spatialclaw_ros.report.stage import stage_about
from spatialclaw_ros.report.words import told

MOST_POINTS = 30_000
_MOST_CAMERAS, _MOST_LABELS, _MOST_SHAPES = 12, 12, 60
_COLORS = {'distance': '#d9480f', 'position': '#0b7285', 'box': '#1864ab'}
#: Plotly takes these for markup.
_PLAIN = str.maketrans('<>&', '‹›+')
_FONT = {'family': 'system-ui, sans-serif', 'size': 12, 'color': '#343a40'}


@dataclass(frozen=True, eq=False)
class View:
    """A figure as JSON that is safe inside a script element, plotly's own code, and a note."""

    figure: str
    library: str
    note: str


class NoPlotly(ImportError):
    """The 3D view needs plotly, which is not installed."""


def view_of(record: Record, kept: Kept | None) -> View | None:
    """The view of a record; None where there is nothing to draw. Raises NoPlotly."""
    window = kept.window if kept is not None else None
    findings = findings_of(record)
    shapes = [(shape, finding) for finding in findings
              if (shape := shape_of(finding, window)) is not None][:_MOST_SHAPES]
    focus = np.concatenate([np.empty((0, 3)), *(shape.points for shape, _ in shapes)])
    cited = [index for finding in findings if isinstance(finding.get('frames'), list)
             for index in finding['frames']]
    cloud = NOTHING if window is None else cloud_of(window, cited)
    if not len(cloud.points) and not len(focus):
        return None
    stage = stage_about(cloud.points, focus, cloud.frames, None if window is None else window.up)
    cloud = cloud.thinned(stage.holds(cloud.points), MOST_POINTS)
    return _drawn(cloud, shapes, stage)


def findings_of(record: Record) -> tuple[FindingJson, ...]:
    """The evidence of the answer; without any, what the cells showed, the same ones once."""
    if record.answer is not None and record.answer.evidence:
        return record.answer.evidence
    shown = [finding for step in record.steps if step.result for finding in step.result.findings]
    return tuple(finding for number, finding in enumerate(shown)
                 if finding not in shown[:number])


def _drawn(cloud: Cloud, shapes: Sequence[tuple[Shape, FindingJson]], stage: Stage) -> View:
    try:
        import plotly.graph_objects as go
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise NoPlotly('the 3D view needs plotly: pip install plotly') from error
    traces = [*_seen(cloud), *_cameras(cloud, stage)]
    for shape, finding in shapes:
        traces += _finding(shape, finding)
    figure = go.Figure([go.Scatter3d(trace) for trace in traces])
    labelled = sorted((shape for shape, _ in shapes[:_MOST_LABELS] if shape.label),
                      key=lambda shape: shape.kind == 'distance')
    figure.update_layout(
        scene={**stage.scene, 'annotations': [_label(shape, stage) for shape in labelled]},
        margin={'l': 0, 'r': 0, 't': 0, 'b': 48}, paper_bgcolor='#ffffff', font=_FONT,
        legend={'orientation': 'h', 'x': 0, 'y': -0.01, 'yanchor': 'top',
                'itemsizing': 'constant'})
    cut = 'Only what lies about the findings is shown.' if stage.is_cut else ''
    return View(str(figure.to_json()), get_plotlyjs(), f'{cut} {cloud.note}'.strip())


def _line(points: np.ndarray, mode: str, **more: Any) -> dict[str, Any]:
    x, y, z = np.asarray(points, np.float32).T
    return {'x': x, 'y': y, 'z': z, 'mode': mode, **more}


def _seen(cloud: Cloud) -> list[dict[str, Any]]:
    if not len(cloud.points):
        return []
    colors = ['#{:02x}{:02x}{:02x}'.format(*color) for color in cloud.colors.tolist()]
    return [_line(cloud.points, 'markers', name='what the camera saw', hoverinfo='skip',
                  marker={'size': 1.2, 'color': colors, 'line': {'width': 0}})]


def _cameras(cloud: Cloud, stage: Stage) -> list[dict[str, Any]]:
    """The cameras that are on the stage, as small pyramids of view."""
    length = 0.06 * float(np.linalg.norm(stage.high - stage.low))
    outlines = [outline for outline in (
        camera_outline(frame, length) for frame in cloud.frames[-_MOST_CAMERAS:])
        if stage.holds(outline[np.isfinite(outline).all(axis=1)]).all()]
    return [_line(np.concatenate(outlines), 'lines', name='camera', hoverinfo='skip',
                  line={'width': 2, 'color': '#868e96'})] if outlines else []


def _finding(shape: Shape, finding: FindingJson) -> list[dict[str, Any]]:
    said = told(finding)
    hover = '<br>'.join(_plain(part) for part in (said.what, said.value, said.interval) if part)
    common = {'name': _plain(said.what), 'legendgroup': str(id(shape)),
              'hovertemplate': f'{hover}<extra></extra>'}
    color, traces = _COLORS[shape.kind], []
    if len(shape.lines):
        width = 7 if shape.kind == 'distance' else 3
        traces.append(_line(shape.lines, 'lines', **common, line={'width': width, 'color': color}))
    if len(shape.dots):
        traces.append(_line(shape.dots, 'markers', **common, showlegend=not traces,
                            marker={'size': 4, 'color': color}))
    return traces


def _label(shape: Shape, stage: Stage) -> dict[str, Any]:
    """A distance is told beside its line; a box bears its name on its highest corner."""
    is_box = shape.kind == 'box'
    at = shape.points[np.argmax(shape.points @ stage.up)] if is_box else shape.at
    x, y, z = map(float, at)
    color = _COLORS[shape.kind]
    return {'x': x, 'y': y, 'z': z, 'text': _plain(shape.label), 'showarrow': True,
            'ax': -26 if is_box else 84, 'ay': -20 if is_box else -52, 'arrowhead': 0,
            'arrowwidth': 1, 'arrowcolor': color, 'bgcolor': 'rgba(255,255,255,0.88)',
            'bordercolor': color, 'borderpad': 3, 'borderwidth': 0 if is_box else 1,
            'font': {'size': 12 if is_box else 14, 'color': color}}


def _plain(text: str) -> str:
    """Text on one line, in which nothing is markup for plotly."""
    return ' '.join(text.translate(_PLAIN).split())[:80]
