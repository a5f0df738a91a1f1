"""Scores as a Markdown table and as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Any

from spatialclaw_ros.evaluation.score import Score


def as_markdown(scores: Sequence[Score]) -> str:
    """One row a question, then the share that is right, of all and of the numeric ones."""
    rows = ['| id | family | question | expected | got | std_dev | right | why not |',
            '|---|---|---|---|---|---|---|---|']
    for s in scores:
        expected = s.asked.expected
        said = expected if isinstance(expected, str) else (
            ', '.join(f'{v:.3f}' for v in expected) if isinstance(expected, tuple)
            else f'{expected:.4g}')
        sigma = f'{s.std_dev:.3g}' if math.isfinite(s.std_dev) else ''
        rows.append(f'| {s.asked.id} | {s.asked.family} | {s.asked.text} | {said} {s.asked.unit} '
                    f'| {s.got} | {sigma} | {"yes" if s.right else "NO"} | {s.reason} |')
    return '\n'.join([*rows, '', summary(scores)])


def summary(scores: Sequence[Score]) -> str:
    """How many are right, in words."""
    numeric = [s for s in scores if not isinstance(s.asked.expected, str)]
    words = [s for s in scores if isinstance(s.asked.expected, str)]
    parts = [f'{sum(s.right for s in group)} of {len(group)} {name}'
             for name, group in (('questions', scores), ('numbers', numeric), ('words', words))]
    return f'Right: {", ".join(parts)}.'


def as_json(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """One object a question; NaN as None."""
    return [{'id': s.asked.id, 'family': s.asked.family, 'question': s.asked.text,
             'expected': s.asked.expected, 'got': s.got, 'right': s.right,
             'error': _finite(s.error), 'signed_error': _finite(s.signed),
             'std_dev': _finite(s.std_dev), 'covered': s.covered,
             'seconds': _finite(s.seconds), 'reason': s.reason} for s in scores]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
