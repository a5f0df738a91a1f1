"""One line about a variable, for the feedback after a cell."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

_LONGEST = 160


def summary(value: Any) -> str | None:
    """Type, shape and range of `value` on one line; None for modules, classes and functions."""
    if isinstance(value, (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType,
                          types.MethodType)):
        return None
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, (str, int, float, bool, type(None), np.generic)):
        return _cut(repr(value))
    if isinstance(value, dict):
        return _cut(f'dict of {len(value)}: {list(value)[:10]}')
    if isinstance(value, (list, tuple, set, frozenset)):
        return _cut(f'{type(value).__name__} of {len(value)}: {_safe(value)}')
    return _cut(_safe(value))


def _array(value: np.ndarray) -> str:
    head = f'{value.dtype}{list(value.shape)}'
    if value.size <= 12:
        return _cut(f'{head} {np.array2string(value, separator=", ", precision=4)}')
    if value.dtype == bool:
        return f'{head}, {int(value.sum())} True'
    if value.dtype.kind not in 'iuf' or value.size > 4_000_000:
        return head
    finite = value[np.isfinite(value)]
    if not finite.size:
        return f'{head}, all NaN'
    missing = 1 - finite.size / value.size
    return (f'{head}, {finite.min():.4g} to {finite.max():.4g}'
            + (f', {missing:.0%} NaN' if missing else ''))


def _safe(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f'{type(value).__name__} (its repr raises {type(error).__name__})'


def _cut(text: str) -> str:
    line = ' '.join(text.split())
    return line if len(line) <= _LONGEST else f'{line[:_LONGEST - 1]}…'
