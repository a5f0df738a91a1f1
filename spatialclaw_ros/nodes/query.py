"""One goal on its way from acceptance to result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import time
from typing import Any
from typing import Protocol

from rclpy.action.server import ServerGoalHandle
from rclpy.impl.rcutils_logger import RcutilsLogger
from std_msgs.msg import Header

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.agent.timing import in_time
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import OutOfBudget
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.evidence import Evidence
from spatialclaw_ros.nodes.goal import frames_wanted
from spatialclaw_ros.nodes.goal import GoalDefaults
from spatialclaw_ros.nodes.goal import question_of
from spatialclaw_ros.nodes.publishers import Publishers
from spatialclaw_ros.nodes.results import refusal
from spatialclaw_ros.nodes.results import result_of
from spatialclaw_ros.nodes.stamps import duration_message
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.question import Question

#: Feedback may not come more often than this, seconds, unless stage or step change.
_FEEDBACK_PERIOD = 0.1


class Asker(Protocol):
    """What answers a question about a window of frames."""

    def __call__(self, question: Question, window: FrameWindow,
                 on_progress: Callable[[Progress], None]) -> Awaitable[Answer]:
        """The answer; SpatialError or CancelledError where there is none."""


@dataclass(frozen=True, eq=False)
class QueryContext:
    """What every query of an active node shares; `now` is the node's clock in ns."""

    evidence: Evidence
    cameras: tuple[str, ...]
    ask: Asker
    publishers: Publishers
    slots: asyncio.Semaphore
    marker_lifetime: float
    now: Callable[[], int]
    logger: RcutilsLogger


@dataclass(eq=False)
class Query:
    """One accepted goal; `began` is the steady clock at acceptance."""

    handle: ServerGoalHandle
    defaults: GoalDefaults
    context: QueryContext
    began: float = field(default_factory=time.monotonic)
    window: FrameWindow | None = None
    _task: asyncio.Task[Any] | None = None
    _canceled: bool = False
    _told: tuple[float, Any] = (0.0, None)
    _steps_shown: int = 0
    _findings_shown: int = 0

    @property
    def goal_id(self) -> str:
        """32 hexadecimal digits."""
        return bytes(self.handle.goal_id.uuid).hex()

    def cancel(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel the work on `loop`, from any thread; once is enough."""
        if not self._canceled:
            self._canceled = True
            loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    async def work(self) -> tuple[Answer, SpatialQuery.Result]:
        """Answer the goal; every way to fail becomes an answer with its code."""
        question: Question | None = None
        self._task = asyncio.current_task()
        try:
            if self._canceled:
                raise asyncio.CancelledError
            question = question_of(self.handle.request, self.defaults)
            answer = await self._answer(question)
        except asyncio.CancelledError:
            answer = Answer(ErrorCode.CANCELED, message='canceled by the caller')
        except asyncio.TimeoutError:
            answer = Answer(ErrorCode.OUT_OF_BUDGET, message=(
                f'no answer within {question.timeout if question else 0:g} s; raise timeout'))
        except SpatialError as error:
            answer = Answer(error.code, message=str(error),
                            candidates=tuple(getattr(error, 'candidates', ())))
        except Exception as error:
            self.context.logger.error(f'query {self.goal_id}: {type(error).__name__}: {error}')
            answer = Answer(ErrorCode.INTERNAL, message=f'{type(error).__name__}: {error}')
        return await self._finish(answer)

    async def _answer(self, question: Question) -> Answer:
        request = frames_wanted(self.handle.request, self.defaults, self.context.cameras)
        self.tell(Progress('waiting'))
        self.window = await in_time(
            self.context.evidence.window(request), self._left(question))
        await self._turn(question)
        try:
            self.context.publishers.start(Header(frame_id=self.window.world_frame))
            left = replace(question, timeout=self._left(question))
            return await self.context.ask(left, self.window, self.tell)
        finally:
            self.context.slots.release()

    async def _turn(self, question: Question) -> None:
        """Wait for one of the slots; OutOfBudget says that the goal was never begun."""
        taking = asyncio.ensure_future(self.context.slots.acquire())
        try:
            await in_time(taking, self._left(question))
        except asyncio.CancelledError:
            if taking.done() and not taking.cancelled():
                self.context.slots.release()
            raise
        except asyncio.TimeoutError:
            raise OutOfBudget(
                f'the goal waited for others until its timeout of {question.timeout:g} s; raise '
                'timeout, or the parameter queries.running') from None

    def _left(self, question: Question) -> float:
        return max(question.timeout - (time.monotonic() - self.began), 0.0)

    async def _finish(self, answer: Answer) -> tuple[Answer, SpatialQuery.Result]:
        answer = replace(answer, elapsed=time.monotonic() - self.began)
        if self.window is None:
            return answer, refusal(answer)
        goal = self.handle.request
        try:
            return answer, await asyncio.to_thread(
                result_of, answer, self.window, self.context.marker_lifetime,
                bool(goal.want_image), self.context.now())
        except Exception as error:
            self.context.logger.error(f'query {self.goal_id}: result: {error!r}')
            answer = replace(answer, code=ErrorCode.INTERNAL, evidence=(), message=(
                f'the result could not be put into messages: {error}'))
            return answer, refusal(answer)

    def tell(self, progress: Progress) -> None:
        """Publish how far the query has come: feedback, cells, pictures and markers."""
        self._show(progress)
        now, key = time.monotonic(), (progress.stage, progress.step)
        if key == self._told[1] and now - self._told[0] < _FEEDBACK_PERIOD:
            return
        self._told = now, key
        self.handle.publish_feedback(feedback_of(progress, now - self.began))

    def _show(self, progress: Progress) -> None:
        """Publish the cell that begins, pictures just shown, findings that are new."""
        publishers = self.context.publishers
        if progress.code and progress.step > self._steps_shown:
            self._steps_shown = progress.step
            publishers.cell(self.goal_id, progress.step, progress.purpose, progress.code)
        for label, image in progress.pictures:
            publishers.picture(self.goal_id, label, image)
        if self.window is not None and len(progress.findings) > self._findings_shown:
            self._findings_shown = len(progress.findings)
            header = Header(stamp=time_message(self.window.newest.stamp),
                            frame_id=self.window.world_frame)
            publishers.findings(self.goal_id, header, progress.findings)


def feedback_of(progress: Progress, elapsed: float) -> SpatialQuery.Feedback:
    """Feedback under 4 kB in any script, whatever a cell has printed."""
    return SpatialQuery.Feedback(
        stage=_cut(progress.stage, 40), step=min(int(progress.step), 65535),
        purpose=_cut(progress.purpose, 400), last_line=_cut(progress.last_line, 400),
        elapsed=duration_message(elapsed), best_value=float(progress.best_value),
        best_unit=_cut(progress.best_unit, 40))


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[:characters - 1] + '…'
