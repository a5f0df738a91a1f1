"""Numbers and findings in words, as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Any
from typing import TypeGuard

import numpy as np

from spatialclaw_ros.agent.answering import number_text
from spatialclaw_ros.agent.progress import for_people
from spatialclaw_ros.agent.record import FindingJson
from spatialclaw_ros.findings.answer import Track

_KINDS = {'CLOSEST': 'closest distance', 'CENTROID': 'distance between centres',
          'GAP_ALONG_AXIS': 'gap along an axis', 'VERTICAL': 'vertical distance'}
_PARTS = ('mask', 'pixel', 'frame', 'pose')


@dataclass(frozen=True)
class Told:
    """A finding in words: what it is, its value, and what is known of its error and origin."""

    what: str
    value: str
    interval: str = ''
    sigma: str = ''
    where: str = ''
    frames: str = ''
    note: str = ''


def told(finding: FindingJson) -> Told:
    """The finding in words; a kind that is not known by its name alone."""
    kind = str(finding.get('type', 'finding'))
    what, value, where = _WORDS.get(kind, _unknown)(finding)
    frames = finding.get('frames')
    return Told(what, value, _interval(finding), _sigma(finding), where,
                ', '.join(str(frame) for frame in frames[:8]) if isinstance(frames, list) else '',
                str(finding.get('note') or ''))


def seconds(value: float) -> str:
    """A duration for people."""
    return f'{value:.2f} s' if value < 10 else f'{value:.1f} s'


def measured(value: Any, unit: str) -> str:
    """A number with its unit, angles in degrees; a dash where it is not known."""
    if not _is_finite(value):
        return '–'
    shown, shown_unit = for_people(float(value), unit)
    return f'{number_text(shown, shown_unit)} {shown_unit}'.strip()


def point(values: Any) -> str:
    """Coordinates in metres; empty where they are not known."""
    found = vector(values)
    return '' if found is None else f'({", ".join(f"{x:.3f}" for x in found)}) m'


def vector(values: Any, size: int = 3) -> np.ndarray | None:
    """(size,) array of what should be a list of so many finite numbers; None where it is not."""
    if not isinstance(values, list) or len(values) != size or not all(map(_is_finite, values)):
        return None
    return np.array(values, float)


def vectors(values: Any, width: int = 3) -> np.ndarray:
    """(N, width) array of those rows that are finite numbers; none where a list was too long."""
    rows = values if isinstance(values, list) else []
    found = [row for row in (vector(row, width) for row in rows) if row is not None]
    return np.array(found, float).reshape(-1, width)


def text(finding: FindingJson, key: str) -> str:
    """A field that holds text."""
    value = finding.get(key)
    return value if isinstance(value, str) else ''


def _number(finding: FindingJson, key: str) -> float:
    """A field that holds a finite number; NaN where it does not."""
    value = finding.get(key)
    return value if _is_finite(value) else math.nan


def _is_finite(value: Any) -> TypeGuard[float]:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and math.isfinite(value))


def _unit(finding: FindingJson) -> str:
    return 'm' if finding.get('type') == 'Distance' else text(finding, 'unit')


def _interval(finding: FindingJson) -> str:
    bounds = finding.get('interval')
    if not isinstance(bounds, dict) or not all(_is_finite(bounds.get(k)) for k in ('low', 'high')):
        return ''
    low, high = (measured(bounds[key], _unit(finding)) for key in ('low', 'high'))
    return f'{low} to {high}'


def _sigma(finding: FindingJson) -> str:
    """One sigma and its parts, which are kept apart because only some of them average down."""
    sigma = finding.get('sigma')
    parts = [sigma.get(part) for part in _PARTS] if isinstance(sigma, dict) else []
    known = vector(parts, len(_PARTS))
    if known is None:
        return _spread(finding)
    scale, unit = for_people(1.0, _unit(finding))
    if unit == 'm':
        scale, unit = 1000.0, 'mm'
    listed = ', '.join(f'{name} {value * scale:.2g}'
                       for name, value in zip(_PARTS, known, strict=True) if value)
    total = f'{math.hypot(*known) * scale:.2g} {unit}'.strip()
    return f'{total} ({listed})' if listed else total


def _spread(finding: FindingJson) -> str:
    """One sigma of a position along x, y, z, or of the sides of a box."""
    variances = np.diag(covariance) if (
        covariance := vectors(finding.get('covariance'))).shape == (3, 3) else None
    sides = vector(finding.get('size_sigma'))
    if variances is not None and (variances >= 0).all():
        sides = np.sqrt(variances)
    return '' if sides is None else f'{", ".join(f"{side * 1000:.2g}" for side in sides)} mm'


def _distance(finding: FindingJson) -> Sequence[str]:
    kind = _KINDS.get(text(finding, 'kind'), 'distance')
    ends = [point(finding.get(key)) for key in ('from_point', 'to_point')]
    return (f'{kind}, {text(finding, "from_name") or "a point"} to '
            f'{text(finding, "to_name") or "a point"}', measured(finding.get('value'), 'm'),
            f'from {ends[0]} to {ends[1]}' if all(ends) else '')


def _quantity(finding: FindingJson) -> Sequence[str]:
    return text(finding, 'name'), measured(finding.get('value'), text(finding, 'unit')), ''


def _position(finding: FindingJson) -> Sequence[str]:
    frame = text(finding, 'frame')
    return (f'position of {text(finding, "name")}', point(finding.get('point')),
            f'in the frame {frame}' if frame else '')


def _relation(finding: FindingJson) -> Sequence[str]:
    names = finding.get('names')
    listed = ', '.join(map(str, names[:8])) if isinstance(names, list) else ''
    viewpoint = text(finding, 'viewpoint')
    return (f'{listed}{f", seen from {viewpoint}" if viewpoint else ""}', text(finding, 'word'),
            f'by {measured(finding.get("margin"), text(finding, "unit"))}'
            if _is_finite(finding.get('margin')) else '')


def _found(finding: FindingJson) -> Sequence[str]:
    size = vector(finding.get('size'))
    sides = '' if size is None else f'{" × ".join(f"{side:.3f}" for side in size)} m'
    centre = point(finding.get('center'))
    return f'box of {text(finding, "name")}', sides, f'centre {centre}' if centre else ''


def _plane(finding: FindingJson) -> Sequence[str]:
    normal = vector(finding.get('normal'))
    said = '' if normal is None else f'normal ({", ".join(f"{x:.3f}" for x in normal)})'
    return f'plane {text(finding, "name")}', said, f'offset {measured(finding.get("offset"), "m")}'


def _track(finding: FindingJson) -> Sequence[str]:
    what, nowhere = f'motion of {text(finding, "name")}', np.full(3, np.nan)
    velocity, sigma, up = (vector(finding.get(key)) for key in ('velocity', 'velocity_sigma', 'up'))
    if velocity is None or sigma is None:
        return what, measured(None, 'm/s'), ''
    track = Track('', np.empty(0), np.empty((0, 3)), np.empty(0), velocity, sigma,
                  up=nowhere if up is None else up, excess=_number(finding, 'excess'))
    speed = f'{measured(track.speed, "m/s")} ± {measured(track.speed_sigma, "m/s")}'
    return what, speed, track.course


def _unknown(finding: FindingJson) -> Sequence[str]:
    return str(finding.get('type', 'finding')), '', ''


_WORDS = {'Distance': _distance, 'Quantity': _quantity, 'Position': _position,
          'Relation': _relation, 'Found': _found, 'FoundPlane': _plane, 'Track': _track}
