"""Transcripts to read, written line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spatialclaw_ros.agent.transcript import as_json

QUESTION: dict[str, Any] = {
    'event': 'question', 't': 0.0, 'text': 'How far is the mug from the tape?', 'choices': [],
    'policy': 'auto', 'target_frame': '', 'world_frame': 'odom', 'frames': [0, 1], 'regions': []}


def event(name: str, t: float = 0.0, /, **values: Any) -> dict[str, Any]:
    return {'event': name, 't': t, **{key: as_json(value) for key, value in values.items()}}


def step(number: int = 1, code: str = 'print(1)', **values: Any) -> dict[str, Any]:
    return event('step', values.pop('t', 0.0), **{
        'number': number, 'writer': 'recipes', 'purpose': f'Purpose {number}.',
        'reasoning': 'Because.', 'next_goal': 'Go on.', 'code': code, **values})


def result(number: int = 1, **values: Any) -> dict[str, Any]:
    return event('result', values.pop('t', 0.0), **{
        'number': number, 'status': 'ok', 'seconds': 0.25, 'stdout': '', 'error': '', 'calls': [],
        'variables': [], 'findings': [], 'note': '', 'feedback': '', **values})


def write(folder: Path, *events: dict[str, Any], torn: str = '') -> Path:
    """A transcript of `events` in `folder`, whose last line may be `torn`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ''.join(json.dumps(one, ensure_ascii=False) + '\n' for one in events)
    (folder / 'transcript.jsonl').write_text(
        lines + torn, 'utf-8', 'backslashreplace')
    return folder
