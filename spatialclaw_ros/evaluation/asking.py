"""Questions answered by the agent itself: recipes or model, kernel and engines, without ROS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.suite import Answerer
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.engines import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT


@asynccontextmanager
async def agent(timeout: float = 60.0, transcripts: Path | None = None) -> AsyncIterator[Answerer]:
    """An answerer that asks the agent, within `timeout` seconds a question.

    `transcripts` is a folder for one folder a question; None keeps none.
    """
    nursery = await Nursery.start(TOOLKIT)

    async def answer(asked: Asked, window: FrameWindow) -> Answer:
        question = Question(asked.text, target_frame=asked.target_frame, timeout=timeout)
        return await ask(
            question, window, engines_for(window), nursery, limits=Limits(),
            transcript_dir=None if transcripts is None else transcripts / asked.id)

    try:
        yield answer
    finally:
        await nursery.close()
