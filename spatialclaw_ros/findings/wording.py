"""How findings print points and frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_MOST = 8  # frames that are told


def xyz(point: np.ndarray) -> str:
    """`point` (3,) in millimetre digits, in brackets."""
    return f'({", ".join(f"{x:.3f}" for x in np.asarray(point, float).ravel())})'


def numbered(frames: Iterable[int]) -> str:
    """The first of `frames`, in square brackets."""
    numbers = list(frames)
    return f'{numbers[:_MOST]}{" …" if len(numbers) > _MOST else ""}'


def ending(frames: tuple[int, ...], note: str) -> str:
    """The end of a finding's text: the first frames it was seen in, and its note."""
    seen = f', frames {numbered(frames)}' if frames else ''
    return seen + (f'; {note[:200]}' if note else '')
