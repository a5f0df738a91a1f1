"""How a query can end: one code for each way that a caller treats differently."""

from __future__ import annotations

import enum


class ErrorCode(enum.IntEnum):
    """Result codes; the constants of SpatialQuery.action have the same names and values."""

    NONE = 0
    GUESSED = 1
    NO_FRAMES = 2
    NO_TRANSFORM = 3
    UNKNOWN_OBJECT = 4
    CANCELED = 5
    NOT_VISIBLE = 6
    AMBIGUOUS = 7
    STALE = 8
    MOVING = 9
    TOO_CLOSE = 10
    UNANSWERABLE = 11
    OUT_OF_BUDGET = 12
    BUSY = 13
    BAD_GOAL = 14
    SANDBOX_UNAVAILABLE = 15
    ENGINE_DIED = 16
    MODEL_ERROR = 17
    INTERNAL = 18

    @property
    def label(self) -> str:
        """The word a person or a JSON reader sees: ANSWERED for NONE, else the name."""
        return 'ANSWERED' if self is ErrorCode.NONE else self.name
