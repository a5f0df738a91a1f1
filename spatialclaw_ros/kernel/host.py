"""The host's side of the kernels: start a nursery, open kernels, run cells.

Everything happens on the asyncio loop that is running at `Nursery.start`; the host process
itself never forks (it starts the nursery by exec).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import contextlib
import os
from pathlib import Path
import socket
import subprocess
import sys
import tempfile
from typing import Any

from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.kernel import scratch
from spatialclaw_ros.kernel.births import Births
from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.handle import Kernel
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.kernel.outcome import Limits
from spatialclaw_ros.kernel.outcome import Variable

__all__ = ['CellOutcome', 'Kernel', 'Limits', 'Nursery', 'Variable']

_BOOT = ('import sys; sys.path[:] = sys.argv[1].splitlines(); '
         'from spatialclaw_ros.kernel.nursery import main; '
         'main(int(sys.argv[2]), sys.argv[3], sys.argv[4])')
#: All of Python's memory from glibc's heap, in huge pages, of which a fork copies few tables, and
#: arrays up to the threshold too; what is freed is kept, for each page had anew costs a fault.
_MEMORY = {'PYTHONMALLOC': 'malloc', 'GLIBC_TUNABLES': (
    'glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:'
    'glibc.malloc.trim_threshold=268435456:glibc.malloc.top_pad=16777216')}
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS',
               'NUMEXPR_NUM_THREADS')
_START_SECONDS = 120.0
_END_SECONDS = 5.0
_STDERR_TAIL = 4000


class Nursery:
    """A process that holds the preloaded modules and forks kernels; made by `start`.

    `sandbox` says in words which walls can be raised about a kernel here, `missing` which that
    the policy 'strict' needs cannot.
    """

    def __init__(self, process: subprocess.Popen[bytes], sock: socket.socket, stderr: int,
                 folder: Path) -> None:
        """Take ownership of the process, its control socket, its stderr and its folder."""
        self.pid = process.pid
        self.sandbox = self.missing = ''
        self._process = process
        self._stderr = stderr
        self._scratch = folder
        self._closed = False
        self._births = Births(sock, self._lost)

    @classmethod
    async def start(cls, preload: str) -> Nursery:
        """Start a nursery that holds module `preload`, which must offer `open_workshop`.

        Raises NurseryDied with its stderr when that fails.
        """
        nursery = cls(*_exec(preload))
        births = nursery._births
        try:
            news: set[asyncio.Future[Any]] = {births.ready, births.death}
            await asyncio.wait(news, timeout=_START_SECONDS,
                               return_when=asyncio.FIRST_COMPLETED)
            if births.death.done():
                raise births.death.result()
            if not births.ready.done():
                raise NurseryDied(f'the nursery did not load {preload} in {_START_SECONDS:g} s')
            ready = births.ready.result()
            nursery.sandbox, nursery.missing = ready.get('sandbox', str), ready.get('missing', str)
        except BaseException:
            await nursery.close()
            raise
        return nursery

    @property
    def alive(self) -> bool:
        """Whether kernels can still be forked."""
        return not self._births.death.done()

    async def open(self, opening: bytes, fds: Sequence[int], limits: Limits) -> Kernel:
        """Fork a kernel and have it open its workshop with `opening` and `fds`.

        `fds` stay the caller's and may be closed afterwards. Raises OpeningFailed, NurseryDied.
        """
        kernel = Kernel(self._births, opening, fds, limits)
        try:
            await kernel.start()
        except BaseException:
            await kernel.close()
            raise
        return kernel

    async def close(self) -> None:
        """End the nursery and every kernel of it; may be called again."""
        self._births.close()
        if self.alive:
            self._births.declare_dead(NurseryDied('the nursery was closed'))
        if not self._closed:
            self._closed = True
            try:
                if self._process.poll() is None:
                    await self._reap()
            finally:
                if self._process.poll() is None:  # the wait for its end was cancelled
                    self._process.kill()
                    self._process.wait()
                os.close(self._stderr)
                scratch.remove(self._scratch)

    def _lost(self, breach: ChannelError | None) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        size = os.fstat(self._stderr).st_size
        said = os.pread(self._stderr, _STDERR_TAIL, max(size - _STDERR_TAIL, 0))
        status = self._process.poll()
        cause = breach or ('it still runs' if status is None else f'exit status {status}')
        self._births.declare_dead(NurseryDied(
            f'the nursery (process {self.pid}) died ({cause}). It said:\n'
            f'{said.decode("utf-8", "replace") or "(nothing)"}'))

    async def _reap(self) -> None:
        """Wait for the nursery, which ends by itself when its control socket closes."""
        loop = asyncio.get_running_loop()
        pidfd = os.pidfd_open(self.pid)
        over = asyncio.Event()
        loop.add_reader(pidfd, over.set)
        try:
            try:
                await asyncio.wait_for(over.wait(), _END_SECONDS)
            except asyncio.TimeoutError:
                self._process.kill()
            self._process.wait()
        finally:
            loop.remove_reader(pidfd)
            os.close(pidfd)


def _exec(preload: str) -> tuple[subprocess.Popen[bytes], socket.socket, int, Path]:
    """Start the nursery process: process, control socket, stderr and scratch folder."""
    ours, theirs = socket.socketpair()
    stderr = os.memfd_create('spatialclaw-nursery', os.MFD_CLOEXEC)
    folder = Path(tempfile.mkdtemp(prefix='spatialclaw-'))
    environment = dict.fromkeys(_ONE_THREAD, '1') | _MEMORY
    environment['_ROS_WHEELS_BOOTSTRAP_COMPLETE'] = '1'
    if 'LD_LIBRARY_PATH' in os.environ:
        environment['LD_LIBRARY_PATH'] = os.environ['LD_LIBRARY_PATH']
    path = '\n'.join(filter(None, sys.path))
    process = subprocess.Popen(
        [sys.executable, '-s', '-X', 'utf8', '-c', _BOOT, path, str(theirs.fileno()), preload,
         str(folder)],
        env=environment, cwd='/', start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=stderr, stderr=stderr, pass_fds=[theirs.fileno()])
    theirs.close()
    return process, ours, stderr, folder
