"""A double of a vision-language model that says again what a transcript recorded."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.agent.likeness import text_difference
from spatialclaw_ros.agent.record import RecordedReply


class RecordedModel:
    """Gives the recorded replies in order; an answer to another question is never given."""

    def __init__(self) -> None:
        """Know nothing to say until `begin`."""
        self._left: list[RecordedReply] = []

    def begin(self, replies: Iterable[RecordedReply]) -> None:
        """Play the `replies` of the next cell; what the last one left is dropped."""
        self._left = list(replies)

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        """The next recorded text; raises RuntimeError where the recording has none for this."""
        del images
        if not self._left:
            raise RuntimeError(f'the recording holds no further reply to vlm.{kind}')
        reply = self._left[0]
        differs = bool(reply.question or not reply.error) and text_difference(
            reply.question, question)
        if reply.kind != kind or differs:
            raise RuntimeError(f'the recording holds a reply to vlm.{reply.kind} '
                               f'{reply.question[:80]!r} here, not to vlm.{kind}')
        del self._left[0]
        if reply.error:
            raise RuntimeError(reply.error)
        return reply.text
