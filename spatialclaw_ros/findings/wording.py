"""How findings print points and frames."""

from __future__ import annotations

import numpy as np


def xyz(point: np.ndarray) -> str:
    """`point` (3,) in millimetre digits, in brackets."""
    return f'({", ".join(f"{x:.3f}" for x in np.asarray(point, float).ravel())})'


def ending(frames: tuple[int, ...], note: str) -> str:
    """The end of a finding's text: the first frames it was seen in, and its note."""
    seen = f', frames {list(frames[:8])}{" …" if len(frames) > 8 else ""}' if frames else ''
    return seen + (f'; {note[:200]}' if note else '')
