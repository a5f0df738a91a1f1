"""Whether an answer is right, and whether its error bar is honest."""

from __future__ import annotations

from dataclasses import dataclass
import math
import re

import numpy as np

from spatialclaw_ros.calls.units import unit_scale
from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.status import ErrorCode

#: An answer whose std_dev exceeds this many tolerances is a miss, whatever its value.
MOST_SIGMA = 2.0
#: 95 % quantile of chi-squared with 3 degrees of freedom.
_ELLIPSOID = 7.8147


@dataclass(frozen=True)
class Score:
    """One answered question.

    `error` is |answer - expected| (Euclidean for positions), NaN for words; `signed` keeps the
    sign of a number's error. `covered` says whether the 95 % interval holds the expected value,
    None where there is none.
    """

    asked: Asked
    right: bool
    got: str
    error: float = math.nan
    signed: float = math.nan
    std_dev: float = math.nan
    covered: bool | None = None
    seconds: float = math.nan
    reason: str = ''
    answered: bool = True


def score(asked: Asked, answer: Answer, guesses: bool = False) -> Score:
    """Score `answer`, whose position is in the asked target frame.

    An answer that rests on no geometry is a refusal, unless `guesses` are scored by their value.
    """
    guessed = guesses and answer.code is ErrorCode.GUESSED
    if answer.code is not ErrorCode.NONE and not guessed:
        return Score(asked, False, answer.code.label, seconds=answer.elapsed,
                     reason=answer.message or answer.explanation, answered=False)
    if isinstance(asked.expected, str):
        right = plain_word(answer.text) == plain_word(asked.expected)
        return Score(asked, right, answer.text, seconds=answer.elapsed,
                     reason='' if right else f'expected {asked.expected}')
    if isinstance(asked.expected, tuple):
        return _position_score(asked, answer)
    factor = unit_factor(asked, answer)
    covered = None
    if math.isfinite(answer.interval.low) and math.isfinite(answer.interval.high):
        covered = bool(answer.interval.low * factor <= asked.expected
                       <= answer.interval.high * factor)
    reason = '' if same_unit(asked, answer) else f'unit {answer.unit!r}, expected {asked.unit!r}'
    return _judged(asked, f'{answer.value:.4g}', answer.value * factor - asked.expected,
                   answer.std_dev * factor, covered, reason, answer.elapsed)


def same_unit(asked: Asked, answer: Answer) -> bool:
    """Whether the number of `answer` can be held against the one expected."""
    return math.isfinite(unit_factor(asked, answer))


def unit_factor(asked: Asked, answer: Answer) -> float:
    """What the number of `answer` is multiplied by to be in the unit expected; NaN: it cannot.

    A number without a unit is taken to be in the one that was asked for.
    """
    if not asked.unit or not answer.unit or answer.unit == asked.unit:
        return 1.0
    for si in ('m', 'rad'):
        given, wanted = unit_scale(si, answer.unit), unit_scale(si, asked.unit)
        if given and wanted:
            return wanted / given
    return math.nan


def plain_word(text: str) -> str:
    """A word as it is compared: lower case, spaces alike, no article and no full stop."""
    return re.sub(r'^the ', '', re.sub(r'[\s_]+', ' ', text.strip().lower())).rstrip('.')


def _position_score(asked: Asked, answer: Answer) -> Score:
    if answer.position is None:
        return Score(asked, False, answer.text, seconds=answer.elapsed, reason='no position')
    error = float(np.linalg.norm(np.asarray(answer.position) - np.asarray(asked.expected)))
    got = '[' + ', '.join(f'{value:.3f}' for value in answer.position) + ']'
    told = next((f for f in answer.evidence if isinstance(f, Position)), None)
    covered = None if told is None else _within(told, np.asarray(asked.expected))
    return _judged(asked, got, error, answer.std_dev, covered, '', answer.elapsed)


def _within(told: Position, point: np.ndarray) -> bool:
    """Whether the 95 % ellipsoid of a position holds a point given in its frame."""
    away = point - told.point
    return bool(away @ np.linalg.solve(told.covariance, away) <= _ELLIPSOID)


def _judged(asked: Asked, got: str, signed: float, std_dev: float, covered: bool | None,
            reason: str, seconds: float) -> Score:
    tolerance = asked.tolerance or 0.0
    error = abs(signed)
    if not reason and not error <= tolerance + 1e-9:
        reason = f'off by {error:.4g}, tolerance {tolerance:.4g}'
    if not reason and tolerance and std_dev > MOST_SIGMA * tolerance:
        reason = f'std_dev {std_dev:.4g} is over {MOST_SIGMA:g} tolerances'
    return Score(asked, not reason, got, error, signed, std_dev, covered, seconds, reason)
