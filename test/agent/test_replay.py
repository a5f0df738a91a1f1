"""Cells of a transcript run again in a real kernel, compared with what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import box_world
import numpy as np
import psutil
import pytest
import records

from spatialclaw_ros.agent.answering import answer_of
from spatialclaw_ros.agent.kept_window import keep
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.agent.replay import Compared
from spatialclaw_ros.agent.replay import replay
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

CELLS = [
    'x = float(InputImages[0].depth[400, 320])\nprint("depth", x)',
    'print(vlm.ask(InputImages[0], "What is it?"))',
    '1 / 0',
    'print(np.random.default_rng().random(), flush=True)\nwhile True: pass',
    'show(tools.Geometry.closest_distance(np.zeros(3), np.ones(3)))',
    'ReturnAnswer(x, unit="m")',
]
CELL_SECONDS = 1.0


class Says:
    """A model of which the transcript records what it says, as the loop has it recorded."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        self._transcript.write('said', kind=kind, question=question, text='a crate, 0.25 m wide')
        return 'a crate, 0.25 m wide'


async def recorded(nursery: Nursery, folder: Path, cells: Sequence[str] = CELLS) -> Path:
    """A transcript of `cells`, run as the loop runs them."""
    window, transcript = box_world.window(), Transcript(folder)
    transcript.write('question', text='How far?', choices=(), world_frame=window.world_frame)
    session = await Session.open(
        nursery, Question('How far?'), window, engines_for(window),
        Limits(cell_seconds=CELL_SECONDS, sandbox='available'), model=Says(transcript))
    answer: Any = None
    for number, code in enumerate(cells, 1):
        transcript.write('step', number=number, writer='code', purpose='Look.', code=code)
        result = await session.run_cell(code)
        answer = answer or result.answer
        transcript.write('result', number=number, status=result.status, stdout=result.stdout,
                         error=result.error, findings=result.findings)
    await session.close()
    transcript.write('answer', answer=answer_of(answer, window))
    transcript.close()
    assert transcript.path is not None
    keep(transcript.path, Kept(window, has_model=True, cell_seconds=CELL_SECONDS))
    return transcript.path


async def replayed(nursery: Nursery, folder: Path) -> list[Compared]:
    compared: list[Compared] = []
    kept = read_kept(folder)
    await replay(read_record(folder), kept, nursery, engines_for(kept.window), compared.append)
    return compared


def change(folder: Path, event: str, number: int, **values: Any) -> None:
    """Forge one event of a transcript; `values` replace those of its fields."""
    file = folder / 'transcript.jsonl'
    lines = [json.loads(line) for line in file.read_text('utf-8').splitlines()]
    [one] = [line for line in lines if line['event'] == event and line.get('number', 0) == number]
    one.update({name: value(one[name]) if callable(value) else value
                for name, value in values.items()})
    records.write(folder, *lines)


async def test_every_kind_of_cell_gives_the_same_again_and_each_forgery_is_found(
        nursery: Nursery, tmp_path: Path) -> None:
    folder = await recorded(nursery, tmp_path)
    statuses = [step.result.status for step in read_record(folder).steps]
    assert statuses == ['ok', 'ok', 'error', 'timeout', 'ok', 'ok']
    compared = await replayed(nursery, folder)
    assert [one.title for one in compared] == [*(f'step {n}' for n in range(1, 7)), 'answer']
    assert [one.differences for one in compared] == [()] * 7
    assert psutil.Process(nursery.pid).children() == [], 'a session was left open'

    change(folder, 'result', 1, stdout=lambda text: text.replace('.', '.9', 1))
    change(folder, 'result', 2, stdout=lambda text: text.replace('0.25', '0.26'))
    change(folder, 'result', 3, error=lambda text: text.replace('ZeroDivision', 'Value'))
    change(folder, 'result', 4, status='killed')
    change(folder, 'result', 5, findings=lambda found: [{**found[0], 'value': 1.7}])
    change(folder, 'answer', 0, answer=lambda answer: {**answer, 'value': 0.125})
    assert [''.join(one.differences)[:23] for one in await replayed(nursery, folder)] == [
        "output line 1: 'depth 1", "output line 1: 'a crate", 'error ValueError is now',
        "status 'killed' is now ", 'findings[0].value 1.7 i', '', 'value 0.125 is now 1.40']


async def test_a_question_to_the_model_that_was_not_recorded_fails_in_its_cell(
        nursery: Nursery, tmp_path: Path) -> None:
    folder = await recorded(nursery, tmp_path, [CELLS[1], 'ReturnAnswer("crate")'])
    change(folder, 'step', 1, code='print(vlm.ask(InputImages[0], "Who is it?"))')
    first, *rest = await replayed(nursery, folder)
    assert first.differences[0].startswith("status 'ok' is now 'error': ")
    assert "a reply to vlm.ask 'What is it?' here" in first.differences[0]
    assert not any(one.differences for one in rest)


@pytest.mark.parametrize(('code', 'cells', 'differences'), [
    ('AMBIGUOUS', ['x = 1'], ()), ('NONE', ['x = 1'], ("no cell answered, it was 'mug'",)),
    ('AMBIGUOUS', ['ReturnAnswer("mug")'], ("AMBIGUOUS is now an answer, 'mug'",))])
async def test_an_end_by_no_cell_is_compared_too(
        nursery: Nursery, tmp_path: Path, code: str, cells: list[str],
        differences: tuple[str, ...]) -> None:
    turns = [event for number, cell in enumerate(cells, 1)
             for event in (records.step(number, cell), records.result(number))]
    folder = records.write(tmp_path, records.QUESTION, *turns, records.event(
        'answer', answer={'code': code, 'text': 'mug'}))
    keep(folder, Kept(box_world.window()))
    assert (await replayed(nursery, folder))[-1].differences == differences


async def test_what_has_no_recording_is_not_compared(nursery: Nursery, tmp_path: Path) -> None:
    folder = records.write(tmp_path, records.QUESTION, records.step(1, 'print(1)'),
                           records.result(1, stdout='1\n'), records.step(2, 'print(2)'))
    keep(folder, Kept(replace(box_world.window(), target_frame='odom')))
    compared = await replayed(nursery, folder)
    assert [(one.title, one.is_compared) for one in compared] == [
        ('step 1', True), ('step 2', False), ('answer', False)]
    assert not any(one.differences for one in compared)
