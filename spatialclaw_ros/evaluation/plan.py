"""What an evaluation asks: which questions of which recordings, by which policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.asked import read_questions
from spatialclaw_ros.evaluation.policies import model_behind
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.recordings import open_recording

_FILE = 'questions.json'


class Key(NamedTuple):
    """What tells one asking from another; `model` is empty where none is used."""

    recording: str
    id: str
    policy: str
    model: str


@dataclass(frozen=True)
class Suite:
    """The questions of one recording; `name` is its path within the folder that was named."""

    name: str
    folder: Path
    questions: tuple[Asked, ...]


@dataclass(frozen=True)
class Task:
    """One question that is to be asked of one recording by one policy."""

    key: Key
    folder: Path
    asked: Asked


def suites_in(folder: Path) -> list[Suite]:
    """The suites of `folder`: a recording with questions, or one or two levels of folders of them.

    Raises RecordingError for a file that cannot be read, BadGoal where there is no question.
    """
    if not folder.is_dir():
        raise BadGoal(f'{folder}: no such folder; name a recording, or a folder of recordings')
    if (folder / _FILE).is_file():
        found = {folder.resolve().name: folder}
    else:
        files = sorted({*folder.glob(f'*/{_FILE}'), *folder.glob(f'*/*/{_FILE}')})
        found = {file.parent.relative_to(folder).as_posix(): file.parent for file in files}
    suites = [_suite(name, path) for name, path in found.items()]
    if not any(suite.questions for suite in suites):
        raise BadGoal(f'{folder}: no question is there; name a recording that has a {_FILE}, or '
                      'a folder that holds such recordings one or two levels deep')
    return suites


def chosen(suites: Sequence[Suite], only: Collection[str] = (), limit: int | None = None
           ) -> list[Suite]:
    """The suites with the questions of the ids `only`, of each the first `limit`."""
    known = {asked.id for suite in suites for asked in suite.questions}
    missing = [id_ for id_ in only if id_ not in known]
    if missing:
        raise BadGoal(f'--only: no question has the id {", ".join(missing)}; there are '
                      f'{", ".join(sorted(known)[:8])}{" …" if len(known) > 8 else ""}')
    kept = [replace(suite, questions=tuple(
        asked for asked in suite.questions if not only or asked.id in only)[:limit])
        for suite in suites]
    return [suite for suite in kept if suite.questions]


def tasks(suites: Sequence[Suite], policies: Sequence[str], model: str) -> list[Task]:
    """Every question by every policy: a question's policies one after another."""
    behind = {policy: model_behind(policy, model) for policy in policies}
    return [Task(Key(suite.name, asked.id, policy, behind[policy]), suite.folder, asked)
            for suite in suites for asked in suite.questions for policy in policies]


def digest(asked: Asked) -> str:
    """A short name for all that is asked and expected; another question has another."""
    text = json.dumps(asdict(asked), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _suite(name: str, folder: Path) -> Suite:
    questions = read_questions(folder)
    twice = [id_ for id_, count in Counter(asked.id for asked in questions).items() if count > 1]
    if twice:
        raise BadGoal(f'{folder / _FILE}: the id {twice[0]!r} is there twice; give each question '
                      'its own')
    open_recording(folder)
    return Suite(name, folder, tuple(questions))
