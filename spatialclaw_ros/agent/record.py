"""A transcript as what it tells: the question, the steps in order, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

#: A finding as the transcript has it: its fields by name, and its class under "type".
FindingJson = dict[str, Any]


@dataclass(frozen=True)
class RecordedModelCall:
    """One call of a model: who it was for, what it took, and its whole reply.

    `error` says why there is none.
    """

    role: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    seconds: float
    attempts: int
    reply: str
    error: str

    @property
    def tokens(self) -> int:
        """Tokens read and written; those of its reasoning are among the written."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True)
class RecordedReply:
    """What `vlm` was asked in a cell, and what it said.

    `error` is why it said nothing; `question` is then empty where only the failure is known.
    """

    kind: str
    question: str
    text: str
    error: str = ''


@dataclass(frozen=True)
class RecordedPicture:
    """A picture that a cell showed; `file` lies beside the transcript."""

    label: str
    file: str


@dataclass(frozen=True)
class RecordedCall:
    """One tool or model call of a cell."""

    name: str
    seconds: float
    failed: bool


@dataclass(frozen=True)
class RecordedResult:
    """What came of a cell; see `session.cell_result.CellResult`.

    `error_type` is empty in a transcript that does not name it apart from `error`.
    """

    status: str
    seconds: float
    stdout: str
    error: str
    error_type: str
    note: str
    calls: tuple[RecordedCall, ...]
    variables: tuple[tuple[str, str], ...]
    findings: tuple[FindingJson, ...]


@dataclass(frozen=True)
class RecordedStep:
    """One cell: why it was written, and what came of it.

    `began` seconds since the record began, `wrote` seconds that writing it took. `model_calls`
    are those that led to the cell and those it made. `result` is None where the record ends
    while the cell runs; `output` is what had been heard of it.
    """

    number: int
    writer: str
    purpose: str
    reasoning: str
    next_goal: str
    code: str
    began: float
    wrote: float
    output: str = ''
    result: RecordedResult | None = None
    pictures: tuple[RecordedPicture, ...] = ()
    replies: tuple[RecordedReply, ...] = ()
    model_calls: tuple[RecordedModelCall, ...] = ()


@dataclass(frozen=True)
class RecordedBadReply:
    """A model's reply that held no step."""

    message: str
    reply: str
    model_calls: tuple[RecordedModelCall, ...] = ()


@dataclass(frozen=True)
class RecordedQuestion:
    """What was asked."""

    text: str
    choices: tuple[str, ...]
    policy: str
    target_frame: str
    world_frame: str


@dataclass(frozen=True)
class RecordedAnswer:
    """How the query ended; see `findings.answer.Answer`. `value` and `interval` may be None."""

    code: str
    text: str = ''
    explanation: str = ''
    message: str = ''
    value: float | None = None
    unit: str = ''
    interval: tuple[float, float] | None = None
    position: tuple[float, ...] | None = None
    frame: str = ''
    evidence: tuple[FindingJson, ...] = ()
    candidates: tuple[str, ...] = ()
    tool_calls: int = 0
    tokens: int = 0
    elapsed: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    sandbox: str = ''

    @property
    def is_from_a_cell(self) -> bool:
        """Whether a cell returned it; every other end is a verdict of writer or loop."""
        return self.code in ('NONE', 'GUESSED')


@dataclass(frozen=True)
class Record:
    """One query. `answer` is None while it runs, or where it was ended without a word.

    `policy_note` says why another policy than the asked one was taken.
    """

    folder: Path
    question: RecordedQuestion
    policy_note: str
    plan: tuple[str, ...]
    plan_calls: tuple[RecordedModelCall, ...]
    turns: tuple[RecordedStep | RecordedBadReply, ...]
    last_calls: tuple[RecordedModelCall, ...]
    answer: RecordedAnswer | None

    @property
    def steps(self) -> tuple[RecordedStep, ...]:
        """The cells, in order."""
        return tuple(turn for turn in self.turns if isinstance(turn, RecordedStep))

    @property
    def model_calls(self) -> tuple[RecordedModelCall, ...]:
        """Every call of a model, in order."""
        turns = (call for turn in self.turns for call in turn.model_calls)
        return (*self.plan_calls, *turns, *self.last_calls)

    @property
    def is_scripted(self) -> bool:
        """Whether a script wrote it where a model would: this must be said wherever it is shown."""
        names = {step.writer for step in self.steps} | {call.model for call in self.model_calls}
        return any(name.startswith('scripted') for name in names)
