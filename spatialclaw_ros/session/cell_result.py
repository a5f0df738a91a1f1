"""What came of a cell, and how it is told to whoever writes the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.kernel.outcome import Variable

_HEAD, _TAIL = 2000, 4000
_MOST_VARIABLES = 40


class Picture(NamedTuple):
    """A shown picture: `image` (H, W, 3) uint8 RGB."""

    label: str
    image: np.ndarray


class CallRecord(NamedTuple):
    """One tool or model call of a cell."""

    name: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class CellResult:
    """What came of one cell; see `kernel.outcome.CellOutcome` for status and note.

    `findings` were shown in this cell, `findings_so_far` in the whole query. Of a cell that timed
    out or was killed there are no pictures, findings or answer: they are rolled back with it.
    """

    status: str
    stdout: str
    error: str
    error_type: str
    answer: SubmitAnswer | None
    shown: tuple[Picture, ...]
    findings: tuple[Finding, ...]
    variables: tuple[Variable, ...]
    calls: tuple[CallRecord, ...]
    seconds: float
    note: str
    findings_so_far: tuple[Finding, ...] = ()

    def feedback(self, budget_line: str) -> str:
        """Text for the writer, ending with `budget_line`; its order is that of the kernel API."""
        blocks = [f'[{self.status}] in {self.seconds:.2f} s']
        if self.note:
            blocks[0] += f'. {self.note}'
        blocks += _block('Output', [shortened(self.stdout.rstrip())] if self.stdout.strip() else [])
        blocks += _block('Error', [self.error.rstrip()] if self.error else [])
        blocks += _block('Variables', _variables(self.variables))
        blocks += _block('Calls', [
            f'{call.name}: {call.seconds:.2f} s{", failed" if call.failed else ""}'
            for call in self.calls])
        blocks += _block(f'Images ({len(self.shown)})', [
            f'{number}: {picture.label}' for number, picture in enumerate(self.shown, 1)])
        blocks += _block('Findings so far', [repr(finding) for finding in self.findings_so_far])
        if self.answer is not None:
            unit = f' {self.answer.unit}' if self.answer.unit else ''
            blocks += _block('Answer', [f'{self.answer.text}{unit}'])
        blocks += _block('Left', [budget_line] if budget_line else [])
        return '\n'.join(blocks)


def shortened(text: str) -> str:
    """`text` with its middle left out when it is long, and how much was cut."""
    if len(text) <= _HEAD + _TAIL:
        return text
    cut = len(text) - _HEAD - _TAIL
    return f'{text[:_HEAD]}\n… {cut} characters cut here …\n{text[-_TAIL:]}'


def _variables(variables: Sequence[Variable]) -> list[str]:
    lines = [f'{variable.name} = {variable.summary}' for variable in variables[:_MOST_VARIABLES]]
    if len(variables) > _MOST_VARIABLES:
        lines.append(f'and {len(variables) - _MOST_VARIABLES} more')
    return lines


def _block(title: str, lines: Sequence[str]) -> list[str]:
    return [f'{title}:', *lines] if lines else []
