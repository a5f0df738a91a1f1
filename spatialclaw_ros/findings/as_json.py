"""Answers and findings as plain JSON values, for `--json`."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.framed import finding_in_frame
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma

#: What a track tells beyond its fields.
_OF_A_TRACK = ('is_moving', 'displacement', 'speed', 'speed_sigma', 'heading', 'heading_deg',
               'heading_deg_sigma')


def plain(value: Any) -> Any:
    """`value` with arrays as lists and every NaN or infinity as None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return value


def answer_json(answer: Answer, world_to_frame: np.ndarray) -> dict[str, Any]:
    """The JSON object of `spatialclaw ask --json`; geometry moved by `world_to_frame` (4, 4)."""
    findings = [finding_in_frame(finding, world_to_frame) for finding in answer.evidence]
    is_number = math.isfinite(answer.value)
    return plain({
        'status': answer.code.label,
        'answer': answer.value if is_number else (answer.text or None),
        'explanation': answer.explanation or answer.message,
        'value': answer.value,
        'unit': answer.unit or None,
        'std_dev': answer.std_dev,
        'interval': interval_json(answer.interval),
        'position': answer.position,
        'frame': answer.frame or None,
        'distances': [finding_json(f) for f in findings if isinstance(f, Distance)],
        'objects': [finding_json(f) for f in findings if isinstance(f, Found)],
        'candidates': answer.candidates,
        'policy': answer.policy or None,
        'steps': answer.steps,
        'tool_calls': answer.tool_calls,
        'tokens': answer.tokens,
        'elapsed': round(answer.elapsed, 3),
        'cost_seconds': {part: round(value, 3) for part, value in answer.seconds.items()},
        'transcript': answer.transcript or None,
        'sandbox': answer.sandbox or None,
    })


def interval_json(interval: Interval) -> list[float] | None:
    """[low, high], or None where there is no interval."""
    finite = math.isfinite(interval.low) and math.isfinite(interval.high)
    return [interval.low, interval.high] if finite else None


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding with its fields' own names; clouds of points are left out."""
    values: dict[str, Any] = {'type': type(finding).__name__}
    for field in dataclasses.fields(finding):
        value = getattr(finding, field.name)
        if field.name == 'points':
            continue
        if isinstance(value, Sigma):
            values['std_dev'] = value.total
            values['sigma'] = dataclasses.asdict(value)
        elif isinstance(value, Interval):
            values['interval'] = interval_json(value)
        else:
            values[field.name] = value
    if isinstance(finding, Track):
        values |= {name: getattr(finding, name) for name in _OF_A_TRACK}
    return plain(values)
