"""A writer that asks a vision-language model for every step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from spatialclaw_ros.agent.briefing import Briefing
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.history import History
from spatialclaw_ros.agent.interfaces.alone import AloneInterface
from spatialclaw_ros.agent.interfaces.alone import answer_in
from spatialclaw_ros.agent.interfaces.call import CallInterface
from spatialclaw_ros.agent.interfaces.code import CodeInterface
from spatialclaw_ros.agent.interfaces.interface import Interface
from spatialclaw_ros.agent.interfaces.interface import prompt_text
from spatialclaw_ros.agent.model_calls import ModelCalls
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.agent.timing import in_time
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import ModelError
from spatialclaw_ros.models.profile import Profile

#: The policies of this writer.
MODEL_POLICIES = ('code', 'tool_call', 'single_pass', 'no_tool')
#: So many frames are shown at first, and so many pictures of one step are sent.
FIRST_PICTURES, _STEP_PICTURES = 16, 8
#: The newest frames go with the question of a guess; a plan may take this share of the time.
_GUESS_PICTURES, _PLAN_SHARE = 4, 0.3
_MOST_PLAN = 6000


def interface_of(policy: str, profile: Profile) -> Interface:
    """The action interface of one of MODEL_POLICIES."""
    if policy == 'tool_call':
        return CallInterface(native=profile.native_calls)
    if policy == 'no_tool':
        return AloneInterface()
    return CodeInterface(looks=policy == 'code')


class ModelWriter(Writer):
    """Plans blind, then writes a step, is shown what came of it, and writes the next."""

    def __init__(self, calls: ModelCalls, interface: Interface, briefing: Briefing,
                 spending: Spending, transcript: Transcript) -> None:
        """Ask by `calls`, in the form of `interface`, about what `briefing` tells."""
        self.name, self.plans = interface.name, interface.looks
        self._calls, self._interface, self._briefing = calls, interface, briefing
        self._spending, self._transcript = spending, transcript
        profile = calls.profile
        room = profile.context_tokens - min(
            profile.role('writer').max_tokens, profile.context_tokens // 2)
        self._history = History(interface, briefing, profile, room)
        self._plan = ''
        self._allowed: list[int] = []
        self._left_out = ''
        self._scale = 1.0
        model = profile.role('writer').model or profile.model
        self.asks = f'the model server {calls.server}' + (f' (model {model!r})' if model else '')
        spending.images += len(briefing.pictures)

    async def plan(self) -> str:
        """A plan made from the facts alone; empty where the model gave none in its time.

        Raises ModelError where the server is not there.
        """
        asking = self._calls.chat('planner', [
            Message('system', (prompt_text('planner'),)),
            Message('user', (self._briefing.facts,))])
        try:
            reply = await in_time(asking, _PLAN_SHARE * self._spending.seconds_to_work)
        except asyncio.TimeoutError:
            return ''
        except ModelError as error:
            if error.answered:  # to what the writer asks it may say more
                return ''
            raise
        self._plan = reply.text[:_MOST_PLAN]
        return self._plan

    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        """The next step. Raises BadReply, ModelError, OutOfBudget."""
        messages = self._told(past)
        if not self._allowed:
            self._transcript.write('prompt', text=self._interface.prompt())
        reply = await self._calls.chat('writer', messages, self._interface.function)
        counted = self._history.tokens(messages)
        self._scale = max(1.0, reply.usage.prompt / counted) if counted else 1.0
        return self._interface.parse(reply, self._spending.steps + 1)

    async def guess(self, past: Sequence[Ran]) -> Step | None:
        """The answer that the model gives from pictures and findings alone."""
        found = '\n\n'.join(ran.feedback for ran in past[-3:])
        pictures = [part for caption, image in self._briefing.pictures[-_GUESS_PICTURES:]
                    for part in (f'{caption}:', image)]
        reply = await self._calls.chat('fallback', [
            Message('system', (prompt_text('fallback'),)),
            Message('user', (self._briefing.facts, *pictures, f'Found so far:\n{found}'))])
        step = answer_in(reply)
        return step if isinstance(step, Step) else None

    def _told(self, past: Sequence[Ran]) -> list[Message]:
        for ran in past[len(self._allowed):]:
            shown = len(ran.result.shown) if ran.result is not None else 0
            sent = min(shown, _STEP_PICTURES, self._spending.images_left)
            self._spending.images += sent
            self._allowed.append(sent)
        messages, left_out = self._history.conversation(
            self._plan, past, self._allowed, self._scale)
        if left_out != self._left_out:
            self._left_out = left_out
            self._transcript.write('shortened', what=left_out)
        return messages
