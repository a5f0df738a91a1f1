"""Questions with their known answers, read from a recording's `questions.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.recordings import RecordingError
from spatialclaw_ros.recordings.regions import regions_from
from spatialclaw_ros.scene import Region


@dataclass(frozen=True)
class Asked:
    """One question, what is given with it, and its known answer.

    `expected` is a number, three numbers, or a word; `unit` 'm', 'deg' or '' (counts, words).
    `tolerance` is None for words. `frames` None means every frame of the recording.
    """

    id: str
    family: str
    text: str
    expected: float | str | tuple[float, ...]
    unit: str = ''
    tolerance: float | None = None
    frames: tuple[int, ...] | None = None
    regions: tuple[Region, ...] = ()
    target_frame: str = ''


def read_questions(folder: Path) -> list[Asked]:
    """Questions of the recording in `folder`; raises RecordingError for a malformed file.

    A question about the camera is asked of its own frame alone, and a position that is wanted in
    the camera's frame gets that as its target frame, unless the file says otherwise.
    """
    path = folder / 'questions.json'
    try:
        entries = json.loads(path.read_text('utf-8'))['questions']
        return [_asked(entry) for entry in entries]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, BadGoal) as error:
        raise RecordingError(f'{path}: no questions can be read ({error!r})') from error


def _asked(entry: Mapping[str, Any]) -> Asked:
    text, answer = str(entry['question']), entry['answer']
    of_camera = 'camera' in text.lower()
    frames = entry.get('frames', [entry['frame']] if of_camera else None)
    target = entry.get('target_frame', 'camera' if of_camera and isinstance(answer, list) else '')
    tolerance = entry.get('tolerance')
    return Asked(
        id=str(entry['id']), family=str(entry['type']), text=text, expected=_expected(answer),
        unit=entry.get('unit') or '', tolerance=None if tolerance is None else float(tolerance),
        frames=None if frames is None else tuple(frames),
        regions=tuple(regions_from(entry.get('regions', {}))), target_frame=target)


def _expected(answer: Any) -> float | str | tuple[float, ...]:
    if isinstance(answer, str):
        return answer
    if not isinstance(answer, list):
        return float(answer)
    if len(answer) != 3:
        raise ValueError(f'the answer {answer} is no number, word, or list of three numbers')
    return tuple(float(value) for value in answer)
