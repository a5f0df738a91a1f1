"""The system call filter: a classic BPF program for seccomp, made for either architecture.

See seccomp(2), seccomp_unotify(2) and Documentation/userspace-api/seccomp_filter.rst of Linux.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import ctypes
from dataclasses import dataclass
import errno
import functools
import os
from pathlib import Path
import platform
import struct

from spatialclaw_ros.kernel import syscalls

#: Name of the machine, as platform.machine() gives it → AUDIT_ARCH_… and column in the tables.
MACHINES = {'x86_64': (0xC000003E, 0), 'aarch64': (0xC00000B7, 1)}

ALLOW = 0x7FFF0000
ASK = 0x7FC00000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_SECCOMP = (317, 277)  # the number of seccomp(2) itself, on either machine
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Instruction:
    """One BPF instruction: on a comparison, `yes` and `no` tell how many to skip."""

    code: int
    value: int
    yes: int = 0
    no: int = 0


@functools.cache
def program(machine: str, *, read_only: bool, supervised: bool = False) -> tuple[Instruction, ...]:
    """The filter for `machine` ('x86_64' or 'aarch64').

    With `read_only` files cannot be opened for writing nor changed: then no other wall needs to
    confine them. `supervised` puts a fork to the supervisor, who may grant it; otherwise it is
    refused. Raises KeyError for another machine.
    """
    architecture, column = MACHINES[machine]
    made = [Instruction(_LOAD, _ARCHITECTURE), Instruction(_EQUAL, architecture, 1, 0),
            Instruction(_RETURN, KILL), Instruction(_LOAD, _NUMBER),
            Instruction(_AT_LEAST, _X32, 0, 1), Instruction(_RETURN, KILL)]
    for unknown in syscalls.UNKNOWN.values():
        made += _for_number(unknown[column], [Instruction(_RETURN, UNKNOWN)])
    for name, numbers in syscalls.NUMBERS.items():
        number = numbers[column]
        if number is None or (read_only and name in syscalls.CHANGES_FILES):
            continue
        asked = syscalls.ASKED.get(name, ()) if supervised else ()
        allowed = syscalls.CONDITIONS.get(name, syscalls.ALWAYS)
        if read_only:
            allowed = syscalls.READ_ONLY.get(name, allowed)
        then = [*_where(asked, ASK), *_where(allowed, ALLOW)]
        if allowed != syscalls.ALWAYS:
            then.append(Instruction(_RETURN, REFUSE))
        made += _for_number(number, then)
    return (*made, Instruction(_RETURN, REFUSE))


def available() -> bool:
    """Whether this system has seccomp filters and this package a program for the machine."""
    return platform.machine() in MACHINES and Path(
        '/proc/sys/kernel/seccomp/actions_avail').exists()


def install(*, read_only: bool, supervised: bool) -> int | None:
    """Filter this thread's system calls from here on; it must be the only one of its process.

    Gives the descriptor on which the supervisor is asked (see `supervisor`) where a `supervised`
    filter is wanted, or None where the system has none. Raises OSError where it refuses any filter.
    """
    machine = platform.machine()
    if supervised:
        with contextlib.suppress(OSError):
            return _install(program(machine, read_only=read_only, supervised=True), _NEW_LISTENER)
    _install(program(machine, read_only=read_only), 0)
    return None


def _install(instructions: tuple[Instruction, ...], flags: int) -> int:
    code = b''.join(struct.pack('HBBI', one.code, one.yes, one.no, one.value)
                    for one in instructions)
    text = ctypes.create_string_buffer(code, len(code))
    header = struct.pack('HxxxxxxP', len(instructions), ctypes.addressof(text))
    _architecture, column = MACHINES[platform.machine()]
    made: int = _libc.syscall(_SECCOMP[column], _SET_MODE_FILTER, flags, header)
    if made < 0:
        number = ctypes.get_errno()
        raise OSError(number, f'seccomp filter: {os.strerror(number)}')
    return made


def _for_number(number: int, then: list[Instruction]) -> list[Instruction]:
    """`then` for the system call `number`, whose number is loaded and stays so elsewhere."""
    return [Instruction(_EQUAL, number, 0, len(then)), *then]


def _where(conditions: syscalls.Conditions, verdict: int) -> Iterator[Instruction]:
    """Return `verdict` where one of the conjunctions holds, go on otherwise."""
    for conjunction in conditions:
        tests = [_test(argument) for argument in conjunction]
        left = sum(map(len, tests)) + 1
        for test in tests:
            left -= len(test)
            *before, compare = test
            yield from before
            yield Instruction(compare.code, compare.value, 0, left)
        yield Instruction(_RETURN, verdict)


def _test(argument: syscalls.Argument) -> list[Instruction]:
    """Load half an argument (both machines are little-endian), mask, compare."""
    made = [Instruction(_LOAD, _ARGUMENTS + 8 * argument.index + 4 * argument.half)]
    if argument.mask != 0xFFFFFFFF:
        made.append(Instruction(_AND, argument.mask))
    return [*made, Instruction(_EQUAL, argument.equals)]
