"""What is said to a vision-language model, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.status import ErrorCode


class ModelError(SpatialError):
    """The model gave no answer; the message names server, model, and what came back.

    `answered`: the server is there and has said something.
    """

    code = ErrorCode.MODEL_ERROR

    def __init__(self, message: str, answered: bool = False) -> None:
        """Keep both."""
        super().__init__(message)
        self.answered = answered


@dataclass(frozen=True, eq=False)
class Message:
    """One turn: `role` is 'system', 'user', 'assistant', or 'tool' for the answer to a call.

    `parts` are texts and pictures, (H, W, 3) uint8 RGB, in the order in which they are read.
    `call` holds the arguments, JSON, with which an assistant called the function it was given.
    """

    role: str
    parts: tuple[str | np.ndarray, ...]
    call: str = ''


@dataclass(frozen=True)
class Usage:
    """Tokens of one call or of many, as the server counts them; `reasoning` are of `completion`."""

    prompt: int = 0
    completion: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """All that is paid for."""
        return self.prompt + self.completion

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.completion + other.completion,
                     self.reasoning + other.reasoning)


@dataclass(frozen=True)
class Function:
    """The one function that a model may call instead of writing text.

    `parameters` is the JSON schema of its arguments.
    """

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True)
class Reply:
    """What a model said: its `text` without its thinking, or the `arguments` of its call, JSON.

    `cut` when it had not finished: its token limit was reached. `tries` were needed.
    """

    text: str
    usage: Usage
    model: str
    seconds: float
    arguments: str = ''
    cut: bool = False
    tries: int = 1
