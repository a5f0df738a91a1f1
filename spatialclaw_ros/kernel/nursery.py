"""The nursery process: holds the preloaded modules, forks kernels on request, and reaps them.

Started by exec in its own session with next to no environment, it never learns a secret, runs no
model and has exactly one thread, so that what it forks is clean.
"""

from __future__ import annotations

import gc
import importlib
import os
from pathlib import Path
import selectors
import signal
import socket
import sys
import time
import types
from typing import Any

from spatialclaw_ros.channel import framing
from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel import lengths
from spatialclaw_ros.kernel import scratch
from spatialclaw_ros.kernel import walls
from spatialclaw_ros.kernel import worker
from spatialclaw_ros.kernel.family import Family
from spatialclaw_ros.kernel.family import Ties
from spatialclaw_ros.kernel.member import children_of
from spatialclaw_ros.kernel.member import Member
from spatialclaw_ros.kernel.member import threads_of

_PROBE_BYTES = 256 << 20
_LOOK_SECONDS = 0.2


def main(control: int, preload: str, folder: str) -> None:
    """Serve the host on the socket `control` until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    walls.adopt_orphans()
    module = importlib.import_module(preload)
    gc.collect()
    gc.freeze()
    nursery = _Nursery(socket.socket(fileno=control), module, Path(folder))
    try:
        nursery.serve()
    except EOFError:
        nursery.end()


class _Nursery:
    def __init__(self, sock: socket.socket, module: types.ModuleType, folder: Path) -> None:
        self._module = module
        self._scratch = folder
        self._readable = walls.readable_places()
        self._pid = os.getpid()
        self._families: dict[int, Family] = {}
        self._host_is_there = True
        self._look_for_orphans = False
        self._channel = framing.Channel(sock, most_out=lengths.CONTROL, most_in=lengths.CONTROL)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ, self._hear)
        words, missing = walls.probe(
            walls.Site(_PROBE_BYTES, folder, self._readable))
        self._channel.send('ready', {'sandbox': words, 'missing': missing})

    def serve(self) -> None:
        """Fork and reap. Raises EOFError when the host has gone."""
        looked = 0.0
        while True:
            if time.monotonic() - looked > _LOOK_SECONDS:
                looked = time.monotonic()
                for family in list(self._families.values()):
                    family.look()
            self._end_orphans()
            self._attend(_LOOK_SECONDS if self._families else None)

    def end(self) -> None:
        """Kill and reap what is left, and remove its files."""
        self._host_is_there = False
        self._selector.unregister(self._channel.sock)
        for family in list(self._families.values()):
            family.end()
        while self._families:
            self._attend(None)
        self._end_orphans()
        scratch.remove(self._scratch)

    def _attend(self, seconds: float | None) -> None:
        """Wait for news, at most so long, and act on it."""
        ready = [key for key, _events in self._selector.select(seconds)]
        # The host first: what it grants, it grants before it tells the kernel to ask for it.
        for key in sorted(ready, key=lambda one: one.data != self._hear):
            if self._selector.get_map().get(key.fd) is key:  # and not ended by another
                key.data()

    def _hear(self) -> None:
        """Do all that the host has asked for, so that nothing granted by then is refused."""
        while self._channel.has_more():
            message = self._channel.read()
            if message is not None:
                self._obey(message)

    def _obey(self, message: framing.Message) -> None:
        number = message.get('id', int)
        family = self._families.get(number)
        if message.type == 'fork':
            self._fork(number, message)
        elif family is None:
            framing.close_all(message.fds)
        elif message.type == 'copy':
            family.copy()
        elif message.type == 'resume':
            family.resume(*message.fds)
            framing.close_all(message.fds)

    def _fork(self, number: int, message: framing.Message) -> None:
        *for_kernel, leash = message.fds
        threads = threads_of(self._pid)
        try:
            if threads != 1:
                raise OSError(
                    f'the nursery has {threads} threads, one of them of {self._module.__name__} '
                    'or what it imports; a process with threads is not forked')
            files = scratch.Scratch(self._scratch / str(number))
            cord, kernels_end = socket.socketpair()
            pid = os.fork()
        except OSError as error:
            self._channel.send('failed', {'id': number, 'error': f'no kernel forked: {error}'})
            self._channel.send('gone', {'id': number})
            framing.close_all(message.fds)
            return
        if pid == 0:
            self._become_kernel(message, files.folder, kernels_end.detach())
        kernels_end.close()
        framing.close_all(for_kernel)
        pidfd = os.pidfd_open(pid)
        self._families[number] = Family(
            number, Member(pid, pidfd), files, Ties(leash, cord, for_kernel[0]), self._selector,
            self._tell)
        self._channel.send('forked', {'id': number}, [pidfd])

    def _become_kernel(self, message: framing.Message, folder: Path, cord: int) -> None:
        status = 1
        try:
            wire, output, arena, crash, _leash = message.fds
            worker.live(worker.Birth(
                preload=self._module, parent=self._pid, channel=wire, output=output, arena=arena,
                crash=crash, cord=cord, sandbox=message.get('sandbox', str), site=walls.Site(
                    message.get('memory_bytes', int), folder, self._readable)))
            status = 0
        except BaseException as error:
            print(failure.whole(error), file=sys.stderr)
        finally:
            os._exit(status)

    def _tell(self, kind: str, fields: dict[str, Any], fds: list[int]) -> None:
        """Send a message of a family."""
        if kind == 'gone':
            del self._families[fields['id']]
        if kind in ('exited', 'gone'):
            self._look_for_orphans = True
            self._end_orphans()
        if self._host_is_there:
            self._channel.send(kind, fields, fds)

    def _end_orphans(self) -> None:
        """Kill what kernels that have ended left behind: their orphans are this process's.

        But for a moment one may be the copy that a family expects, and has not come forward yet.
        """
        if not self._look_for_orphans or any(
                family.expects_copy for family in self._families.values()):
            return
        self._look_for_orphans = False
        known = set().union(*(family.pids for family in self._families.values()))
        while orphans := children_of(self._pid) - known:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
