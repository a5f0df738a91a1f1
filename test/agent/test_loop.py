"""The loop: what it runs, when it ends, and what it keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import itertools
import math
from pathlib import Path

from fakes import distance
from fakes import FakeSession
from fakes import ran
from fakes import submitted
import numpy as np
import pytest

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.loop import run_loop
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.agent.scripted_writer import ScriptedWriter
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.agent.transcript import cells_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.session.cell_result import CallRecord
from spatialclaw_ros.session.cell_result import Picture

REPLY = """**Purpose**
Measure.
**Reasoning**
Because.
**Next Goal**
Answer.
**Code**
```python
print({0})
```"""


class Writes(Writer):
    """Proposes the same things in order and keeps what it was told."""

    name = 'test'

    def __init__(self, *proposals: Step | Verdict | Exception) -> None:
        self.proposals = list(proposals)
        self.past: Sequence[Ran] = ()

    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        self.past = past
        proposal = self.proposals.pop(0)
        if isinstance(proposal, Exception):
            raise proposal
        return proposal


def step(code: str = 'x = 1', remark: str = '') -> Step:
    return Step('Measure.', 'Because.', 'Answer.', code, remark)


async def test_an_accepted_answer_ends_the_loop_with_its_numbers() -> None:
    found = distance(0.5)
    session = FakeSession(
        ran(stdout='0.5', findings=(found,), calls=(CallRecord('SAM3.text', 0.2),)),
        ran(answer=submitted(found)))
    answer = await run_loop(session, Writes(step('a'), step('b', 'named regions only')),
                            Spending(Budget()),
                            Transcript(None))
    assert answer.code is ErrorCode.NONE
    assert (answer.text, answer.value, answer.unit) == ('0.500', 0.5, 'm')
    assert answer.std_dev == pytest.approx(0.005)
    assert answer.interval.low == pytest.approx(0.49)
    assert 'visible surfaces of mug and tape' in answer.explanation
    assert 'frames 0, 1 of head' in answer.explanation
    assert answer.explanation.endswith('Named regions only.')
    assert session.cells == ['a', 'b'] and answer.steps == 2 and answer.tool_calls == 1
    assert answer.seconds['perception'] == pytest.approx(0.2)
    assert answer.frame == 'odom' and answer.sandbox == 'none: a fake'


async def test_an_answer_of_zero_is_an_answer() -> None:
    answer = await run_loop(FakeSession(ran(answer=submitted(distance(0.0)))), Writes(step()),
                            Spending(Budget()), Transcript(None))
    assert answer.code is ErrorCode.NONE and answer.value == 0.0


async def test_a_verdict_keeps_the_evidence_so_far() -> None:
    found = distance()
    answer = await run_loop(
        FakeSession(ran(findings=(found,))),
        Writes(step(), Verdict(ErrorCode.AMBIGUOUS, 'two mugs', ('mug_0', 'mug_1'))),
        Spending(Budget()), Transcript(None))
    assert answer.code is ErrorCode.AMBIGUOUS and answer.message == 'two mugs'
    assert answer.candidates == ('mug_0', 'mug_1') and answer.evidence == (found,)
    assert math.isnan(answer.value)


async def test_an_error_of_the_writer_is_the_answer() -> None:
    answer = await run_loop(FakeSession(), Writes(Ambiguous('which one?')), Spending(Budget()),
                            Transcript(None))
    assert (answer.code, answer.message) == (ErrorCode.AMBIGUOUS, 'which one?')


@pytest.mark.parametrize(('budget', 'why'), [
    (Budget(steps=3), 'all 3 steps'), (Budget(failures=2), '2 cells failed in a row')])
async def test_a_spent_budget_ends_with_the_evidence(budget: Budget, why: str) -> None:
    found = distance()
    failing = [ran('error', error_type='KeyError', findings=(found,)) for _ in range(9)]
    answer = await run_loop(FakeSession(*failing), Writes(*[step()] * 9), Spending(budget),
                            Transcript(None))
    assert answer.code is ErrorCode.OUT_OF_BUDGET and why in answer.message
    assert 'KeyError' in answer.message and answer.evidence[0] is found


async def test_the_time_of_the_query_ends_a_cell_that_runs() -> None:
    session = FakeSession(block=True)
    answer = await run_loop(session, Writes(step()), Spending(Budget(seconds=0.05)),
                            Transcript(None))
    assert answer.code is ErrorCode.OUT_OF_BUDGET and '0.05 s' in answer.message
    assert session.cancelled


async def test_cancel_stops_the_cell_and_is_in_the_transcript(tmp_path: Path) -> None:
    session, transcript = FakeSession(block=True), Transcript(tmp_path)
    task = asyncio.create_task(run_loop(session, Writes(step()), Spending(Budget()), transcript))
    await session.running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert session.cancelled
    assert transcript.path is not None
    assert read_transcript(transcript.path)[-1]['code'] == 'CANCELED'


async def test_each_step_is_in_the_transcript_when_it_runs(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path)
    seen: list[list[str]] = []

    class Looks(FakeSession):
        async def run_cell(self, code, on_event=None):  # type: ignore[no-untyped-def]
            assert transcript.path is not None
            seen.append(cells_of(transcript.path))
            return await super().run_cell(code, on_event)

    picture = Picture('mask', np.full((4, 5, 3), 7, np.uint8))
    session = Looks(ran(stdout='one\n', shown=(picture,)), ran(answer=submitted(distance())))
    answer = await run_loop(session, Writes(step('a'), step('b')), Spending(Budget()), transcript)
    assert seen == [['a'], ['a', 'b']]
    assert transcript.path is not None
    events = read_transcript(transcript.path)
    assert [event['event'] for event in events] == [
        'step', 'output', 'result', 'image', 'step', 'result', 'answer']
    assert (transcript.path / events[3]['file']).exists()
    assert events[-1]['answer']['value'] == 0.5 and answer.transcript.startswith('file:///')


async def test_progress_tells_stage_step_line_and_best_value() -> None:
    told: list[Progress] = []
    found = distance(0.25)
    session = FakeSession(ran(stdout='first\nsecond\n', findings=(found,)),
                          ran(answer=submitted(found)))
    await run_loop(session, Writes(step('a'), step('b')), Spending(Budget()), Transcript(None),
                   told.append)
    stages = [progress.stage for progress in told]
    assert stages == ['writing', 'running', 'running', 'looking', 'writing', 'running',
                      'answering']
    assert told[2].last_line == 'second' and math.isnan(told[2].best_value)
    assert (told[3].best_value, told[3].best_unit) == (0.25, 'm')
    assert told[5].step == 2 and told[5].purpose == 'Measure.'
    assert all(a.elapsed <= b.elapsed for a, b in itertools.pairwise(told))


async def test_a_reply_without_a_step_is_told_and_counted() -> None:
    model = ScriptedModel(['no sections here', REPLY.format(1)])
    session = FakeSession(ran(answer=submitted(distance())))
    answer = await run_loop(session, ScriptedWriter(model), Spending(Budget()), Transcript(None))
    assert answer.code is ErrorCode.NONE and answer.steps == 2
    assert 'no Code section' in model.heard[1]
    assert session.cells == ['print(1)']


async def test_a_script_that_ends_without_an_answer_says_so() -> None:
    answer = await run_loop(FakeSession(ran()), ScriptedWriter(ScriptedModel([REPLY.format(1)])),
                            Spending(Budget()), Transcript(None))
    assert answer.code is ErrorCode.MODEL_ERROR and 'script has ended' in answer.message
