"""How a question of a suite is asked: of the agent itself, without ROS, or of a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.recordings import Recording
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT


@dataclass(frozen=True)
class Terms:
    """On what terms a question is asked.

    Without `regions` its names are left to the recording's label images. `transcript` is the
    folder that keeps this question's record, None for none. `reconstruct` and `segment` name the
    engines.
    """

    policy: str = Question.policy
    timeout: float = Question.timeout
    max_steps: int = Question.max_steps
    regions: bool = True
    transcript: Path | None = None
    reconstruct: str = AUTO
    segment: str = AUTO


#: Answers one question about a window; the position of its answer is in the target frame.
Answerer = Callable[[Asked, FrameWindow, Terms], Awaitable[Answer]]


async def answer_from(recording: Recording, asked: Asked, answer: Answerer, terms: Terms
                      ) -> Answer:
    """What `answer` says of the frames of `recording` that are asked about.

    Frames or regions that are not there, or a target frame, are an answer with their code.
    """
    try:
        window = recording.window(
            asked.frames, asked.regions if terms.regions else (), asked.target_frame)
    except SpatialError as error:
        return Answer(error.code, message=str(error))
    return await answer(asked, window, terms)


@asynccontextmanager
async def agent(model: ModelClient | None = None, perception: Perception | None = None
                ) -> AsyncIterator[Answerer]:
    """An answerer that asks the agent; many questions may be asked of it at once.

    `model` is None for policies that need none, `perception` for the engines that run no network.
    """
    asked_agent = _Agent(model, perception or Perception())
    try:
        await asked_agent.nursery()
        yield asked_agent.answer
    finally:
        await asked_agent.close()


class _Agent:
    """Asks with one nursery, and with another once that has died."""

    def __init__(self, model: ModelClient | None, perception: Perception) -> None:
        self._model, self._perception = model, perception
        self._nursery: Nursery | None = None
        self._starting = asyncio.Lock()

    async def answer(self, asked: Asked, window: FrameWindow, terms: Terms) -> Answer:
        question = Question(
            asked.text, target_frame=asked.target_frame, policy=terms.policy,
            max_steps=terms.max_steps, timeout=terms.timeout)
        return await ask(
            question, window, self._perception.engines_for(window), await self.nursery(),
            limits=Limits(), transcript_dir=terms.transcript, model=self._model)

    async def nursery(self) -> Nursery:
        async with self._starting:
            if self._nursery is None or not self._nursery.alive:
                await self.close()
                self._nursery = await Nursery.start(TOOLKIT)
            return self._nursery

    async def close(self) -> None:
        if self._nursery is not None:
            await self._nursery.close()
