"""One question, from asking to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
import logging
import math
from pathlib import Path
import time

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.loop import run_loop
from spatialclaw_ros.agent.progress import OnProgress
from spatialclaw_ros.agent.recipes.names import Names
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
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

#: Policies that are offered; "auto" takes the recipe where one covers the question.
POLICIES = ('auto', 'recipes')
_log = logging.getLogger(__name__)


async def ask(question: Question, window: FrameWindow, engines: Engines, nursery: Nursery, *,
              limits: Limits, transcript_dir: Path | None,
              on_progress: OnProgress | None = None, writer: Writer | None = None) -> Answer:
    """Answer `question` about the frames of `window`, within its timeout.

    `writer` None chooses one by the question's policy. Every failure is an Answer with its code;
    only CancelledError is raised, after kernel and transcript are closed.
    """
    began = time.monotonic()
    transcript = Transcript(None)
    try:
        _check(question, window)
        transcript = Transcript(transcript_dir)
        transcript.write(
            'question', text=question.text, choices=question.choices, policy=question.policy,
            target_frame=window.target_frame, world_frame=window.world_frame,
            frames=[frame.index for frame in window.frames],
            regions=[(region.name, region.frame) for frame in window.frames
                     for region in frame.regions])
        return await _answer(question, window, engines, nursery, limits, transcript,
                             on_progress, writer, began)
    except SpatialError as error:
        return _failed(error.code, str(error), getattr(error, 'candidates', ()), transcript, began)
    except Exception as error:
        code = getattr(error, 'code', None)
        if not isinstance(code, ErrorCode):
            code = ErrorCode.INTERNAL
            _log.exception('the query failed')
        return _failed(code, f'{type(error).__name__}: {error}', (), transcript, began)
    finally:
        transcript.close()


async def _answer(question: Question, window: FrameWindow, engines: Engines, nursery: Nursery,
                  limits: Limits, transcript: Transcript, on_progress: OnProgress | None,
                  writer: Writer | None, began: float) -> Answer:
    session = await Session.open(nursery, question, window, engines, limits)
    try:
        if writer is None:
            writer = _writer_for(question, session.vocabulary, window)
        left = question.timeout - (time.monotonic() - began)
        budget = Budget(question.max_steps or Budget.steps, max(left, 0.0))
        answer = await run_loop(session, writer, budget, transcript, on_progress)
    finally:
        await session.close()
    return replace(answer, elapsed=time.monotonic() - began)


def _check(question: Question, window: FrameWindow) -> None:
    """Raise BadGoal or NoFrames for what cannot be asked."""
    if not question.text.strip():
        raise BadGoal('the question is empty; ask for example "How far is A from B?"')
    if not math.isfinite(question.timeout) or question.timeout <= 0:
        raise BadGoal(f'the timeout is {question.timeout} s; give a positive number of seconds')
    if question.max_steps < 0:
        raise BadGoal(f'max_steps is {question.max_steps}; give 1 or more')
    if not window.frames:
        raise NoFrames('the window holds no image; widen it, or wait for the camera')
    if question.policy not in POLICIES:
        raise Unanswerable(
            f'the policy {question.policy!r} needs a vision-language model, and none is '
            f'configured; use one of {", ".join(POLICIES)}')


def _writer_for(question: Question, vocabulary: Sequence[str] | None,
                window: FrameWindow) -> Writer:
    """The writer of the question's policy; a question no recipe covers is UNANSWERABLE."""
    frames = dict.fromkeys(('camera', 'world', *filter(None, (
        window.target_frame, window.world_frame))))
    known = None if vocabulary is None else tuple(vocabulary)
    return RecipeWriter(question.text, Names(known, tuple(frames)), window)


def _failed(code: ErrorCode, message: str, candidates: Sequence[str], transcript: Transcript,
            began: float) -> Answer:
    answer = Answer(code, message=message, candidates=tuple(candidates),
                    elapsed=time.monotonic() - began, transcript=transcript.uri)
    transcript.write('answer', answer=answer)
    return answer
