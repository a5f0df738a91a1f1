"""From what a cell returned to the answer a caller gets, in words and numbers for people."""

from __future__ import annotations

from collections.abc import Sequence
import functools
import math

import numpy as np

from spatialclaw_ros.agent.progress import for_people
from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.calls.units import unit_scale
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import NAN_INTERVAL
from spatialclaw_ros.findings.uncertainty import Z95
from spatialclaw_ros.scene import FrameWindow

_KINDS = {
    'CLOSEST': 'closest distance between the visible surfaces of {0} and {1}',
    'CENTROID': 'distance between the centroids of the visible surfaces of {0} and {1}',
    'GAP_ALONG_AXIS': 'free space between {0} and {1} along one axis',
    'VERTICAL': 'vertical distance between {0} and {1}',
}


def answer_of(submitted: SubmitAnswer, window: FrameWindow, remark: str = '') -> Answer:
    """The answer to a query whose cell returned `submitted`.

    GUESSED, without sigma, where nothing measured was given as evidence. Angles become degrees;
    a position is given in the window's target frame unless its finding names another.
    """
    evidence = submitted.evidence
    main = evidence[submitted.main] if submitted.main is not None else next(
        (finding for finding in evidence if not isinstance(finding, Found)), None)
    code = ErrorCode.NONE if evidence else ErrorCode.GUESSED
    value, unit = for_people(
        math.nan if submitted.value is None else submitted.value, submitted.unit)
    std_dev, interval = _spread(main, submitted.value, value, unit)
    position, frame = _placed(main if submitted.value is None else None, window)
    text = submitted.text if submitted.value is None else number_text(value, unit)
    if position is not None:
        text = ', '.join(f'{x:.3f}' for x in position)
    return Answer(
        code, text, explain(main, window, remark), _guess_message(code),
        value=value, unit=unit, std_dev=std_dev, interval=interval, position=position,
        frame=frame, evidence=evidence)


def number_text(value: float, unit: str) -> str:
    """A number for people: counts whole, lengths to the millimetre, angles to a tenth."""
    if not unit and float(value).is_integer():
        return str(int(value))
    return f'{value:.{_DECIMALS.get(unit, 3)}f}'


_DECIMALS = {'deg': 1, 'cm': 1, 'mm': 0}


def _guess_message(code: ErrorCode) -> str:
    return 'the answer rests on no geometry' if code is ErrorCode.GUESSED else ''


def _spread(main: Finding | None, raw: float | None, value: float, unit: str
            ) -> tuple[float, Interval]:
    """Std_dev and interval of the answer's number, in its own unit."""
    if raw is not None and isinstance(main, Position):
        return _component_spread(main, raw)
    if raw is None or not isinstance(main, (Distance, Quantity)):
        return math.nan, NAN_INTERVAL
    own_unit = main.unit if isinstance(main, Quantity) else 'm'
    scale = unit_scale(own_unit, unit or own_unit)
    if scale is None or not math.isclose(main.value * scale, value, rel_tol=1e-9, abs_tol=1e-12):
        return math.nan, NAN_INTERVAL
    return main.sigma.total * scale, Interval(
        main.interval.low * scale, main.interval.high * scale)


def _component_spread(position: Position, value: float) -> tuple[float, Interval]:
    """Std_dev and interval of one coordinate of a position, where `value` is one."""
    axis = int(np.argmin(np.abs(position.point - value)))
    variance = float(position.covariance[axis, axis])
    if not math.isclose(position.point[axis], value, abs_tol=1e-9) or not variance >= 0:
        return math.nan, NAN_INTERVAL
    sigma = math.sqrt(variance)
    return sigma, Interval(value - Z95 * sigma, value + Z95 * sigma)


def _placed(main: Finding | None, window: FrameWindow) -> tuple[np.ndarray | None, str]:
    """Position of the answer, and the frame its position (or all its geometry) is in."""
    target = window.target_frame if window.world_to_target is not None else ''
    if not isinstance(main, Position):
        return None, target or window.world_frame
    if main.frame:
        return np.asarray(main.point), _frame_name(main.frame, window)
    if window.world_to_target is None:
        return np.asarray(main.point), window.world_frame
    matrix = window.world_to_target
    return matrix[:3, :3] @ main.point + matrix[:3, 3], target


def _frame_name(frame: str, window: FrameWindow) -> str:
    """Name, as TF knows it, of the frame of a position; 'camera N' is the camera of frame N."""
    kind, _, number = frame.partition(' ')
    known = {str(frame.index): frame.camera.frame_id for frame in window.frames}
    return known.get(number, frame) if kind == 'camera' else frame


def explain(main: Finding | None, window: FrameWindow, remark: str = '') -> str:
    """One to three sentences: what was measured, between what, seen from where, in which frame."""
    if main is None:
        return sentences(remark)
    said = _said(main, window)
    note = getattr(main, 'note', '')
    return sentences(said, _seen(main, window), note, remark)


def sentences(*parts: str) -> str:
    """Each part that is not empty as a sentence."""
    stripped = [part.strip().rstrip('.') for part in parts if part.strip()]
    return ' '.join(f'{part[0].upper()}{part[1:]}.' for part in stripped)


def _seen(main: Finding, window: FrameWindow) -> str:
    frames: Sequence[int] = getattr(main, 'frames', ())
    if not frames:
        return ''
    known = {frame.index: frame.camera.name for frame in window.frames}
    cameras = dict.fromkeys(known[index] for index in frames if index in known)
    listed = ', '.join(str(index) for index in sorted(set(frames)))
    return (f'seen in frame{"s" if len(set(frames)) > 1 else ""} {listed} of '
            f'{", ".join(cameras) or "the camera"}').capitalize()


@functools.singledispatch
def _said(finding: Finding, _window: FrameWindow) -> str:
    return getattr(finding, 'name', type(finding).__name__)


@_said.register
def _(finding: Distance, _window: FrameWindow) -> str:
    what = _KINDS.get(finding.kind, 'distance between {0} and {1}').format(
        finding.from_name or 'a point', finding.to_name or 'a point')
    return f'{what} is {_number(finding.value, "m", finding.interval)}'


@_said.register
def _(finding: Quantity, _window: FrameWindow) -> str:
    return f'{finding.name} is {_number(finding.value, finding.unit, finding.interval)}'


@_said.register
def _(finding: Position, window: FrameWindow) -> str:
    point, frame = _placed(finding, window)
    assert point is not None
    sigma = np.sqrt(np.diag(finding.covariance)).max()
    spread = f' (one sigma up to {sigma:.3f} m)' if np.isfinite(sigma) else ''
    return (f'{finding.name} is at ({point[0]:.3f}, {point[1]:.3f}, {point[2]:.3f}) m in the frame '
            f'"{frame}"{spread}')


@_said.register
def _(finding: Relation, _window: FrameWindow) -> str:
    seen = f' seen from {finding.viewpoint}' if finding.viewpoint else ''
    margin = ''
    if math.isfinite(finding.margin):
        value, unit = for_people(finding.margin, finding.unit)
        sigma, _ = for_people(finding.margin_sigma, finding.unit)
        margin = f', by {value:.3g} {unit}' + (
            f' ± {sigma:.2g}' if math.isfinite(sigma) else '')
    values = ', '.join(f'{name} {for_people(value, finding.unit)[0]:.3f}'
                       for name, value in finding.candidates)
    unit = f' {for_people(0.0, finding.unit)[1]}' if values else ''
    return (f'{" and ".join(finding.names)}: {finding.word}{seen}{margin}'
            + (f'; measured {values}{unit}' if values else ''))


@_said.register
def _(finding: Found, _window: FrameWindow) -> str:
    return f'{finding.name} was found'


def _number(value: float, unit: str, interval: Interval) -> str:
    shown, shown_unit = for_people(value, unit)
    text = f'{number_text(shown, shown_unit)} {shown_unit}'.strip()
    if math.isfinite(interval.low) and math.isfinite(interval.high):
        low, high = (for_people(bound, unit)[0] for bound in (interval.low, interval.high))
        text += (f' (95 % interval {number_text(low, shown_unit)} to '
                 f'{number_text(high, shown_unit)})')
    return text
