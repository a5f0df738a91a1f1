"""One question, from asking to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import logging
import math
from pathlib import Path
import time

from spatialclaw_ros.agent.briefing import brief
from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.kept_window import keeping
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.loop import run_loop
from spatialclaw_ros.agent.model_calls import ModelCalls
from spatialclaw_ros.agent.model_writer import FIRST_PICTURES
from spatialclaw_ros.agent.model_writer import interface_of
from spatialclaw_ros.agent.model_writer import MODEL_POLICIES
from spatialclaw_ros.agent.model_writer import ModelWriter
from spatialclaw_ros.agent.progress import OnProgress
from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.resolve import NO_MODEL
from spatialclaw_ros.agent.recipes.writer import RecipeWriter
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

#: Policies that are offered. "auto" takes the recipe where one covers the question.
POLICIES = ('auto', 'recipes', *MODEL_POLICIES)
#: Where a guess is allowed this share of the time is kept for it, and no more seconds than these.
_GUESS_SHARE, _MOST_GUESS_SECONDS = 0.2, 20.0
_log = logging.getLogger(__name__)


async def ask(question: Question, window: FrameWindow, engines: Engines, nursery: Nursery, *,
              limits: Limits, transcript_dir: Path | None,
              on_progress: OnProgress | None = None, writer: Writer | None = None,
              model: ModelClient | None = None, budget: Budget | None = None) -> Answer:
    """Answer `question` about the frames of `window`, within its timeout.

    `writer` None chooses one by the question's policy; those of MODEL_POLICIES need a `model`,
    which cells are then lent as `vlm` too. Of `budget` steps and seconds are the question's. Every
    failure is an Answer with its code; only CancelledError is raised, after kernel and transcript
    are closed.
    """
    query = _Query(question, window, engines, nursery, limits, on_progress, writer, model,
                   budget or Budget())
    transcript = Transcript(None)
    try:
        _check(question, window, model)
        transcript = Transcript(transcript_dir)
        _begin(transcript, question, window)
        kept = Kept(window, has_model=model is not None, cell_seconds=float(limits.cell_seconds),
                    reconstruct=engines.reconstruct.name, segment=engines.segment.name)
        async with keeping(transcript.path, kept):
            return await query.answer(transcript)
    except SpatialError as error:
        return query.failed(error.code, str(error), getattr(error, 'candidates', ()), transcript)
    except Exception as error:
        code = getattr(error, 'code', None)
        if not isinstance(code, ErrorCode):
            code = ErrorCode.INTERNAL
            _log.exception('the query failed')
        return query.failed(code, f'{type(error).__name__}: {error}', (), transcript)
    finally:
        transcript.close()


@dataclass(frozen=True, eq=False)
class _Query:
    """What `ask` was given; see there."""

    question: Question
    window: FrameWindow
    engines: Engines
    nursery: Nursery
    limits: Limits
    on_progress: OnProgress | None
    writer: Writer | None
    model: ModelClient | None
    budget: Budget
    began: float = field(default_factory=time.monotonic)

    async def answer(self, transcript: Transcript) -> Answer:
        """Run the loop in a session of its own."""
        spending = Spending(self._budget())
        calls = None if self.model is None else ModelCalls(self.model, spending, transcript)
        session = await Session.open(
            self.nursery, self.question, self.window, self.engines, self.limits, model=calls)
        try:
            writer = self.writer or self._writer(session.vocabulary, calls, spending, transcript)
            answer = await run_loop(session, writer, spending, transcript, self.on_progress)
        finally:
            await session.close()
        return replace(answer, elapsed=time.monotonic() - self.began)

    def failed(self, code: ErrorCode, message: str, candidates: Sequence[str],
               transcript: Transcript) -> Answer:
        """The answer of a query that failed outside the loop."""
        answer = Answer(code, message=message, candidates=tuple(candidates),
                        elapsed=time.monotonic() - self.began, transcript=transcript.uri)
        transcript.write('answer', answer=answer)
        return answer

    def _budget(self) -> Budget:
        left = max(self.question.timeout - (time.monotonic() - self.began), 0.0)
        guess = min(left * _GUESS_SHARE, _MOST_GUESS_SECONDS) if (
            self.question.allow_guess and self.model is not None) else 0.0
        steps = 1 if self.question.policy in ('single_pass', 'no_tool') else (
            self.question.max_steps or self.budget.steps)
        return replace(self.budget, steps=steps, seconds=left, guess_seconds=guess)

    def _writer(self, vocabulary: tuple[str, ...] | None, calls: ModelCalls | None,
                spending: Spending, transcript: Transcript) -> Writer:
        """The writer of the question's policy; a question that none covers is UNANSWERABLE."""
        policy = self.question.policy
        if policy in ('auto', 'recipes'):
            frames = dict.fromkeys(('camera', 'world', *filter(None, (
                self.window.target_frame, self.window.world_frame))))
            try:
                return RecipeWriter(
                    self.question.text, Names(vocabulary, tuple(frames)), self.window)
            except SpatialError as error:
                if policy == 'recipes' or calls is None:
                    raise
                transcript.write(
                    'policy', policy='code', why=str(error).partition(f'; {NO_MODEL}')[0])
                policy = 'code'
        assert calls is not None
        interface = interface_of(policy, calls.profile)
        briefing = brief(self.question, self.window, vocabulary, spending.budget,
                         min(FIRST_PICTURES, spending.budget.images))
        return ModelWriter(calls, interface, briefing, spending, transcript)


def _begin(transcript: Transcript, question: Question, window: FrameWindow) -> None:
    transcript.write(
        'question', text=question.text, choices=question.choices, policy=question.policy,
        target_frame=window.target_frame, world_frame=window.world_frame,
        frames=[frame.index for frame in window.frames],
        regions=[(region.name, region.frame) for frame in window.frames
                 for region in frame.regions])


def _check(question: Question, window: FrameWindow, model: ModelClient | None) -> None:
    """Raise BadGoal, NoFrames or Unanswerable for what cannot be asked."""
    if not question.text.strip():
        raise BadGoal('the question is empty; ask for example "How far is A from B?"')
    if not math.isfinite(question.timeout) or question.timeout <= 0:
        raise BadGoal(f'the timeout is {question.timeout} s; give a positive number of seconds')
    if question.max_steps < 0:
        raise BadGoal(f'max_steps is {question.max_steps}; give 1 or more')
    if not window.frames:
        raise NoFrames('the window holds no image; widen it, or wait for the camera')
    if question.policy not in POLICIES:
        raise BadGoal(f'there is no policy {question.policy!r}; use one of {", ".join(POLICIES)}')
    if question.policy in MODEL_POLICIES and model is None:
        raise Unanswerable(
            f'the policy {question.policy!r} needs a vision-language model, and none is '
            'configured; give --model-url, or the node its model.url')
