"""What the demo prints, and whether every answer was right."""

from __future__ import annotations

from collections.abc import Mapping
import math
from typing import Any


class Report:
    """Prints question after question; remembers which answers missed their truth."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.asked = 0
        self.missed: list[str] = []

    def heading(self, text: str) -> None:
        """Print what comes next."""
        print(f'\n== {text}', flush=True)

    def question(self, text: str) -> None:
        """Print a question that is about to be asked."""
        self.asked += 1
        print(f'\nQ  {text}', flush=True)

    def cell(self, step: int, purpose: str, code: str = '') -> None:
        """Print a cell as it runs."""
        print(f'   cell {step}: {purpose}', flush=True)
        for line in code.strip().splitlines():
            print(f'   | {line}')

    def answer(self, answer: Mapping[str, Any], truth: Any, tolerance: float | None,
               unit: str | None) -> None:
        """Print an answer beside its truth; `answer` has the keys of `spatialclaw ask --json`."""
        right = is_right(answer, truth, tolerance)
        if not right:
            self.missed.append(f'{answer["status"]}: {answer["answer"]}, truth {truth}')
        said = answer['position'] or answer['answer']
        line = f'A  {shown(said)} {answer["unit"] or ""}'.rstrip()
        if answer['interval'] is not None:
            low, high = answer['interval']
            line += f'   95 % interval {shown(low)} to {shown(high)}'
        within = '' if tolerance is None else f' ± {shown(tolerance)}'
        print(f'{line}   truth {shown(truth)}{within} {unit or ""}'.rstrip()
              + ('   ok' if right else '   MISSED'))
        if answer['status'] != 'ANSWERED':
            print(f'   {answer["status"]}: {answer["explanation"]}')


def shown(value: Any) -> str:
    """A number, a point or a word, short."""
    if isinstance(value, float):
        return f'{value:.3f}'
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(shown(item) for item in value)}]'
    return str(value)


def is_right(answer: Mapping[str, Any], truth: Any, tolerance: float | None) -> bool:
    """Whether an answer is the true word, or within `tolerance` of the true number or point."""
    if answer['status'] != 'ANSWERED':
        return False
    if isinstance(truth, str):
        return bool(answer['answer'] == truth)
    given = answer['position'] if isinstance(truth, (list, tuple)) else [answer['value']]
    wanted = truth if isinstance(truth, (list, tuple)) else [truth]
    if given is None or None in given:
        return False
    return math.dist(given, wanted) <= (tolerance or 0.0) + 1e-9
