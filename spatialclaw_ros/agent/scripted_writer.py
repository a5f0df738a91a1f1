"""A writer that takes each step from the reply of a model that knows its lines."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.agent.reply import parse_reply
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.models.scripted import ScriptEnded


class ScriptedWriter(Writer):
    """Plays a `ScriptedModel`; its replies are parsed and run like those of any model."""

    name = 'scripted'

    def __init__(self, model: ScriptedModel) -> None:
        """Take each step from the next reply of `model`."""
        self._model = model

    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        """The step of the next reply; MODEL_ERROR when the script has ended without an answer."""
        try:
            reply = await self._model.reply(past[-1].feedback if past else '')
        except ScriptEnded as error:
            return Verdict(ErrorCode.MODEL_ERROR, str(error))
        return parse_reply(reply)
