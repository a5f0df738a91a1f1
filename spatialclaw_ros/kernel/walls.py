"""The walls around a kernel, raised in the forked child before it holds anything of a query."""

from __future__ import annotations

from collections.abc import Iterable
import contextlib
import ctypes
from dataclasses import dataclass
import json
import os
from pathlib import Path
import platform
import resource
import signal
import struct
import sys

from spatialclaw_ros.kernel import landlock
from spatialclaw_ros.kernel import scratch
from spatialclaw_ros.kernel import seccomp
from spatialclaw_ros.kernel.member import children_are_told

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_MOST_FILES = 4096

_MOST_CPU_SECONDS = 3600
_NOBODY = 65534
#: What libraries read of the system: code, fonts, time zones, and what the machine has.
_SYSTEM = (
    '/usr', '/lib', '/lib64', '/etc/ld.so.cache', '/etc/localtime', '/etc/timezone', '/etc/fonts',
    '/etc/mime.types', '/etc/os-release', '/sys/devices/system', '/proc/cpuinfo', '/proc/meminfo',
    '/dev/null', '/dev/zero', '/dev/urandom')
_NO_FILE_WALL = ('no wall about files: the system has no Landlock (Linux 5.13 with '
                 '"landlock" in /sys/kernel/security/lsm), and an unprivileged user could not '
                 "read the interpreter's folder")
_NO_FILTER = 'no filter of system calls: the system has no seccomp filters for this machine'
#: How an operator runs without a wall that is missing.
OPERATORS_CHOICE = 'To run without, choose it: --ros-args -p kernel.sandbox:=available'

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent, process `parent`, ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Have the system give this process the orphans of its descendants."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


class WallMissing(OSError):
    """A wall that the policy asks for cannot be raised here; says what would help."""


@dataclass(frozen=True)
class Site:
    """Where walls are raised.

    `memory_bytes` is what may be mapped beyond what is mapped now; `scratch` becomes the working,
    home and temporary folder; `readable` are the files and folders that cells need: the libraries.
    """

    memory_bytes: int
    scratch: Path
    readable: tuple[str, ...]


@dataclass(frozen=True)
class Walls:
    """What is up, in words, and what 'strict' would need besides.

    `supervised` is the descriptor by which a supervisor answers forks; None where they are refused.
    """

    up: tuple[str, ...]
    missing: tuple[str, ...]
    supervised: int | None

    def __str__(self) -> str:
        return ', '.join((*self.up, *self.missing))


def readable_places() -> tuple[str, ...]:
    """Files and folders of the interpreter and its libraries, and of the modules loaded now."""
    libraries = {sys.prefix, sys.base_prefix, *(
        entry for entry in sys.path if Path(entry).name in ('site-packages', 'dist-packages'))}
    loaded = {str(Path(path).parent if Path(path).name == '__init__.py' else path)
              for name, module in sys.modules.items() if '.' not in name
              and (path := getattr(module, '__file__', None))}
    shared = os.environ.get('LD_LIBRARY_PATH', '').split(os.pathsep)
    places = map(os.path.realpath, {*libraries, *loaded, *filter(None, shared)})
    return _outermost({*places, *_SYSTEM})


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie in none of the others."""
    kept: list[str] = []
    for path in sorted(paths, key=len):
        if not any(path.startswith(f'{folder.rstrip("/")}/') for folder in kept):
            kept.append(path)
    return tuple(kept)


def probe(site: Site) -> tuple[str, str]:
    """Which walls can be raised at `site`, and which that 'strict' needs cannot, in words.

    Tried in a process of its own: what is up stays up.
    """
    landlock.version()  # asked here, so that what is forked from here need not ask again
    children_are_told()
    if seccomp.available():
        for read_only in (False, True):
            seccomp.program(platform.machine(), read_only=read_only, supervised=True)
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            made = _raise_all(site)
            os.write(tell, json.dumps([', '.join(made.up), '; '.join(made.missing)]).encode())
        except Exception as error:
            os.write(tell, json.dumps(['', f'{type(error).__name__}: {error}']).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with open(told, 'rb') as answer:
        words, lacking = json.load(answer)
    os.waitpid(pid, 0)
    return words, lacking


def raise_walls(policy: str, site: Site) -> Walls:
    """Raise every wall there is, and say which are up.

    `policy` is 'strict', which needs a filter of system calls and a wall about files, or
    'available'. Raises WallMissing where the policy is not met, ValueError for another.
    """
    if policy not in ('strict', 'available'):
        raise ValueError(f"sandbox is {policy!r}; 'strict' and 'available' are known")
    made = _raise_all(site)
    if made.missing and policy == 'strict':
        raise WallMissing(f'{"; ".join(made.missing)}. {OPERATORS_CHOICE}')
    return made


def _raise_all(site: Site) -> Walls:
    _enter(site.scratch)
    _limit(site.memory_bytes)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    files, read_only = _wall_about_files(site)
    _drop_capabilities()
    calls, supervised = _filter_calls(read_only=read_only)
    files = files if calls or not read_only else ''
    up = [what for what in (calls, files) if what]
    missing = [what for wall, what in ((calls, _NO_FILTER), (files, _NO_FILE_WALL)) if not wall]
    up += ['no privileges', 'resource limits', 'no environment']
    if supervised is not None:
        up.append('checkpoints (supervised fork)')
    return Walls(tuple(up), tuple(missing), supervised)


def _wall_about_files(site: Site) -> tuple[str, bool]:
    """What guards files now, and whether nothing may be opened for writing with it."""
    landlocked = landlock.version()
    if landlocked:
        confines = landlocked >= landlock.CONFINES_WRITING
        writable = (str(site.scratch), os.devnull) if confines else ()
        with contextlib.suppress(OSError):
            landlock.confine(site.readable, writable)
            return f'files confined (Landlock {landlocked})', not confines
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # another user's id has cleared it
        if not os.access(Path(os.__file__).parent, os.R_OK | os.X_OK):
            return '', True
    return 'files read-only (unprivileged user)', True


def _filter_calls(*, read_only: bool) -> tuple[str, int | None]:
    """What filters system calls now, or nothing; and the supervisor's descriptor, if any."""
    if seccomp.available():
        with contextlib.suppress(OSError):
            supervised = seccomp.install(
                read_only=read_only, supervised=children_are_told())
            return 'system calls filtered (seccomp)', supervised
    return '', None


def _drop_capabilities() -> None:
    """Give up what root may do besides, for good: see capset(2), its version 3."""
    _checked('capset', _libc.capset(struct.pack('Ii', 0x20080522, 0), bytes(24)))


def _enter(folder: Path) -> None:
    os.chdir(folder)
    os.umask(0o077)
    os.environ.update(dict.fromkeys(('HOME', 'TMPDIR', 'XDG_CACHE_HOME'), str(folder)))


def _limit(memory_bytes: int) -> None:
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, _MOST_CPU_SECONDS)
    _lower(resource.RLIMIT_NOFILE, _MOST_FILES)
    _lower(resource.RLIMIT_FSIZE, scratch.MOST_FILE_BYTES)


def _lower(limit: int, most: int) -> None:
    _soft, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _prctl(option: int, value: int) -> None:
    _checked(f'prctl({option}, {value})',
             _libc.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))))


def _checked(what: str, result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f'{what}: {os.strerror(error)}')
