"""Whether two measures of one thing agree, and one finding from several that do not quite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
import math
from typing import TypeVar

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.uncertainty import Interval

Measure = TypeVar('Measure', bound=Finding)

#: Measures agree within this many joint sigmas, and contradict beyond the second number.
AGREE, CONTRADICT = 2.5, 8.0
#: A difference below these is no contradiction however small the sigmas, by unit.
_LEAST = {'m': 0.002, 'rad': 0.01, 'm/s': 0.01, '': 0.0}
#: A difference beyond this share of the value is a contradiction where it is beyond sigma too.
_SHARE = 0.25


def apart(first: Finding, second: Finding) -> float:
    """How far two measures of one thing are apart, in joint sigmas; 0 for the same word.

    Raises TypeError for findings of different kinds.
    """
    if isinstance(first, Relation) and isinstance(second, Relation):
        return 0.0 if first.word == second.word else _lead(first, second)
    if isinstance(first, Position) and isinstance(second, Position):
        joint = first.covariance + second.covariance + np.eye(3) * _LEAST['m'] ** 2
        offset = first.point - second.point
        return math.sqrt(float(offset @ np.linalg.solve(joint, offset)) / 3)
    if (isinstance(first, (Distance, Quantity)) and isinstance(second, (Distance, Quantity))
            and _unit(first) == _unit(second)):
        joint = math.hypot(*(np.nan_to_num(f.sigma.total) for f in (first, second)))
        difference = abs(first.value - second.value)
        return 0.0 if difference == 0 else difference / max(joint, _LEAST[_unit(first)], 1e-12)
    raise TypeError(
        f'{type(first).__name__} and {type(second).__name__} are not measures of one thing')


def agrees(*findings: Finding) -> bool:
    """Whether measures of one thing agree, each with each, within their joint sigma."""
    return all(apart(a, b) <= AGREE for a, b in combinations(findings, 2))


def reconcile(findings: Sequence[Measure]) -> Measure:
    """One finding from several measures of one thing, the first of which is the asked one.

    Where all agree, it is returned as it is. Where some do not, its interval is widened to hold
    their values and the note says so. Raises Ambiguous, with the values, where the
    difference is many sigmas and a large share of the value, or where words differ.
    """
    first = findings[0]
    if agrees(*findings):
        return first
    told = ', '.join(_told(f) for f in findings)
    if isinstance(first, (Relation, Position)):
        raise Ambiguous(f'measures contradict one another: {told}')
    assert isinstance(first, (Distance, Quantity))
    values = [f.value for f in findings if isinstance(f, (Distance, Quantity))]
    spread = max(values) - min(values)
    if max(apart(a, b) for a, b in combinations(findings, 2)) > CONTRADICT and (
            _unit(first) == '' or spread > _SHARE * max(abs(v) for v in values)):
        raise Ambiguous(f'measures contradict one another: {told}')
    widened = math.hypot(first.sigma.mask, spread / 2)
    interval = Interval(min(first.interval.low, *values), max(first.interval.high, *values))
    note = '; '.join(n for n in (first.note, f'measures differ: {told}') if n)
    return replace(first, sigma=replace(first.sigma, mask=widened), interval=interval, note=note)


def _unit(finding: Distance | Quantity) -> str:
    return finding.unit if isinstance(finding, Quantity) else 'm'


def _lead(first: Relation, second: Relation) -> float:
    """Sigmas by which two different words exclude one another: the weaker of both margins."""
    leads = [f.margin / f.margin_sigma if f.margin_sigma > 0 else math.inf
             for f in (first, second)]
    return max(AGREE * 1.01, min(leads) if not any(map(math.isnan, leads)) else math.inf)


def _told(finding: Finding) -> str:
    if isinstance(finding, Relation):
        return finding.word
    if isinstance(finding, Position):
        return str(np.round(finding.point, 3).tolist())
    if isinstance(finding, (Distance, Quantity)):
        return f'{finding.value:.3f} ± {finding.sigma.total:.3f} {_unit(finding)}'.strip()
    return finding.name
