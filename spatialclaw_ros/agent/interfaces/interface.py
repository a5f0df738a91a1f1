"""What an action interface is."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Protocol

from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.conversation import Function
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import Reply


class Interface(Protocol):
    """How a model's reply becomes a step, and how the history shows it that step again.

    `name` is that of the policy. `looks`: it sees what came of a step and goes on. `function` is
    what the model may call in place of writing text.
    """

    name: str
    looks: bool
    function: Function | None

    def prompt(self) -> str:
        """The system prompt: the same for every query, so that servers can keep it."""
        ...

    def parse(self, reply: Reply, number: int) -> Step | Verdict:
        """The step `number` in a reply; raises BadReply that says what to write."""
        ...

    def as_written(self, step: Step) -> Message:
        """The turn in which the model would have written `step`."""
        ...


@functools.cache
def prompt_text(name: str) -> str:
    """One part of the prompts."""
    return resources.files('spatialclaw_ros.agent.prompts').joinpath(
        f'{name}.md').read_text('utf-8').strip()


def assembled(*parts: str) -> str:
    """Parts of a prompt as one."""
    return '\n\n'.join(parts)


def unanswerable(reason: str) -> Verdict:
    """The end of a query that its images cannot answer."""
    said = ' '.join(reason.split())[:400] or 'no reason was given'
    return Verdict(ErrorCode.UNANSWERABLE, f'the images cannot answer this: {said}')
