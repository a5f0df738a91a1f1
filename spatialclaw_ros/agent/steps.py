"""What a writer proposes, what came of it, and what a writer is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.session.cell_result import CellResult


@dataclass(frozen=True)
class Step:
    """One cell and why it is written. `remark` goes into the explanation if it answers.

    `call` is the tool call that the code was made from, JSON, where the model writes no code.
    """

    purpose: str
    reasoning: str
    next_goal: str
    code: str
    remark: str = ''
    call: str = ''


@dataclass(frozen=True)
class Verdict:
    """An end without an answer: the code, one line for people, the names to choose from."""

    code: ErrorCode
    message: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A step that was run. `step` and `result` are None where `reply`, a model's, held no step.

    `feedback` is the text a writer is shown.
    """

    step: Step | None
    result: CellResult | None
    feedback: str
    reply: str = ''


class BadReply(ValueError):
    """A model's `reply` that holds no step; the message tells the model what to write."""

    def __init__(self, message: str, reply: str = '') -> None:
        """Keep both."""
        super().__init__(message)
        self.reply = reply


class Writer(Protocol):
    """Writes the next cell from what came of those before it, or ends the query.

    `name` is that of its policy; the transcript has it with each step. `plans`: it has a plan.
    `asks` says in words whom it waits for, empty for nobody.
    """

    name: str
    plans: bool = False
    asks: str = ''

    async def plan(self) -> str:
        """What is to be done, before the first cell."""
        return ''

    @abstractmethod
    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        """The next step; raises BadReply, or SpatialError to end the query."""

    async def guess(self, _past: Sequence[Ran]) -> Step | None:
        """A step that answers from what there is, when all is spent; None without a guess."""
        return None
