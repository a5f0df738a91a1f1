"""Whether a run gave again what was recorded, and where it first did not.

Numbers count as the same within RELATIVE of the larger, or ABSOLUTE; whole numbers when they are
equal. Addresses in memory, as in `<object at 0x7f…>`, do not count.
"""

from __future__ import annotations

from itertools import zip_longest
import math
import re
from typing import Any

RELATIVE = 1e-6
ABSOLUTE = 1e-9
_ADDRESS = re.compile(r'\b0x[0-9a-fA-F]{6,}\b')
_NUMBER = re.compile(r'([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)')
_LONGEST = 60


def text_difference(recorded: str, replayed: str) -> str:
    """The first line that is not the same, as text for people; empty when all are."""
    lines = zip_longest(recorded.splitlines(), replayed.splitlines())
    for number, (before, now) in enumerate(lines, 1):
        if before is None or now is None or not _is_same_line(before, now):
            return f'line {number}: {_shown(before)} is now {_shown(now)}'
    return ''


def tree_difference(recorded: Any, replayed: Any, path: str = '') -> str:
    """The first value of two JSON trees that is not the same; empty when all are."""
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        keys = [*recorded, *(key for key in replayed if key not in recorded)]
        parts = ((recorded.get(key), replayed.get(key), f'{path}.{key}'.lstrip('.'))
                 for key in keys)
        return next(filter(None, (tree_difference(*part) for part in parts)), '')
    if isinstance(recorded, list) and isinstance(replayed, list):
        if len(recorded) != len(replayed):
            return f'{path} has {len(replayed)} items, not {len(recorded)}'.lstrip()
        return next(filter(None, (
            tree_difference(before, now, f'{path}[{index}]')
            for index, (before, now) in enumerate(zip(recorded, replayed, strict=True)))), '')
    if _is_same(recorded, replayed):
        return ''
    return f'{path} {_shown(recorded)} is now {_shown(replayed)}'.lstrip()


def _is_same(recorded: Any, replayed: Any) -> bool:
    if isinstance(recorded, str) and isinstance(replayed, str):
        return not text_difference(recorded, replayed)
    if _is_number(recorded) and _is_number(replayed):
        return _is_same_number(recorded, replayed)
    return type(recorded) is type(replayed) and bool(recorded == replayed)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_same_number(recorded: float, replayed: float) -> bool:
    if isinstance(recorded, int) and isinstance(replayed, int):
        return recorded == replayed
    return math.isclose(recorded, replayed, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _is_same_line(recorded: str, replayed: str) -> bool:
    if recorded == replayed:
        return True
    before, now = (_NUMBER.split(_ADDRESS.sub('0x', line)) for line in (recorded, replayed))
    return len(before) == len(now) and before[::2] == now[::2] and all(
        _is_same_number(_number(a), _number(b))
        for a, b in zip(before[1::2], now[1::2], strict=True))


def _number(text: str) -> int | float:
    return int(text) if text.lstrip('+-').isdigit() and len(text) < 20 else float(text)


def _shown(value: Any) -> str:
    """A value on one line, cut where it is long; nothing in it reaches a terminal raw."""
    if value is None:
        return 'nothing'
    text = repr(value) if not isinstance(value, float) else f'{value:.9g}'
    text = text.encode('ascii', 'backslashreplace').decode() if not text.isprintable() else text
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'
