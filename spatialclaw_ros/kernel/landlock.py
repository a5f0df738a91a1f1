"""Landlock: which files a process may read, and which folder it may write to.

See landlock(7). The rules hold for this process and what it forks, whatever its user is.
"""

from __future__ import annotations

from collections.abc import Iterable
import ctypes
import functools
import os
from pathlib import Path
import platform
import struct

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = (1 << bit for bit in range(4))
_REMOVE_FOLDER, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_FOLDER, _MAKE_FILE = 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
#: Every right of version 1, and what the later versions added.
_FIRST, _ADDED = (1 << 13) - 1, {2: _REFER, 3: _TRUNCATE, 5: _IOCTL}
_READ = _READ_FILE | _READ_FOLDER
_KEEP = (_READ | _WRITE_FILE | _REMOVE_FILE | _REMOVE_FOLDER | _MAKE_FOLDER | _MAKE_FILE
         | _TRUNCATE)
#: Rights that a rule about a file, not a folder, may hold.
_OF_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL

#: From this version on truncating is a right, so that writing can be confined to a folder.
CONFINES_WRITING = 3

_libc = ctypes.CDLL(None, use_errno=True)


@functools.cache
def version() -> int:
    """Version of Landlock's interface here, 0 where there is none."""
    if platform.system() != 'Linux':
        return 0
    return max(_syscall(_CREATE_RULESET, None, 0, _ASK_VERSION), 0)


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leave this process no files but these and what is beneath: to read, and to keep files in.

    What is not there is passed over. Raises OSError where Landlock refuses.
    """
    handled = _FIRST | sum(right for since, right in _ADDED.items() if since <= version())
    attributes = struct.pack('Q', handled)
    rules = _checked(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for paths, rights in ((readable, _READ), (writable, _KEEP)):
            for path in paths:
                _allow(rules, path, rights & handled)
        _checked(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _OF_FILE
        _checked(_ADD_RULE, rules, _BENEATH, struct.pack('=Qi', rights, beneath), 0)
    finally:
        os.close(beneath)


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    made = [ctypes.c_long(argument) if isinstance(argument, int) else argument
            for argument in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *made))


def _checked(number: int, *arguments: int | bytes | None) -> int:
    result = _syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f'landlock: {os.strerror(error)}')
    return result
