"""The walls around a kernel, raised in the forked child before it holds anything of a query."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
import resource
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_MOST_FILES = 4096
_MOST_FILE_BYTES = 256 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent, process `parent`, ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Have the system give this process the orphans of its descendants."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children_of(pid: int) -> set[int]:
    """The children of process `pid`, which has one thread; none where the system does not tell."""
    try:
        return set(map(int, Path(f'/proc/{pid}/task/{pid}/children').read_text().split()))
    except OSError:
        return set()


def raise_walls(policy: str, memory_bytes: int, scratch: Path) -> str:
    """Raise what walls there are, and say in words which are up.

    `policy` is 'strict' or 'available'. `memory_bytes` is what may be mapped beyond what is
    mapped now; `scratch` becomes the working, home and temporary folder.
    """
    if policy not in ('strict', 'available'):
        raise ValueError(f"sandbox is {policy!r}; 'strict' and 'available' are known")
    _enter(scratch)
    _limit(memory_bytes)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return 'no new privileges, resource limits, no environment, private scratch folder'


def _enter(scratch: Path) -> None:
    os.chdir(scratch)
    os.umask(0o077)
    os.environ.update(dict.fromkeys(('HOME', 'TMPDIR', 'XDG_CACHE_HOME'), str(scratch)))


def _limit(memory_bytes: int) -> None:
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _MOST_FILES)
    _lower(resource.RLIMIT_FSIZE, _MOST_FILE_BYTES)


def _lower(limit: int, most: int) -> None:
    _soft, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))):
        error = ctypes.get_errno()
        raise OSError(error, f'prctl({option}, {value}): {os.strerror(error)}')
