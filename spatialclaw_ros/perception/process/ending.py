"""What is known of a child process that has ended: how, and what it said last."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import signal
import sys

_TAIL = 4000
_LONGEST = 300
_READ = 1 << 16


def how(status: int) -> str:
    """How a process with this exit status ended, negative for a signal, in words."""
    if status >= 0:
        return f'exited with status {status}'
    number = -status
    if number == signal.SIGKILL:
        return 'was killed (SIGKILL), perhaps by the system for lack of memory'
    name = signal.Signals(number).name if number in set(signal.Signals) else f'signal {number}'
    return f'was ended by {name} ({signal.strsignal(number)})'


class Said:
    """Passes on to this process's stderr what a child says, and keeps the end of it."""

    def __init__(self, fd: int) -> None:
        """Take ownership of `fd`, the end to read of its pipe; must be made on the loop."""
        self._fd = fd
        self._tail = ''
        self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        os.set_blocking(fd, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._read)

    @property
    def last_line(self) -> str:
        """The last line that is not empty, cut to what fits in a message."""
        lines = [line.strip() for line in re.split(r'[\r\n]+', self._tail) if line.strip()]
        return lines[-1][:_LONGEST] if lines else ''

    def close(self) -> None:
        """Read what is left, without waiting for more, and let go."""
        while self._fd >= 0 and self._read():
            pass
        self._let_go()

    def _read(self) -> bool:
        """Read what there is; False when there is no more now."""
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return False
        if not data:
            self._let_go()
        text = self._decoder.decode(data, final=not data)
        self._tail = (self._tail + text)[-_TAIL:]
        with contextlib.suppress(Exception):  # it is None, closed, a pipe that nobody reads, …
            sys.stderr.write(text)
            sys.stderr.flush()
        return bool(data)

    def _let_go(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
