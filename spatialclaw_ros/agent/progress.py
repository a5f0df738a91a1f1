"""How far a query has come, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Quantity

LAST_LINE_LENGTH = 400


@dataclass(frozen=True, eq=False)
class Progress:
    """State of a running query; see the feedback of SpatialQuery.action.

    `elapsed` seconds on the steady clock; `best_value` in `best_unit` ('deg' for angles), NaN
    while there is none. `code` is that of the running cell; `pictures` are those shown since the
    last progress, each a label and (H, W, 3) uint8 RGB; `findings` all so far, in the world.
    """

    stage: str
    step: int = 0
    purpose: str = ''
    last_line: str = ''
    elapsed: float = 0.0
    best_value: float = math.nan
    best_unit: str = ''
    code: str = ''
    pictures: tuple[tuple[str, np.ndarray], ...] = ()
    findings: tuple[Finding, ...] = ()


OnProgress = Callable[[Progress], None]


def last_line(text: str, most: int = LAST_LINE_LENGTH) -> str:
    """The last line of `text` that is not blank, at most `most` characters of it."""
    lines = [line for line in text.splitlines() if line.strip()]
    line = lines[-1].strip() if lines else ''
    return line if len(line) <= most else f'{line[:most - 2]} …'


def best_value(findings: Iterable[Finding]) -> tuple[float, str]:
    """Value and unit of the newest finding that is a number; (NaN, '') without."""
    for finding in reversed(list(findings)):
        if isinstance(finding, Distance):
            return finding.value, 'm'
        if isinstance(finding, Quantity):
            return for_people(finding.value, finding.unit)
    return math.nan, ''


def for_people(value: float, unit: str) -> tuple[float, str]:
    """`value` and its unit as people are told: radians become degrees."""
    return (math.degrees(value), 'deg') if unit == 'rad' else (value, unit)
