"""One forked kernel as its host sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import fcntl
import mmap
import os
import re
import signal
import socket
from typing import Any

from spatialclaw_ros.kernel import channel
from spatialclaw_ros.kernel.async_channel import AsyncChannel
from spatialclaw_ros.kernel.errors import ChannelError
from spatialclaw_ros.kernel.errors import NurseryDied

_CRASH_BYTES = 1 << 14
_READ = 1 << 16


class Ends:
    """Both ends of everything a kernel and its host share.

    `for_kernel` are the descriptors of the kernel's side: channel, output, arena, crash report.
    """

    def __init__(self, arena_bytes: int) -> None:
        """Make channel, output pipe, and the memories, which can neither shrink nor grow."""
        with contextlib.ExitStack() as undo:
            self.channel, kernel_side = socket.socketpair()
            undo.callback(self.channel.close)
            undo.callback(kernel_side.close)
            self.output, output = os.pipe2(os.O_CLOEXEC)
            undo.callback(channel.close_all, [self.output, output])
            os.set_blocking(self.output, False)
            arena, self.arena = _shared_memory('arena', arena_bytes)
            undo.callback(os.close, arena)
            self.crash, _view = _shared_memory('crash', _CRASH_BYTES)
            undo.pop_all()
        self.for_kernel = [kernel_side.detach(), output, arena, self.crash]

    def let_go(self) -> None:
        """Close the kernel's side here, once it has been passed on."""
        channel.close_all(self.for_kernel[:3])

    def close(self) -> None:
        """Close the host's side."""
        self.channel.close()
        channel.close_all([self.output, self.crash])


@dataclass(frozen=True)
class Exit:
    """How a process ended: its status, negative for a signal, and why it was killed, if known."""

    status: int
    why: str = ''

    def __str__(self) -> str:
        if self.why:
            return f'was killed: {self.why}'
        if self.status >= 0:
            return f'exited with status {self.status}'
        number = -self.status
        name = signal.Signals(number).name if number in set(signal.Signals) else f'signal {number}'
        hint = '; perhaps the system ran out of memory' if number == signal.SIGKILL else ''
        return f'was ended by {name} ({signal.strsignal(number)}{hint})'


class KernelProcess:
    """A running kernel: signals to it, messages, output, and its end.

    `listener` gets its messages; one that comes while there is none is a breach. `ended` gives
    its Exit or NurseryDied.
    """

    def __init__(self, pidfd: int, ends: Ends, ended: asyncio.Future[Exit | NurseryDied]) -> None:
        """Take ownership of `pidfd` and of the host's side of `ends`."""
        self._pidfd = pidfd
        self._ends = ends
        self.arena = ends.arena
        self.output = ends.output
        self.ended = ended
        self.breach: ChannelError | None = None
        self.listener: Callable[[channel.Message], None] | None = None
        self._channel = AsyncChannel(
            ends.channel, most_out=channel.TO_KERNEL, most_in=channel.FROM_KERNEL,
            take_fds=False, on_message=self._hear, on_end=self._lost)

    async def send(self, kind: str, fields: dict[str, Any], fds: list[int] | None = None) -> None:
        """Send one message; when the kernel is gone, its end is reported by `ended` alone."""
        with contextlib.suppress(ChannelError):
            await self._channel.send(kind, fields, fds or [])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End the process at once; `ended` follows."""
        self.signal(signal.SIGKILL)

    def read_output(self) -> bytes | None:
        """Read what the cell has printed since; None when there is nothing, empty at the end."""
        try:
            return os.read(self.output, _READ)
        except BlockingIOError:
            return None

    def crash_lines(self) -> str:
        """Where in its cells the interpreter stood when it crashed, or nothing."""
        report = os.pread(self._ends.crash, _CRASH_BYTES, 0).decode('utf-8', 'replace')
        return '\n'.join(re.findall(r'^  File "<cell \d+>", line \d+.*$', report, re.MULTILINE))

    def release(self) -> None:
        """Kill the process if it lives, and close all that the host holds of it."""
        if self._pidfd < 0:
            return
        self.kill()
        self._channel.close()
        self._ends.close()
        os.close(self._pidfd)
        self._pidfd = -1

    def _hear(self, message: channel.Message) -> None:
        if self.listener is None:
            raise ChannelError(f'a {message.type!r} message came unasked')
        self.listener(message)

    def _lost(self, breach: ChannelError | None) -> None:
        self.breach = breach
        self.kill()


def _shared_memory(name: str, size: int) -> tuple[int, memoryview]:
    """A memfd of fixed size for a kernel to write, and the host's read-only view of it."""
    fd = os.memfd_create(f'spatialclaw-{name}', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, max(size, 1))
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS,
                fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd, memoryview(mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ))
