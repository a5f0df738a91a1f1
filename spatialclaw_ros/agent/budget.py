"""How much a query may spend, on the steady clock, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import time

from spatialclaw_ros.models.conversation import Usage

#: From this share of the time on a writer is told to hurry.
_HURRY = 0.2


@dataclass(frozen=True)
class Budget:
    """Most cells, seconds, and failures in a row of one query; tokens of and pictures to a model.

    0 tokens is no limit. `guess_seconds` are kept for a guess once all else is spent.
    """

    steps: int = 12
    seconds: float = 60.0
    failures: int = 4
    tokens: int = 0
    images: int = 100
    guess_seconds: float = 0.0


@dataclass
class Spending:
    """What a query has spent of its budget; `guessing` once the time kept for that is used."""

    budget: Budget
    began: float = field(default_factory=time.monotonic)
    steps: int = 0
    failures: int = 0
    usage: Usage = field(default_factory=Usage)
    images: int = 0
    guessing: bool = False

    @property
    def elapsed(self) -> float:
        """Seconds since the query began."""
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float:
        """Seconds left, never negative."""
        return max(self.budget.seconds - self.elapsed, 0.0)

    @property
    def seconds_to_work(self) -> float:
        """Seconds left before a guess must be made, never negative."""
        kept = 0.0 if self.guessing else self.budget.guess_seconds
        return max(self.seconds_left - kept, 0.0)

    @property
    def images_left(self) -> int:
        """Pictures that a model may still be sent, never negative."""
        return max(self.budget.images - self.images, 0)

    def ran(self, failed: bool) -> None:
        """Count one step."""
        self.steps += 1
        self.failures = self.failures + 1 if failed else 0

    @property
    def tokens_spent(self) -> bool:
        """Whether the model may be asked no more."""
        return 0 < self.budget.tokens <= self.usage.total

    @property
    def spent(self) -> str:
        """What is used up, in words; empty while everything is left."""
        if self.seconds_to_work <= 0:
            return f'the time of {self.budget.seconds:.3g} s is spent; raise timeout'
        if self.steps >= self.budget.steps:
            if self.budget.steps == 1:
                return 'the one step is spent'
            return (f'all {self.budget.steps} steps are spent; raise max_steps, or ask for less at '
                    'once')
        if self.failures >= self.budget.failures:
            return f'{self.failures} cells failed in a row'
        if self.tokens_spent:
            return f'all {self.budget.tokens} tokens are spent; raise max_tokens'
        return ''

    @property
    def line(self) -> str:
        """What is left, for the feedback; told with the last step that it is the last."""
        left = self.budget.steps - self.steps
        parts = [f'left: {left} step{"" if left == 1 else "s"}', f'{self.seconds_to_work:.0f} s']
        if self.budget.tokens:
            parts.append(f'{max(self.budget.tokens - self.usage.total, 0)} tokens')
        if self.images:
            parts.append(f'{self.images_left} pictures')
        if self.failures:
            parts.append(f'{self.budget.failures - self.failures} more failures in a row')
        hurry = ''
        if left == 1:
            hurry = '. This is the last step: answer with what you have'
        elif self.seconds_to_work < _HURRY * self.budget.seconds:
            hurry = '. Little time is left: answer soon'
        return ', '.join(parts) + hurry
