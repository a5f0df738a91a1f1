"""What the kernel's tests look at from outside."""

from __future__ import annotations

from pathlib import Path


def held_by(pid: int | str = 'self') -> int:
    """How many descriptors a process holds."""
    return sum(1 for _fd in Path(f'/proc/{pid}/fd').iterdir())
