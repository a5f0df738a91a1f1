"""What is asked, and what may be spent on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question as its asker put it; the fields are those of SpatialQuery's goal.

    `timeout` seconds for the whole query. `max_steps` 0 leaves it to the budget. Regions given with
    the question are in their frames.
    """

    text: str
    choices: tuple[str, ...] = ()
    target_frame: str = ''
    policy: str = 'auto'
    max_steps: int = 12
    timeout: float = 60.0
    allow_guess: bool = False
