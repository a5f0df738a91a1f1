"""Units of answers: findings are in SI, a caller may have asked for another."""

from __future__ import annotations

import math

_PER_SI_UNIT = {'m': {'m': 1.0, 'cm': 100.0, 'mm': 1000.0},
                'rad': {'rad': 1.0, 'deg': 180.0 / math.pi}}


def unit_scale(si: str, unit: str) -> float | None:
    """What a value in `si` ('m', 'rad', …) is multiplied by to be in `unit`; None: it cannot."""
    return 1.0 if si == unit else _PER_SI_UNIT.get(si, {}).get(unit)
