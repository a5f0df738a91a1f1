"""The model writes Python cells: step by step, or one program without a second look."""

from __future__ import annotations

from spatialclaw_ros.agent.interfaces.interface import assembled
from spatialclaw_ros.agent.interfaces.interface import Interface
from spatialclaw_ros.agent.interfaces.interface import prompt_text
from spatialclaw_ros.agent.interfaces.interface import unanswerable
from spatialclaw_ros.agent.reference import reference
from spatialclaw_ros.agent.reply import parse_reply
from spatialclaw_ros.agent.reply import sections_of
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import Reply


class CodeInterface(Interface):
    """Cells in the four sections; with `looks` False, one of them."""

    function = None

    def __init__(self, *, looks: bool = True) -> None:
        """Step by step, or in a single pass."""
        self.looks = looks
        self.name = 'code' if looks else 'single_pass'

    def prompt(self) -> str:
        """Format, way of working, tools, conventions."""
        return assembled(
            prompt_text('agent'), prompt_text('write_code'),
            prompt_text('steps' if self.looks else 'single_pass'), reference(),
            prompt_text('conventions'), prompt_text('habits'),
            *([prompt_text('example')] if self.looks else []))

    def parse(self, reply: Reply, _number: int) -> Step | Verdict:
        """The cell in a reply, or that the images cannot answer."""
        sections = sections_of(reply.text)
        if sections.get('unanswerable') and not sections.get('code'):
            return unanswerable(sections['unanswerable'])
        try:
            return parse_reply(reply.text)
        except BadReply as error:
            if reply.cut:
                raise BadReply('the reply was cut off at its limit of tokens before its code; '
                               'think and write less, one small cell', reply.text) from error
            raise

    def as_written(self, step: Step) -> Message:
        """The four sections."""
        return Message('assistant', (
            f'**Purpose**\n{step.purpose}\n\n**Reasoning**\n{step.reasoning}\n\n'
            f'**Next Goal**\n{step.next_goal}\n\n**Code**\n```python\n{step.code.rstrip()}\n```',))
