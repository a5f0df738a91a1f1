"""One process of a kernel as the nursery holds it, and what the system tells of a process."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
import functools
import os
from pathlib import Path
import select
import signal

from spatialclaw_ros.kernel.supervisor import Asked


@dataclass
class Member:
    """One process, and the question that it waits with, if it does."""

    pid: int
    pidfd: int
    asked: Asked | None = None

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return not poll.poll(0)

    def kill(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the end of the process, and let go: its status, negative for a signal.

        It is 0 where the process was another's child, who has reaped it.
        """
        ended = None
        with contextlib.suppress(ChildProcessError):
            ended = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        os.close(self.pidfd)
        if ended is None:
            return 0
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


@functools.cache
def children_are_told() -> bool:
    """Whether the system tells of a process's children (CONFIG_PROC_CHILDREN of Linux)."""
    return Path(f'/proc/self/task/{os.getpid()}/children').exists()


def children_of(pid: int) -> set[int]:
    """The children of process `pid`, of any thread; none where the system does not tell."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f'/proc/{pid}/task').iterdir():
            with contextlib.suppress(OSError):
                found |= set(map(int, (task / 'children').read_text().split()))
    return found


def threads_of(pid: int) -> int:
    """The number of threads of process `pid`; 1 when it has ended."""
    try:
        return sum(1 for _task in Path(f'/proc/{pid}/task').iterdir())
    except OSError:
        return 1
