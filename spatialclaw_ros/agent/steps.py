"""What a writer proposes, what came of it, and what a writer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.session.cell_result import CellResult


@dataclass(frozen=True)
class Step:
    """One cell and why it is written. `remark` goes into the explanation if it answers."""

    purpose: str
    reasoning: str
    next_goal: str
    code: str
    remark: str = ''


@dataclass(frozen=True)
class Verdict:
    """An end without an answer: the code, one line for people, the names to choose from."""

    code: ErrorCode
    message: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A step that was run. `step` and `result` are None where a reply held no step.

    `feedback` is the text a writer is shown.
    """

    step: Step | None
    result: CellResult | None
    feedback: str


class BadReply(ValueError):
    """A model's reply that holds no step; the message tells the model what to write."""


class Writer(Protocol):
    """Writes the next cell from what came of those before it, or ends the query.

    `name` is put down in the transcript with each of its steps.
    """

    name: str

    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        """The next step; raises BadReply, or SpatialError to end the query."""
        ...
