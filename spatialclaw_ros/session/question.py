"""What is asked, and what may be spent on it."""

from __future__ import annotations

from dataclasses import dataclass

from spatialclaw_ros.scene import Region


@dataclass(frozen=True)
class Question:
    """A question as its asker put it; the fields are those of SpatialQuery's goal.

    `timeout` seconds for the whole query. `regions` are those given with the question; they are
    also in their frames.
    """

    text: str
    choices: tuple[str, ...] = ()
    target_frame: str = ''
    regions: tuple[Region, ...] = ()
    policy: str = 'auto'
    max_steps: int = 12
    timeout: float = 60.0
    allow_guess: bool = False
    want_image: bool = False
