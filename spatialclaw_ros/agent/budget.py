"""How much a query may spend, on the steady clock, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import time


@dataclass(frozen=True)
class Budget:
    """Most cells, most seconds, and most failures in a row of one query."""

    steps: int = 12
    seconds: float = 60.0
    failures: int = 4


@dataclass
class Spending:
    """What a query has spent of its budget."""

    budget: Budget
    began: float = field(default_factory=time.monotonic)
    steps: int = 0
    failures: int = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the query began."""
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float:
        """Seconds left, never negative."""
        return max(self.budget.seconds - self.elapsed, 0.0)

    def ran(self, failed: bool) -> None:
        """Count one step."""
        self.steps += 1
        self.failures = self.failures + 1 if failed else 0

    @property
    def spent(self) -> str:
        """What is used up, in words; empty while everything is left."""
        if self.seconds_left <= 0:
            return f'the time of {self.budget.seconds:g} s is spent'
        if self.steps >= self.budget.steps:
            return f'all {self.budget.steps} steps are spent'
        if self.failures >= self.budget.failures:
            return f'{self.failures} cells failed in a row'
        return ''

    @property
    def line(self) -> str:
        """What is left, for the feedback."""
        return (f'left: {self.budget.steps - self.steps} steps, '
                f'{self.seconds_left:.0f} s')
