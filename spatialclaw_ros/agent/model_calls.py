"""A model's calls of one query: counted, written down, and lent to the cells as `vlm`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.interfaces.interface import prompt_text
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.conversation import Function
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import ModelError
from spatialclaw_ros.models.conversation import Reply


class ModelCalls:
    """Asks `client` for one query."""

    def __init__(self, client: ModelClient, spending: Spending, transcript: Transcript) -> None:
        """Count in `spending`, and write each call and its reply to `transcript`."""
        self.profile, self.server = client.profile, client.shown_url
        self._client, self._spending, self._transcript = client, spending, transcript

    async def chat(self, role: str, messages: Sequence[Message],
                   function: Function | None = None) -> Reply:
        """One call; raises ModelError."""
        try:
            reply = await self._client.chat(role, messages, function)
        except ModelError as error:
            self._transcript.write('model', role=role, error=str(error))
            raise
        self._spending.usage += reply.usage
        self._transcript.write(
            'model', role=role, model=reply.model, prompt_tokens=reply.usage.prompt,
            completion_tokens=reply.usage.completion, reasoning_tokens=reply.usage.reasoning,
            seconds=round(reply.seconds, 3), attempts=reply.tries,
            reply=reply.arguments or reply.text, cut=reply.cut)
        return reply

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        """What the model says of `images` to a cell: `kind` is 'locate' or 'ask'."""
        role = 'locator' if kind == 'locate' else 'asker'
        if self._spending.tokens_spent:
            raise ModelError(
                f'all {self._spending.budget.tokens} tokens of this question are spent')
        reply = await self.chat(role, [
            Message('system', (prompt_text(role),)), Message('user', (*images, question))])
        if not reply.text:
            raise ModelError(f'the model {reply.model!r} said nothing' + (
                ' within its limit of tokens' if reply.cut else ''))
        self._transcript.write('said', kind=kind, question=question, text=reply.text)
        return reply.text
