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

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.asynchronous import AsyncChannel
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.errors import ChannelGone
from spatialclaw_ros.kernel import lengths
from spatialclaw_ros.kernel.errors import NurseryDied

_CRASH_BYTES = 1 << 14
_READ = 1 << 16


class Ends:
    """Both ends of everything a kernel and its host share.

    `for_kernel` are the descriptors of the kernel's side: channel, output, arena, crash report,
    and the end of the leash, which the nursery watches.
    """

    def __init__(self, arena_bytes: int) -> None:
        """Make channel, output pipe, leash, and the memories, which can neither shrink nor grow."""
        with contextlib.ExitStack() as undo:
            wire, output = self._make_ways()
            undo.callback(self._close_ways)
            undo.callback(framing.close_all, [wire, output])
            arena, self.arena = _shared_memory('arena', arena_bytes)
            undo.callback(os.close, arena)
            self.crash, _view = _shared_memory('crash', _CRASH_BYTES)
            undo.callback(os.close, self.crash)
            leash, self._leash = os.pipe2(os.O_CLOEXEC)
            undo.pop_all()
        self.for_kernel = [wire, output, arena, self.crash, leash]

    def renew(self) -> None:
        """Make the ways anew for the copy that goes on; the memories stay, the crash report empty.

        `for_kernel` are then the channel and the output.
        """
        self._close_ways()
        self.for_kernel = list(self._make_ways())
        os.pwrite(self.crash, bytes(_CRASH_BYTES), 0)
        os.lseek(self.crash, 0, os.SEEK_SET)

    def let_go(self) -> None:
        """Close the kernel's side here, once it has been passed on."""
        framing.close_all([fd for fd in self.for_kernel if fd != self.crash])
        self.for_kernel = []

    def close(self) -> None:
        """Close the host's side; the nursery then ends the kernel and its copy."""
        self.let_go()
        self._close_ways()
        framing.close_all([self.crash, self._leash])

    def _make_ways(self) -> tuple[int, int]:
        self.channel, kernel_side = socket.socketpair()
        self.output, output = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.output, False)
        return kernel_side.detach(), output

    def _close_ways(self) -> None:
        self.channel.close()
        os.close(self.output)


@dataclass(frozen=True)
class Exit:
    """How a process ended: its status, negative for a signal, and why it was killed, if known.

    `kept`: a copy waits that can go on in its place.
    """

    status: int
    why: str = ''
    kept: bool = False

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
    its Exit or NurseryDied. `gone` is done when nothing is left of it, its copy included.
    `no_copy` says why there is no copy of it, and is empty when there is one.
    """

    def __init__(self, number: int, pidfd: int, ends: Ends,
                 ended: asyncio.Future[Exit | NurseryDied], gone: asyncio.Future[None]) -> None:
        """Take ownership of `pidfd` and of the host's side of `ends`; `number` names the family."""
        self.number = number
        self._pidfd = pidfd
        self._ends = ends
        self.arena = ends.arena
        self.output = ends.output
        self.ended = ended
        self.gone = gone
        self.no_copy = 'none was made'
        self.breach: ChannelError | None = None
        self.listener: Callable[[framing.Message], None] | None = None
        self._killed = False
        self._channel = AsyncChannel(
            ends.channel, most_out=lengths.TO_KERNEL, most_in=lengths.FROM_KERNEL,
            take_fds=False, on_message=self._hear, on_end=self._lost)

    @property
    def runs(self) -> bool:
        """Whether it can still run a cell."""
        return not self._killed and not self.ended.done()

    async def send(self, kind: str, fields: dict[str, Any], fds: list[int] | None = None) -> None:
        """Send one message; when the kernel is gone, its end is reported by `ended` alone.

        Raises ChannelError for one that cannot be sent, which is too long for example.
        """
        with contextlib.suppress(ChannelGone):
            await self._channel.send(kind, fields, fds or [])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End the process at once; `ended` follows."""
        self._killed = True
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

    def hand_over(self) -> Ends:
        """Close what the process had for itself; the ends, made anew, are its copy's."""
        self._let_go()
        self._ends.renew()
        return self._ends

    def release(self) -> None:
        """End the process and its copy, and close all that the host holds of them."""
        if self._pidfd >= 0:
            self.kill()
            self._let_go()
            self._ends.close()

    def _let_go(self) -> None:
        self._channel.close()
        os.close(self._pidfd)
        self._pidfd = -1

    def _hear(self, message: framing.Message) -> None:
        if self.listener is None:
            raise ChannelError(f'a {message.type[:40]!r} message came unasked')
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
