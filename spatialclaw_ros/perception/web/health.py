"""How the engines stand, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import math
from typing import Any

from spatialclaw_ros.calls.fields import fits
from spatialclaw_ros.calls.fields import hints_of
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState


def as_json(health: EngineHealth) -> dict[str, Any]:
    """`health` as JSON's values: NaN, which JSON lacks, becomes null."""
    told = dataclasses.asdict(health)
    for engine in told['engines']:
        engine['seconds'] = None if math.isnan(engine['seconds']) else engine['seconds']
    return told


def from_json(told: Mapping[str, Any]) -> EngineHealth:
    """What `as_json` told, whatever else it holds. Raises ValueError for anything else."""
    try:
        engines = tuple(
            EngineState(**_checked(EngineState, {'seconds': math.nan} | {
                name: value for name, value in engine.items() if value is not None}))
            for engine in told['engines'])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f'it names no engines ({error!r})') from error
    return EngineHealth(**_checked(EngineHealth, {**told, 'engines': engines}))


def _checked(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that are fields of `cls`."""
    hints = hints_of(cls)
    for name, hint in hints.items():
        if name not in values or not fits(values[name], hint):
            raise ValueError(f'{name!r} of {cls.__name__} is {str(values.get(name))[:80]!r}')
    return {name: values[name] for name in hints}
