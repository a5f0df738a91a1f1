"""The nursery process: holds the preloaded modules, forks kernels on request, and reaps them.

Started by exec in its own session with next to no environment, it never learns a secret, runs no
model and has exactly one thread, so that what it forks is clean.
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
import gc
import importlib
import os
from pathlib import Path
import selectors
import shutil
import signal
import socket
import sys
import types

from spatialclaw_ros.kernel import channel
from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel import walls
from spatialclaw_ros.kernel import worker

#: Parameters of glibc's mallopt, by their numbers in malloc.h, and bytes: arrays up to the first
#: come from the heap, of which so much may lie free at its top, and which grows by so much.
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = (-3, 32 << 20), (-1, 256 << 20), (-2, 16 << 20)


_PROBE_BYTES = 256 << 20
#: What a kernel may keep in its scratch folder, and how often that is looked at.
_MOST_SCRATCH_BYTES, _LOOK_SECONDS = 256 << 20, 0.2


@dataclass
class _Child:
    id: int
    pid: int
    pidfd: int
    scratch: Path
    why_killed: str = ''


def main(control: int, preload: str, scratch: str) -> None:
    """Serve the host on the socket `control` until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    walls.adopt_orphans()
    module = importlib.import_module(preload)
    _keep_freed_memory()
    gc.collect()
    gc.freeze()
    nursery = _Nursery(socket.socket(fileno=control), module, Path(scratch))
    try:
        nursery.serve()
    except EOFError:
        nursery.end()


def _keep_freed_memory() -> None:
    """Have kernels use again what an array leaves free, instead of giving it back at once.

    A kernel lives for one query, and every page that is had anew from the system costs a fault.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        for parameter, count in (_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD):
            mallopt(parameter, count)


class _Nursery:
    def __init__(self, sock: socket.socket, module: types.ModuleType, scratch: Path) -> None:
        self._module = module
        self._scratch = scratch
        self._readable = walls.readable_places()
        self._pid = os.getpid()
        self._children: dict[int, _Child] = {}
        self._channel = channel.Channel(sock, most_out=channel.CONTROL, most_in=channel.CONTROL)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ)
        words, missing = walls.probe(
            walls.Site(_PROBE_BYTES, scratch, self._readable))
        self._channel.send('ready', {'sandbox': words, 'missing': missing})

    def serve(self) -> None:
        """Fork and reap. Raises EOFError when the host has gone."""
        while True:
            self._bound_scratch()
            for key, _events in self._selector.select(_LOOK_SECONDS if self._children else None):
                child = self._children.get(key.fd)
                if child is not None:
                    self._reap(child)
                    continue
                message = self._channel.read()
                while message is not None:
                    self._fork(message)
                    message = self._channel.buffered()

    def end(self) -> None:
        """Kill and reap what is left, and remove its files."""
        for child in list(self._children.values()):
            signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
            os.waitid(os.P_PIDFD, child.pidfd, os.WEXITED)
        self._children.clear()
        self._end_orphans()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _bound_scratch(self) -> None:
        for child in self._children.values():
            if not child.why_killed and _takes_over(_MOST_SCRATCH_BYTES, child.scratch):
                child.why_killed = (f'its files took over {_MOST_SCRATCH_BYTES >> 20} MB, all '
                                    'that a kernel may keep in its scratch folder')
                signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)

    def _fork(self, message: channel.Message) -> None:
        number = message.get('id', int)
        threads = sum(1 for _task in Path('/proc/self/task').iterdir())
        if threads != 1:
            self._channel.send('failed', {'id': number, 'error': (
                f'the nursery has {threads} threads, one of them of {self._module.__name__} or '
                'what it imports; a process with threads is not forked')})
            channel.close_all(message.fds)
            return
        scratch = self._scratch / str(number)
        try:
            scratch.mkdir(mode=0o700)
            pid = os.fork()
        except OSError as error:
            self._channel.send('failed', {'id': number, 'error': f'no kernel forked: {error}'})
            channel.close_all(message.fds)
            return
        if pid == 0:
            self._become_kernel(message, scratch)
        channel.close_all(message.fds)
        child = _Child(number, pid, os.pidfd_open(pid), scratch)
        self._children[child.pidfd] = child
        self._selector.register(child.pidfd, selectors.EVENT_READ)
        self._channel.send('forked', {'id': number, 'pid': pid}, [child.pidfd])

    def _become_kernel(self, message: channel.Message, scratch: Path) -> None:
        status = 1
        try:
            wire, output, arena, crash = message.fds
            worker.live(worker.Birth(
                preload=self._module, parent=self._pid, channel=wire, output=output, arena=arena,
                crash=crash, sandbox=message.get('sandbox', str), site=walls.Site(
                    message.get('memory_bytes', int), scratch, self._readable)))
            status = 0
        except BaseException as error:
            print(failure.whole(error), file=sys.stderr)
        finally:
            os._exit(status)

    def _end_orphans(self) -> None:
        """Kill what kernels that have ended left behind: their orphans are this process's."""
        known = {child.pid for child in self._children.values()}
        while orphans := walls.children_of(self._pid) - known:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _reap(self, child: _Child) -> None:
        ended = os.waitid(os.P_PIDFD, child.pidfd, os.WEXITED)
        status = 0 if ended is None else (
            ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        self._selector.unregister(child.pidfd)
        del self._children[child.pidfd]
        os.close(child.pidfd)
        self._end_orphans()
        shutil.rmtree(child.scratch, ignore_errors=True)
        self._channel.send(
            'exited', {'id': child.id, 'status': status, 'why': child.why_killed})


def _takes_over(most: int, folder: Path) -> bool:
    """Whether the files beneath `folder` take more than `most` bytes, an empty one a page."""
    total = 0
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):
                total += max((Path(where) / name).lstat().st_blocks * 512, 4096)
            if total > most:
                return True
    return False
