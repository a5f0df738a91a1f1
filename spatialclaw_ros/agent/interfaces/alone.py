"""The model alone: it looks at the pictures and says the answer."""

from __future__ import annotations

import re

from spatialclaw_ros.agent.interfaces.interface import Interface
from spatialclaw_ros.agent.interfaces.interface import prompt_text
from spatialclaw_ros.agent.interfaces.interface import unanswerable
from spatialclaw_ros.agent.reply import sections_of
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import Reply

_BOXED = re.compile(r'\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}')
_TEX_TEXT = re.compile(r'\\(?:text|mathrm)\{([^{}]*)\}')
_NUMBER = re.compile(
    r'(?:about|approximately|roughly|around|ca\.|[~≈])?\s*([-+]?\d[\d,]*(?:\.\d+)?)\s*([a-zA-Z°/]*)'
    r'(?:\s*\(.*\))?\.?', re.IGNORECASE)
_UNITS = {'': None, 'm': 'm', 'meter': 'm', 'meters': 'm', 'metre': 'm', 'metres': 'm', 'cm': 'cm',
          'centimeters': 'cm', 'centimetres': 'cm', 'mm': 'mm', 'deg': 'deg', '°': 'deg',
          'degree': 'deg', 'degrees': 'deg', 'rad': 'rad', 'm/s': 'm/s'}


class AloneInterface(Interface):
    """One reply that ends with the answer; it becomes a cell that returns it without evidence."""

    name, looks, function = 'no_tool', False, None

    def prompt(self) -> str:
        """How to look, and the form of the answer."""
        return prompt_text('no_tool')

    def parse(self, reply: Reply, _number: int) -> Step | Verdict:
        """The answer in a reply."""
        return answer_in(reply)

    def as_written(self, step: Step) -> Message:
        """Its reasoning and answer; there is no second turn to show it in."""
        return Message('assistant', (step.reasoning,))


def answer_in(reply: Reply) -> Step | Verdict:
    """The step that returns the answer of a reply: what it has boxed, or its last Answer section.

    Without either its last line counts. Raises BadReply for a reply without text.
    """
    boxed = _BOXED.findall(reply.text)
    said = _plain(boxed[-1]) if boxed else sections_of(reply.text).get('answer', '')
    lines = (said or reply.text).strip().splitlines()
    if not lines:
        raise BadReply('the reply is empty', reply.text)
    answer = (lines[0] if said else lines[-1]).strip().strip('*`{}').strip()
    if answer.casefold().startswith('unanswerable'):
        return unanswerable(answer.partition(':')[2] or 'no reason given')
    return Step('Answer from the images alone.', reply.text.strip(), 'None.', _returning(answer))


def _plain(tex: str) -> str:
    return _TEX_TEXT.sub(r'\1', tex).replace(r'^\circ', '°')


def _returning(answer: str) -> str:
    number = _NUMBER.fullmatch(answer)
    if number is None or number.group(2).lower() not in _UNITS:
        return f'ReturnAnswer({answer!r})'
    unit = _UNITS[number.group(2).lower()]
    value = float(number.group(1).replace(',', ''))
    return f'ReturnAnswer({value!r}' + (f', unit={unit!r})' if unit else ')')
