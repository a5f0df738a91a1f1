"""What a model is shown of its query so far, kept small: the stated rules, one after the other.

Always: a failed step that was followed by another is shown up to the line that failed, with its
whole error; a reply that held no step is forgotten once another did; the findings so far stand in
the newest turn only; of the pictures shown the newest twelve stay, older ones are their captions.
Then, while it is too long for the model, in this order: pictures of the last two steps only; of the
first turn four; long outputs of all but the last three steps cut, and the plan; steps but the last
four told in a line each; all but the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import re

import numpy as np

from spatialclaw_ros.agent.briefing import Briefing
from spatialclaw_ros.agent.briefing import spread
from spatialclaw_ros.agent.interfaces.interface import Interface
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.findings.errors import OutOfBudget
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.pictures import tokens_of
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.session.cell_result import CellResult

_CHARACTERS_A_TOKEN = 3.5
_TOKENS_A_MESSAGE = 8
_MOST_REPLY, _MOST_NAMES = 600, 12
_CELL_LINE = re.compile(r'File "<cell (\d+)>", line (\d+)')
_FINDINGS = re.compile(r'^Findings so far:\n(?:.*\n)*?(?=(?:Answer|Left):)', re.MULTILINE)


@dataclass(frozen=True)
class _Rules:
    """How much is kept: pictures of how many steps, and of the first turn, and so on."""

    words: str
    shown: int = 12
    picture_steps: int = 1000
    first_pictures: int = 1000
    whole_outputs: int = 1000
    output: int = 1 << 20
    plan: int = 1 << 20
    steps: int = 1000


_LEVELS = (
    _Rules(''),
    _Rules('pictures of the last two steps only', picture_steps=2),
    _Rules('and four of the first pictures', picture_steps=2, first_pictures=4),
    _Rules('and long outputs and the plan cut', picture_steps=2, first_pictures=4,
           whole_outputs=3, output=600, plan=1500),
    _Rules('and steps but the last four told in a line each', picture_steps=1, first_pictures=2,
           whole_outputs=1, output=600, plan=800, steps=4),
    _Rules('and but the last told in a line each, without pictures', shown=2, picture_steps=1,
           first_pictures=1, whole_outputs=1, output=600, plan=0, steps=1),
)


@dataclass(frozen=True, eq=False)
class History:
    """Builds conversations for one query. `room` is what the model takes, in tokens."""

    interface: Interface
    briefing: Briefing
    profile: Profile
    room: int

    def conversation(self, plan: str, past: Sequence[Ran], allowed: Sequence[int],
                     scale: float = 1.0) -> tuple[list[Message], str]:
        """The turns so far, and in words what was left out for want of room.

        `allowed` says how many pictures of each step may be sent, `scale` how many tokens the
        server counts for one that is counted here. Raises OutOfBudget where even
        the least does not fit.
        """
        turns = [(ran, count) for number, (ran, count) in enumerate(zip(past, allowed, strict=True))
                 if ran.step is not None or number == len(past) - 1]
        for level, rules in enumerate(_LEVELS):
            messages = [Message('system', (self.interface.prompt(),)),
                        self._first(plan, turns, rules), *self._rest(turns, rules)]
            if self.tokens(messages) * scale <= self.room:
                return messages, '; '.join(r.words for r in _LEVELS[1:level + 1])
        raise OutOfBudget(
            f'the conversation needs over {self.room} tokens however it is shortened; raise '
            'context_tokens in the model profile if the model takes more')

    def _first(self, plan: str, turns: Sequence[tuple[Ran, int]], rules: _Rules) -> Message:
        parts: list[str | np.ndarray] = [self.briefing.facts]
        for caption, image in spread(self.briefing.pictures, rules.first_pictures):
            parts += [f'{caption}:', image]
        if plan and rules.plan:
            parts.append(f'Your plan, made without seeing the images:\n{plan[:rules.plan]}')
        early = turns[:-rules.steps]
        if early:
            parts.append('Earlier steps, whose variables are still there:\n' + '\n'.join(
                _in_a_line(ran.step, ran.result, ran.feedback) for ran, _ in early
                if ran.step is not None and ran.result is not None))
        parts.append('Begin.')
        return Message('user', tuple(parts))

    def _rest(self, turns: Sequence[tuple[Ran, int]], rules: _Rules) -> Iterator[Message]:
        kept = list(turns[-rules.steps:])
        pictures = _newest(kept, rules)
        for number, (ran, _) in enumerate(kept):
            is_last = number == len(kept) - 1
            written = self._written(ran, is_last)
            yield written
            feedback = ran.feedback if is_last else _FINDINGS.sub('', ran.feedback)
            if number < len(kept) - rules.whole_outputs and len(feedback) > rules.output:
                feedback = f'{feedback[:rules.output]}\n… cut here …'
            shown = list(ran.result.shown) if ran.result is not None else []
            labelled: list[str | np.ndarray] = []
            for picture in shown[:pictures[number]]:
                labelled += [f'{picture.label}:', picture.image]
            if len(shown) > pictures[number]:
                labelled.append(f'({len(shown) - pictures[number]} pictures of this step are not '
                                'sent (again))')
            if written.call:
                yield Message('tool', (feedback,))
                if labelled:
                    yield Message('user', tuple(labelled))
            else:
                yield Message('user', (feedback, *labelled))

    def _written(self, ran: Ran, is_last: bool) -> Message:
        if ran.step is None:
            shown = ran.reply[:_MOST_REPLY] if self.interface.function is None else ''
            return Message('assistant', (shown or '(a reply that could not be used)',))
        failed = ran.result is not None and ran.result.status != 'ok'
        step = condensed(ran.step, ran.result.error) if (
            failed and not is_last and ran.result is not None and not ran.step.call) else ran.step
        return self.interface.as_written(step)

    def tokens(self, messages: Sequence[Message]) -> int:
        """About how many tokens `messages` are."""
        total = 0.0
        for message in messages:
            total += _TOKENS_A_MESSAGE + len(message.call) / _CHARACTERS_A_TOKEN
            for part in message.parts:
                total += (len(part) / _CHARACTERS_A_TOKEN if isinstance(part, str)
                          else tokens_of(part, self.profile))
        return int(total)


def condensed(step: Step, error: str) -> Step:
    """`step` with its code up to the line that failed; as it is where that is not known."""
    lines = step.code.splitlines()
    last = error.rpartition('Traceback (most recent call last)')[2]
    places = [(int(cell), int(line)) for cell, line in _CELL_LINE.findall(last)]
    if not places:
        return step
    newest = max(cell for cell, _ in places)  # an earlier cell's function may stand further in
    failed = next(line for cell, line in places if cell == newest)
    if not 0 < failed < len(lines):
        return step
    kept = lines[:failed]
    return replace(step, code='\n'.join([*kept, '# this line failed; what followed did not run']))


def _in_a_line(step: Step, result: CellResult, feedback: str) -> str:
    made = ', '.join(variable.name for variable in result.variables[:_MOST_NAMES])
    number = feedback.partition(':')[0]
    return f'- {number}: {step.purpose}: {result.status}' + (f'; made {made}' if made else '')


def _newest(turns: Sequence[tuple[Ran, int]], rules: _Rules) -> list[int]:
    """How many pictures of each turn are sent: the newest, within what is allowed."""
    left, counts = rules.shown, [0] * len(turns)
    for number in reversed(range(max(len(turns) - rules.picture_steps, 0), len(turns))):
        ran, allowed = turns[number]
        shown = len(ran.result.shown) if ran.result is not None else 0
        counts[number] = min(shown, allowed, left)
        left -= counts[number]
    return counts
