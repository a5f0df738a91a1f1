"""The life of a kernel, from the moment the nursery has forked it."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import errno
import faulthandler
import io
import mmap
import os
from pathlib import Path
import random
import signal
import socket
import sys
import threading
import types
import warnings

from spatialclaw_ros.channel import framing
from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel import lengths
from spatialclaw_ros.kernel import walls
from spatialclaw_ros.kernel.cell import Cells
from spatialclaw_ros.kernel.cell import Report
from spatialclaw_ros.kernel.interrupt import Interrupt

_CALL_ROOM = 1 << 10


@dataclass(frozen=True)
class Birth:
    """What a kernel is forked with.

    Descriptors: the `channel`, the pipe its `output` goes to, the shared `arena`, a small memory
    that takes the `crash` report of the interpreter, and the `cord` to the nursery, cut before the
    first cell. `sandbox` is the policy for the walls about its `site`.
    """

    preload: types.ModuleType
    parent: int
    channel: int
    output: int
    arena: int
    crash: int
    cord: int
    sandbox: str
    site: walls.Site


def live(birth: Birth) -> None:
    """Serve cells until the host goes away; returns only then."""
    walls.die_with_parent(birth.parent)
    _take_streams(birth)
    wire = framing.Channel(socket.socket(fileno=birth.channel),
                           most_out=lengths.FROM_KERNEL, most_in=lengths.TO_KERNEL)
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
    keep = {0, 1, 2, birth.channel, birth.arena, birth.crash, birth.cord}
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

    def __init__(self, birth: Birth, wire: framing.Channel) -> None:
        self._wire = wire
        self._parent = birth.parent
        self._interrupt = Interrupt()
        self._main = threading.get_ident()
        self._calls = 0
        self._arena = memoryview(mmap.mmap(birth.arena, os.fstat(birth.arena).st_size))
        os.close(birth.arena)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        self._take_signals()
        made = walls.raise_walls(birth.sandbox, birth.site)
        _hand_over(made.supervised, socket.socket(fileno=birth.cord))
        sys.modules['__main__'] = types.ModuleType('__main__')
        sys.displayhook = _display
        opening = wire.receive()
        workshop = birth.preload.open_workshop(opening.get('body', bytes), opening.fds, self.call)
        self._cells = Cells(workshop, self._interrupt)
        wire.send('ready', {'sandbox': str(made)})

    def serve(self) -> None:
        """Run cells as they come. Raises EOFError when the host has gone."""
        while True:
            message = self._wire.receive()
            if message.type == 'run':
                self._wire.send('done', vars(self._run(message)))
            elif message.type == 'copy':
                self._leave_copy()
            else:
                framing.close_all(message.fds)

    def call(self, write: Callable[[memoryview], bytes]) -> tuple[bytes, list[int]]:
        """Send the request that `write` makes, arrays in the arena, and wait for its reply.

        The caller owns the descriptors of the reply. Raises ValueError for a request too long.
        """
        if threading.get_ident() != self._main:
            raise RuntimeError('calls are made by the cell itself; a thread cannot make any')
        request = write(self._arena)
        if len(request) > lengths.FROM_KERNEL - _CALL_ROOM:
            raise ValueError(f'a request of {len(request)} bytes, arrays not counted, is too long; '
                             f'at most {lengths.FROM_KERNEL - _CALL_ROOM} are sent')
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
            framing.close_all(message.fds)

    def _run(self, message: framing.Message) -> Report:
        streams = sys.stdout, sys.stderr
        try:
            return self._cells.run(message.get('number', int), message.get('code', str),
                                   message.get('check', bool))
        except KeyboardInterrupt as late:
            return Report('error', failure.describe(late), 'KeyboardInterrupt')
        finally:
            sys.stdout, sys.stderr = streams
            self._take_signals()

    def _take_signals(self) -> None:
        """Have signals as they were: no timer and no handler outlives its cell."""
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a copy that is dropped leaves no zombie
        self._interrupt.install()

    def _leave_copy(self) -> None:
        """Leave a copy of this process that goes on from here when this one is lost.

        A fork is put to the nursery, which grants it to this process now. The copy asks at once
        for a fork of its own, and that question is its waiting: it is answered when the copy is to
        go on, which makes the next copy in the same breath.
        """
        is_copy = False
        chance = random.getstate()
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')  # that threads are left behind is wanted
                    forked = os.fork()
            except InterruptedError:
                continue
            except OSError as error:
                if is_copy and error.errno not in (errno.ENOMEM, errno.EAGAIN):
                    os._exit(1)  # not wanted any more, or the nursery has gone
                break
            if forked:
                break
            is_copy = True
        if is_copy:
            random.setstate(chance)  # a fork seeds it anew
            self._go_on()
        self._rehearse()

    def _rehearse(self) -> None:
        """Write now, while nobody waits, to the pages that the next cell will write to.

        After a fork each is copied once, which would take longer than a short cell itself.
        """
        fields = {'number': 0, 'code': 'rehearsal = 0', 'check': True}
        (message,) = framing.Decoder(lengths.TO_KERNEL).feed(
            framing.pack('run', fields, 0, lengths.TO_KERNEL), [])
        report = self._cells.rehearse(message.get('number', int), message.get('code', str))
        framing.pack('done', vars(report), 0, lengths.FROM_KERNEL)

    def _go_on(self) -> None:
        """Take the place of the process that this is a copy of; it has ended."""
        walls.die_with_parent(self._parent)
        self._wire = framing.Channel(self._wire.sock, most_out=lengths.FROM_KERNEL,
                                     most_in=lengths.TO_KERNEL)
        self._wire.send('ready', {})


def _hand_over(supervised: int | None, cord: socket.socket) -> None:
    """Pass the supervision of this process to the nursery and cut the cord."""
    with cord:
        if supervised is not None:
            socket.send_fds(cord, [b'.'], [supervised])
            os.close(supervised)


def _display(value: object) -> None:
    if value is not None:
        print(repr(value))
