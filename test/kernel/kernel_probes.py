"""What the kernel's tests look at from outside."""

from __future__ import annotations

from pathlib import Path

from spatialclaw_ros.kernel.host import Kernel


def held_by(pid: int | str = 'self') -> int:
    """How many descriptors a process holds."""
    return sum(1 for _fd in Path(f'/proc/{pid}/fd').iterdir())


def main_of(kernel: Kernel) -> int:
    info = Path(f'/proc/self/fdinfo/{kernel._process._pidfd}').read_text()
    return int(info.split('Pid:')[1].split()[0])
