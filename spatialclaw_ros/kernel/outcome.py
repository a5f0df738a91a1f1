"""What a kernel is allowed, and what came of a cell."""

from __future__ import annotations

from dataclasses import dataclass

#: Of a cell that was refused or never came to run.
NOTHING_RAN = 'nothing of the cell ran; all variables are as before'


@dataclass(frozen=True)
class Limits:
    """What one kernel may use.

    `cell_seconds` is a cell's own time: waiting for a call does not count. Of a cell's output the
    first and last halves of `output_bytes` are kept. `arena_bytes` bounds the arrays of one call
    out of the kernel, `memory_bytes` what a kernel may map beyond what it was born with.
    `check` explains forbidden imports before a cell runs. `sandbox` is 'strict' or 'available'.
    With `checkpoints` the kernel is copied after each cell, so that the next can be undone.
    """

    cell_seconds: float = 60.0
    output_bytes: int = 1 << 20
    arena_bytes: int = 64 << 20
    check: bool = True
    sandbox: str = 'strict'
    memory_bytes: int = 4 << 30
    checkpoints: bool = True


@dataclass(frozen=True)
class Variable:
    """A variable that a cell made or changed, in one line."""

    name: str
    summary: str


@dataclass(frozen=True)
class CellOutcome:
    """What came of a cell.

    `status` is 'ok', 'error' (it raised), 'refused' (it did not run), 'timeout' (it passed its
    limit) or 'killed' (it was cancelled, or its process ended). `stdout` is what it printed, both
    streams, the middle cut when long. `error` has every line of the exception and the failing
    source line. `seconds` is wall time, calls included. `note` says what was kept or lost. When it
    is `undone`, nothing of the cell is kept but what it printed.
    """

    status: str
    stdout: str
    error: str
    error_type: str
    variables: tuple[Variable, ...]
    seconds: float
    note: str
    undone: bool = False
