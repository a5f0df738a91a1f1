"""The life of a kernel, from the moment the nursery has forked it."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import faulthandler
import io
import mmap
import os
from pathlib import Path
import signal
import socket
import sys
import threading
import types

from spatialclaw_ros.kernel import channel
from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel import walls
from spatialclaw_ros.kernel.cell import Cells
from spatialclaw_ros.kernel.cell import Report
from spatialclaw_ros.kernel.interrupt import Interrupt

_CALL_ROOM = 1 << 10


@dataclass(frozen=True)
class Birth:
    """What a kernel is forked with.

    Descriptors: the `channel`, the pipe its `output` goes to, the shared `arena`, and a small
    memory that takes the `crash` report of the interpreter. `sandbox` is the policy for the walls
    about its `site`.
    """

    preload: types.ModuleType
    parent: int
    channel: int
    output: int
    arena: int
    crash: int
    sandbox: str
    site: walls.Site


def live(birth: Birth) -> None:
    """Serve cells until the host goes away; returns only then."""
    walls.die_with_parent(birth.parent)
    _take_streams(birth)
    wire = channel.Channel(socket.socket(fileno=birth.channel),
                           most_out=channel.FROM_KERNEL, most_in=channel.TO_KERNEL)
    try:
        kernel = _Kernel(birth, wire)
    except walls.WallMissing as missing:
        wire.send('unwalled', {'error': str(missing)})
        return
    except Exception as error:
        wire.send('failed', {'error': failure.whole(error)})
        return
    with contextlib.suppress(EOFError):
        kernel.serve()


def _take_streams(birth: Birth) -> None:
    """Close every descriptor but the kernel's own, and point the standard streams at the host."""
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (birth.output, 1), (birth.output, 2)):
        os.dup2(source, target, inheritable=False)
    keep = {0, 1, 2, birth.channel, birth.arena, birth.crash}
    for fd in [int(entry.name) for entry in Path('/proc/self/fd').iterdir()]:
        if fd not in keep:
            with contextlib.suppress(OSError):
                os.close(fd)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), 'utf-8')
    sys.stdout = _stream(1)
    sys.stderr = _stream(2)
    faulthandler.enable(birth.crash, all_threads=False)


def _stream(fd: int) -> io.TextIOWrapper:
    """Text stream that holds nothing back, so that what was printed survives a crash."""
    raw = io.FileIO(fd, 'w', closefd=False)
    return io.TextIOWrapper(raw, 'utf-8', 'backslashreplace', newline='\n', write_through=True)


class _Kernel:
    """One workshop, its cells, and the way to the host."""

    def __init__(self, birth: Birth, wire: channel.Channel) -> None:
        self._wire = wire
        self._interrupt = Interrupt()
        self._main = threading.get_ident()
        self._calls = 0
        self._arena = memoryview(mmap.mmap(birth.arena, os.fstat(birth.arena).st_size))
        os.close(birth.arena)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        sandbox = walls.raise_walls(birth.sandbox, birth.site)
        sys.modules['__main__'] = types.ModuleType('__main__')
        sys.displayhook = _display
        opening = wire.receive()
        workshop = birth.preload.open_workshop(opening.get('body', bytes), opening.fds, self.call)
        self._cells = Cells(workshop, self._interrupt, self._checkpoint)
        wire.send('ready', {'sandbox': sandbox})

    def serve(self) -> None:
        """Run cells as they come. Raises EOFError when the host has gone."""
        while True:
            message = self._wire.receive()
            if message.type == 'run':
                report = self._run(message)
                self._wire.send('done', {
                    'status': report.status, 'error': report.error,
                    'error_type': report.error_type, 'note': report.note,
                    'variables': report.variables})
            else:
                channel.close_all(message.fds)

    def call(self, write: Callable[[memoryview], bytes]) -> tuple[bytes, list[int]]:
        """Send the request that `write` makes, arrays in the arena, and wait for its reply.

        The caller owns the descriptors of the reply. Raises ValueError for a request too long.
        """
        if threading.get_ident() != self._main:
            raise RuntimeError('calls are made by the cell itself; a thread cannot make any')
        request = write(self._arena)
        if len(request) > channel.FROM_KERNEL - _CALL_ROOM:
            raise ValueError(f'a request of {len(request)} bytes, arrays not counted, is too long; '
                             f'at most {channel.FROM_KERNEL - _CALL_ROOM} are sent')
        self._calls += 1
        number = self._calls
        with self._interrupt.held():
            self._wire.send('call', {'id': number, 'body': request})
        while True:
            self._wire.wait()
            with self._interrupt.held():
                message = self._wire.read()
            if message is None:
                continue
            if message.type == 'reply' and message.fields.get('id') == number:
                return message.get('body', bytes), message.fds
            channel.close_all(message.fds)

    def _run(self, message: channel.Message) -> Report:
        streams = sys.stdout, sys.stderr
        try:
            return self._cells.run(message.get('number', int), message.get('code', str),
                                   message.get('check', bool))
        except KeyboardInterrupt as late:
            return Report('error', failure.describe(late), 'KeyboardInterrupt')
        finally:
            sys.stdout, sys.stderr = streams

    def _checkpoint(self) -> None:
        """Place of the copy-on-write checkpoint; without one, a killed kernel loses its state."""


def _display(value: object) -> None:
    if value is not None:
        print(repr(value))
