"""ReturnAnswer: how a cell ends its query."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
import math
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.calls.units import unit_scale
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.guided import guided_function
from spatialclaw_ros.toolkit.link import Link

FINDINGS = (Distance, Quantity, Position, Relation, Found, FoundPlane, Track)


class AnswerAccepted(BaseException):
    """The answer was accepted; the cell ends here."""


def as_findings(things: Any) -> list[Finding]:
    """`things` (one or nested lists) as findings; objects and planes become what is published."""
    if things is None:
        return []
    if isinstance(things, FINDINGS):
        return [things]
    if isinstance(things, Plane3D):
        return [FoundPlane(things.name, things.normal, things.offset, things.polygon,
                           things.normal_sigma, things.offset_sigma)]
    found = getattr(things, 'found', None)
    if callable(found):
        return [found()]
    if isinstance(things, dict):
        things = list(things.values())
    if isinstance(things, Iterable) and not isinstance(things, (str, bytes, np.ndarray)):
        return [finding for thing in things for finding in as_findings(thing)]
    raise TypeError(
        f'evidence is findings (of tools.Geometry) and objects (of recon.objects), got '
        f'{type(things).__name__}; write evidence=[finding, object]')


def number_text(value: float) -> str:
    """A number as text: whole ones without a point, others with 6 significant digits."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f'{value:.6g}'


def return_answer(link: Link) -> Callable[..., None]:
    """The function cells know as ReturnAnswer, submitting through `link`."""

    @guided_function
    def ReturnAnswer(answer: Any, evidence: Any = (), unit: str | None = None) -> None:  # noqa: N802
        """Return the answer and end the cell.

        `answer`: text, a number, or a finding (its value becomes the number, itself the
        evidence). `evidence`: findings and objects to publish. `unit` of a bare number: 'm',
        'rad', 'deg', 'm/s'; a finding is converted to it. Raises ValueError when the question has
        choices and this is none.
        """
        link.ask(submission(answer, evidence, unit))
        raise AnswerAccepted

    return ReturnAnswer


def submission(answer: Any, evidence: Any, unit: str | None) -> SubmitAnswer:
    """What is sent to the host for `answer`; raises TypeError or ValueError for what is none."""
    rest = as_findings(evidence)
    if isinstance(answer, str):
        if not answer.strip():
            raise ValueError('the answer is empty text; give a word, a number or a finding')
        return SubmitAnswer(str(answer).strip(), None, unit or '', tuple(rest))
    if isinstance(answer, (bool, np.bool_)):
        return SubmitAnswer('yes' if answer else 'no', None, '', tuple(rest))
    if is_number(answer):
        value = float(answer)
        if not math.isfinite(value):
            raise ValueError(f'the answer is {value}: nothing was measured. Look for what made it '
                             'so (an empty mask? no depth?) before answering')
        return SubmitAnswer(number_text(value), value, unit or '', tuple(rest))
    if isinstance(answer, FINDINGS) or callable(getattr(answer, 'found', None)) or isinstance(
            answer, Plane3D):
        return _of_finding(answer, rest, unit, evidence)
    raise TypeError(f'ReturnAnswer takes text, a number or a finding, got '
                    f'{type(answer).__name__} {str(answer)[:60]!r}; for a position write '
                    'ReturnAnswer(tools.Geometry.position(object))')


def _of_finding(answer: Any, rest: list[Finding], unit: str | None,
                evidence: Any) -> SubmitAnswer:
    main = as_findings(answer)[0]
    same = [i for i, finding in enumerate(rest) if finding is main]
    if not same and evidence is not None and not isinstance(answer, FINDINGS):
        same = [i for i, finding in enumerate(rest)
                if isinstance(finding, Found) and finding.name == getattr(main, 'name', None)]
    if not same:
        rest, same = [main, *rest], [0]
    text, value, own_unit = _value_of(main)
    if unit and value is not None and unit != own_unit:
        scale = unit_scale(own_unit, unit)
        if scale is None:
            raise ValueError(f'this finding is in {own_unit or "no unit"!r}, it cannot be given '
                             f'in {unit!r}; leave unit away')
        value, own_unit = value * scale, unit
        text = number_text(value)
    return SubmitAnswer(text, value, own_unit, tuple(rest), same[0])


def _value_of(finding: Finding) -> tuple[str, float | None, str]:
    if isinstance(finding, (Distance, Quantity)):
        if not math.isfinite(finding.value):
            raise ValueError(f'the finding has the value {finding.value}: nothing was measured')
        unit = finding.unit if isinstance(finding, Quantity) else 'm'
        return number_text(finding.value), float(finding.value), unit
    if isinstance(finding, Relation):
        return finding.word, None, ''
    if isinstance(finding, Position):
        return ', '.join(f'{x:.4f}' for x in finding.point), None, 'm'
    return finding.name, None, ''
