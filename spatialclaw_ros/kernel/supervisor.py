"""The supervisor's end of a system call filter: who asks for a fork waits for the answer.

An asker is stopped inside its system call until it is answered, so that it can be known, given
descriptors, or left waiting for as long as one likes. See seccomp_unotify(2) of Linux.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
from typing import NamedTuple

_ASKED = struct.Struct('QII64x')  # struct seccomp_notif: id, pid, flags, and the call's data
_ANSWER = struct.Struct('QqiI')  # struct seccomp_notif_resp: id, value, error, flags
_GIFT = struct.Struct('QIIII')  # struct seccomp_notif_addfd: id, flags, source, number, its flags
_CONTINUE, _AT_NUMBER = 1, 1


def _request(number: int, structure: struct.Struct, direction: int) -> int:
    return direction << 30 | structure.size << 16 | ord('!') << 8 | number


_RECEIVE, _SEND = _request(0, _ASKED, 3), _request(1, _ANSWER, 3)
_IS_VALID, _GIVE = _request(2, struct.Struct('Q'), 1), _request(3, _GIFT, 1)


class Asked(NamedTuple):
    """A question: its number, and the process, or thread, that waits for the answer."""

    id: int
    pid: int


class Supervisor:
    """Answers the questions of one filter. `fd` is readable when there is one."""

    def __init__(self, fd: int) -> None:
        """Take ownership of the descriptor that came of installing the filter."""
        self.fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def receive(self) -> Asked | None:
        """Next question, or None where its asker has gone, or all that could ask."""
        if not any(events & select.POLLIN for _fd, events in self._poll.poll(0)):
            return None
        buffer = bytearray(_ASKED.size)
        try:
            fcntl.ioctl(self.fd, _RECEIVE, buffer)
        except OSError:
            return None
        number, pid, _flags = _ASKED.unpack(buffer)
        return Asked(number, pid)

    def waits(self, asked: Asked) -> bool:
        """Whether the asker still waits: `asked.pid` is then nobody else's number."""
        return self._does(_IS_VALID, struct.pack('Q', asked.id))

    def grant(self, asked: Asked) -> bool:
        """Let the call be made; False where its asker has gone or was interrupted."""
        return self._does(_SEND, _ANSWER.pack(asked.id, 0, 0, _CONTINUE))

    def refuse(self, asked: Asked) -> None:
        """Have the call fail: it is not permitted."""
        self._does(_SEND, _ANSWER.pack(asked.id, 0, -errno.EPERM, 0))

    def give(self, asked: Asked, fd: int, number: int) -> bool:
        """Give the asker a copy of `fd`, which replaces its descriptor `number`."""
        return self._does(_GIVE, _GIFT.pack(asked.id, _AT_NUMBER, fd, number, os.O_CLOEXEC))

    def close(self) -> None:
        """Stop answering: every call that waits or comes then fails, as if there was none."""
        os.close(self.fd)

    def _does(self, request: int, argument: bytes) -> bool:
        try:
            fcntl.ioctl(self.fd, request, bytearray(argument))
        except OSError:
            return False
        return True
