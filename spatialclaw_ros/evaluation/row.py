"""What is kept of one question asked by one policy."""

from __future__ import annotations

from dataclasses import dataclass
import json
import math
from typing import Any

from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.endings import endings
from spatialclaw_ros.evaluation.plan import digest
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import Task
from spatialclaw_ros.evaluation.score import same_unit
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode

#: Ends that say nothing about a policy: asked again, they may end otherwise.
ERRORS = tuple(code.label for code in (
    ErrorCode.MODEL_ERROR, ErrorCode.ENGINE_DIED, ErrorCode.INTERNAL))
_ANSWERED = (ErrorCode.NONE.label, ErrorCode.GUESSED.label)
_MOST_TEXT = 500


@dataclass(frozen=True)
class Row:
    """One question, asked and scored.

    `digest` is that of the question, `terms` are those it was asked on. `status` is ANSWERED or
    the name of the answer's code. `error`, of numbers and positions, is in tolerances; None where
    there is none. `endings` counts the steps by how they ended.
    """

    recording: str
    id: str
    policy: str
    model: str
    digest: str
    terms: dict[str, Any]
    family: str
    question: str
    status: str
    right: bool
    got: str
    reason: str
    error: float | None
    steps: int
    tool_calls: int
    tokens: int
    seconds: float
    endings: dict[str, int]
    transcript: str

    @property
    def key(self) -> Key:
        """What this row is the result of."""
        return Key(self.recording, self.id, self.policy, self.model)

    @property
    def answered(self) -> bool:
        """Whether there is an answer, be it a guess."""
        return self.status in _ANSWERED

    @property
    def guessed(self) -> bool:
        """Whether the answer rests on no geometry."""
        return self.status == ErrorCode.GUESSED.label

    @property
    def broken(self) -> bool:
        """Whether something other than the policy ended the question."""
        return self.status in ERRORS

    @property
    def verdict(self) -> str:
        """How it ended, in a word or two."""
        if not self.answered:
            return f'refused ({self.status})'
        return ('right' if self.right else 'WRONG') + (', guessed' if self.guessed else '')


def row_of(task: Task, answer: Answer, seconds: float, terms: Terms) -> Row:
    """The row of `answer`, which took `seconds`; a guess is scored by its value."""
    scored = score(task.asked, answer, guesses=True)
    return Row(
        **task.key._asdict(), digest=digest(task.asked), terms=comparable(terms),
        family=task.asked.family, question=task.asked.text, status=answer.code.label,
        right=scored.right, got=scored.got, reason=scored.reason[:_MOST_TEXT],
        error=_in_tolerances(task.asked, answer, scored.error), steps=answer.steps,
        tool_calls=answer.tool_calls, tokens=answer.tokens, seconds=round(seconds, 3),
        endings=_endings(answer.transcript), transcript=answer.transcript)


def comparable(terms: Terms) -> dict[str, Any]:
    """What all questions of an evaluation must have in common, by the names of the options."""
    return {'timeout': terms.timeout, 'max-steps': terms.max_steps, 'regions': terms.regions,
            'reconstruct': terms.reconstruct, 'segment': terms.segment}


def row_from(line: bytes) -> Row:
    """The row of a line of JSON; raises ValueError or TypeError for anything else."""
    row = Row(**json.loads(line))
    texts = (*row.key, row.digest, row.family, row.question, row.status)
    if not all(isinstance(part, str) for part in texts) or not isinstance(row.terms, dict):
        raise TypeError('a field is of another type')
    return row


def _in_tolerances(asked: Asked, answer: Answer, error: float) -> float | None:
    if not asked.tolerance or not math.isfinite(error) or not same_unit(asked, answer):
        return None
    return error / asked.tolerance


def _endings(uri: str) -> dict[str, int]:
    try:
        return endings(read_transcript(file_of(uri))) if uri else {}
    except (OSError, ValueError):
        return {}
