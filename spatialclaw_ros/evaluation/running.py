"""Questions asked several at a time, each row handed on the moment it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
import logging
from pathlib import Path
import re
import time

from spatialclaw_ros.evaluation.asking import answer_from
from spatialclaw_ros.evaluation.asking import Answerer
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import Task
from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.evaluation.row import row_of
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.recordings import Recording

_log = logging.getLogger(__name__)
_MOST_NAME = 100


@dataclass(frozen=True)
class Asker:
    """Asks one question; `terms` are those of all, `transcripts` the folder of all records."""

    answer: Answerer
    terms: Terms
    transcripts: Path

    async def row(self, task: Task, recording: Recording) -> Row:
        """What came of `task`; an exception of the answerer is an INTERNAL answer."""
        terms = replace(self.terms, policy=task.key.policy,
                        transcript=transcript_folder(self.transcripts, task.key))
        began = time.monotonic()
        try:
            answer = await answer_from(recording, task.asked, self.answer, terms)
        except Exception as error:
            _log.exception('question %s failed', task.key)
            answer = Answer(ErrorCode.INTERNAL, message=f'{type(error).__name__}: {error}')
        return row_of(task, answer, time.monotonic() - began, terms)


async def ask_all(tasks: Iterable[Task], asker: Asker, jobs: int, done: Callable[[Row], None]
                  ) -> None:
    """Ask `tasks` in their order, at most `jobs` at a time; `done` hears of each at once.

    When this is cancelled, or `done` raises, the running questions are cancelled and waited for.
    """
    waiting = _with_recordings(tasks)

    async def work() -> None:
        for task, recording in waiting:
            done(await asker.row(task, recording))

    workers = [asyncio.create_task(work()) for _ in range(jobs)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def transcript_folder(folder: Path, key: Key) -> Path:
    """Where the records of a question are kept: one folder for each part of its key."""
    parts = (key.policy, *key.recording.split('/'), key.id)
    return folder.joinpath(*(_as_name(part) for part in parts))


def _with_recordings(tasks: Iterable[Task]) -> Iterator[tuple[Task, Recording]]:
    """Each task with its recording, which is let go of with the last task that holds it."""
    folder, recording = None, None
    for task in tasks:
        if recording is None or task.folder != folder:
            folder, recording = task.folder, open_recording(task.folder)
        yield task, recording


def _as_name(text: str) -> str:
    """`text` as the name of a folder, which is never one of those above."""
    name = re.sub(r'[^\w.+-]', '_', text)[:_MOST_NAME]
    return re.sub(r'^\.*$|^\.', '_', name)
