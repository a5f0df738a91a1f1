"""The loop: a writer proposes a cell, the session runs it, the writer sees what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import replace
import time
from typing import Any
from typing import Protocol
from typing import TypeVar

from spatialclaw_ros.agent.answering import answer_of
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.progress import best_value
from spatialclaw_ros.agent.progress import last_line
from spatialclaw_ros.agent.progress import OnProgress
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.agent.timing import in_time
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.errors import OutOfBudget
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.session import Event

T = TypeVar('T')


class Cells(Protocol):
    """What the loop needs of a session."""

    window: FrameWindow

    @property
    def sandbox(self) -> str:
        """Which walls are up, in words."""
        ...

    async def run_cell(self, code: str,
                       on_event: Callable[[Event], None] | None = None) -> CellResult:
        """Run one cell."""
        ...


async def run_loop(session: Cells, writer: Writer, spending: Spending,
                   transcript: Transcript, on_progress: OnProgress | None = None) -> Answer:
    """Answer of `writer`, its verdict, its guess, or OUT_OF_BUDGET with the evidence so far.

    A guess is made where time is kept for one, when all else is spent.
    Every step is in the transcript when it happens. Raises CancelledError when cancelled, after
    the transcript says so; the caller then closes the session, which ends a running cell.
    """
    query = _Query(session, writer, spending, transcript, on_progress)
    try:
        answer = await query.answer()
    except asyncio.CancelledError:
        transcript.write('answer', code=ErrorCode.CANCELED, message='canceled')
        raise
    transcript.write('answer', answer=answer)
    return answer


class _OutOfTime(Exception):
    """The time of the query was spent while waiting."""


class _Query:
    """One run of the loop."""

    def __init__(self, session: Cells, writer: Writer, spending: Spending,
                 transcript: Transcript, on_progress: OnProgress | None) -> None:
        self._session, self._writer, self._spending = session, writer, spending
        self._transcript, self._on_progress = transcript, on_progress
        self._past: list[Ran] = []
        self._findings: list[Finding] = []
        self._seconds = {'model': 0.0, 'kernel': 0.0, 'perception': 0.0}
        self._calls = 0
        self._shown = Progress('waiting')

    async def answer(self) -> Answer:
        """Run until there is an answer, a verdict, or nothing left to spend."""
        try:
            await self._plan()
            while not self._spending.spent:
                proposed = await self._propose()
                if isinstance(proposed, Verdict):
                    return self._end(proposed.code, proposed.message, proposed.candidates)
                if proposed is not None and (answer := await self._run(proposed)):
                    return answer
            why = self._spending.spent
        except (_OutOfTime, OutOfBudget) as error:
            why = str(error)
        except SpatialError as error:
            return self._end(error.code, str(error), getattr(error, 'candidates', ()))
        return await self._guess() or self._out_of_budget(why)

    async def _plan(self) -> None:
        if not self._writer.plans:
            return
        self._tell(stage='planning')
        plan = await self._written(self._writer.plan())
        self._transcript.write('plan', text=plan)

    async def _guess(self) -> Answer | None:
        """The writer's guess, where one is allowed; None where nothing comes of it."""
        if not self._spending.budget.guess_seconds:
            return None
        self._tell(stage='guessing')
        self._spending.guessing = True
        try:
            step = await self._written(self._writer.guess(tuple(self._past)))
            return None if step is None else await self._run(step)
        except (_OutOfTime, SpatialError, BadReply):
            return None

    def _out_of_budget(self, why: str) -> Answer:
        last = self._past[-1] if self._past else None
        found = ''
        if last is not None and last.step is None:
            found = f'; of the last reply: {last.feedback.partition(";")[0]}'
        elif last is not None and last.result is not None and last.result.error_type:
            found = f'; the last cell failed with {last.result.error_type}'
        return self._end(ErrorCode.OUT_OF_BUDGET, f'{why}{found}')

    async def _propose(self) -> Step | Verdict | None:
        """What the writer wants; None where its reply held no step."""
        self._tell(stage='writing')
        try:
            return await self._written(self._writer.write(tuple(self._past)))
        except BadReply as error:
            self._spending.ran(failed=True)
            self._transcript.write('bad_reply', message=str(error), reply=error.reply)
            self._past.append(Ran(None, None, f'{error}\n{self._spending.line}', error.reply))
            return None

    async def _written(self, waited: Awaitable[T]) -> T:
        """What the writer gives; the time it takes is the model's."""
        began = time.monotonic()
        asks = f', and {self._writer.asks} has not answered' if self._writer.asks else ''
        try:
            return await self._in_time(waited, asks)
        finally:
            self._seconds['model'] += time.monotonic() - began

    async def _run(self, step: Step) -> Answer | None:
        number = self._spending.steps + 1
        self._transcript.write('step', number=number, writer=self._writer.name,
                               purpose=step.purpose, reasoning=step.reasoning,
                               next_goal=step.next_goal, code=step.code)
        self._tell(stage='running', step=number, purpose=step.purpose, code=step.code,
                   last_line='')
        try:
            result = await self._in_time(
                self._session.run_cell(step.code, self._heard), ' while a cell ran')
        except _OutOfTime:
            self._spending.ran(failed=True)
            raise
        self._spending.ran(failed=result.status != 'ok')
        self._account(result)
        feedback = f'Step {number}: {result.feedback(self._spending.line)}'
        self._transcript.write(
            'result', number=number, status=result.status, seconds=result.seconds,
            stdout=result.stdout, error=result.error, error_type=result.error_type,
            calls=result.calls, variables=result.variables, findings=result.findings,
            note=result.note, feedback=feedback)
        for label, image in result.shown:
            self._transcript.picture(label, image)
        self._past.append(Ran(step, result, feedback))
        if result.answer is None:
            self._tell(stage='looking')
            return None
        self._tell(stage='answering')
        return self._finished(answer_of(result.answer, self._session.window, step.remark))

    def _account(self, result: CellResult) -> None:
        self._findings.extend(result.findings)
        self._calls += len(result.calls)
        waited = 0.0
        for call in result.calls:
            part = 'model' if call.name.startswith('vlm') else 'perception'
            self._seconds[part] += call.seconds
            waited += call.seconds
        self._seconds['kernel'] += max(result.seconds - waited, 0.0)

    async def _in_time(self, waited: Awaitable[T], doing: str = '') -> T:
        """What is `waited` for; raises _OutOfTime, which says what was going on."""
        try:
            return await in_time(waited, self._spending.seconds_to_work)
        except asyncio.TimeoutError as error:
            raise _OutOfTime(f'the time of {self._spending.budget.seconds:.3g} s is spent{doing}; '
                             'raise timeout') from error

    def _end(self, code: ErrorCode, message: str, candidates: tuple[str, ...] = ()) -> Answer:
        return self._finished(Answer(
            code, message=message, candidates=tuple(candidates), evidence=tuple(self._findings),
            frame=self._session.window.world_frame))

    def _finished(self, answer: Answer) -> Answer:
        return replace(
            answer, steps=self._spending.steps, tool_calls=self._calls,
            prompt_tokens=self._spending.usage.prompt,
            completion_tokens=self._spending.usage.completion, policy=self._writer.name,
            elapsed=self._spending.elapsed, seconds=dict(self._seconds),
            transcript=self._transcript.uri, sandbox=self._session.sandbox)

    def _heard(self, event: Event) -> None:
        """Pass on what a running cell prints and shows."""
        if event.picture is not None:
            self._tell(pictures=((event.picture.label, event.picture.image),))
        if event.kind == 'output':
            self._transcript.write('output', text=event.text)
            line = last_line(event.text)
            if line:
                self._tell(last_line=line)

    def _tell(self, **changes: Any) -> None:
        if self._on_progress is None:
            return
        value, unit = best_value(self._findings)
        self._shown = replace(self._shown, **{
            'elapsed': self._spending.elapsed, 'best_value': value, 'best_unit': unit,
            'findings': tuple(self._findings), 'pictures': (), **changes})
        self._on_progress(self._shown)
