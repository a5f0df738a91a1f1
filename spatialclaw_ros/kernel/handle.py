"""A kernel as its user holds it: runs cells, and starts afresh when its process is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Sequence
import os
from typing import Any

from spatialclaw_ros.kernel import channel
from spatialclaw_ros.kernel import endings
from spatialclaw_ros.kernel.channel import Message
from spatialclaw_ros.kernel.errors import KernelBusy
from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.errors import OpeningFailed
from spatialclaw_ros.kernel.errors import SandboxUnavailable
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.kernel.outcome import Limits
from spatialclaw_ros.kernel.output import Output
from spatialclaw_ros.kernel.process import KernelProcess
from spatialclaw_ros.kernel.running import OnCall
from spatialclaw_ros.kernel.running import RunningCell

_OPENING_SECONDS = 60.0


class Kernel:
    """Runs the cells of one query, one at a time; made by `Nursery.open`.

    `sandbox` says in words which walls are up.
    """

    def __init__(self, fork: Callable[[Limits], Awaitable[KernelProcess]], opening: bytes,
                 fds: Sequence[int], limits: Limits) -> None:
        """Keep what is needed to open the kernel, again and again; `fds` stay the caller's."""
        self._fork = fork
        self._opening = opening
        self._fds = [os.dup(fd) for fd in fds]
        self._limits = limits
        self._process: KernelProcess | None = None
        self._cell: RunningCell | None = None
        self._number = 0
        self._busy = self._closed = self._cancelled = False
        self.sandbox = ''

    @property
    def arena(self) -> memoryview:
        """What the running cell has put beside its call: read it in `on_call`, copy, let go."""
        if self._process is None:
            raise KernelBusy('the kernel has no process now, so it has no arena')
        return self._process.arena

    async def start(self) -> None:
        """Fork and open a process unless there is one.

        Raises OpeningFailed with the kernel's own words, or NurseryDied.
        """
        if self._process is not None and not self._process.ended.done():
            return
        self._release()
        process = await self._fork(self._limits)
        try:
            self.sandbox = await self._open(process)
        except BaseException:
            process.release()
            raise
        self._process = process

    async def run(self, code: str, *, on_output: Callable[[str], None], on_call: OnCall,
                  seconds: float | None = None) -> CellOutcome:
        """Run one cell.

        `on_output` gets text as it is printed. `on_call` answers a call of the cell with bytes
        and descriptors, which must stay open until they are sent. `seconds` overrides the limit.
        Raises KernelBusy while another cell runs, NurseryDied, OpeningFailed, and what `on_call`
        and `on_output` raise (the kernel then starts afresh with the next cell).
        """
        if self._busy or self._closed:
            raise KernelBusy('the kernel is closed' if self._closed else
                             'the kernel runs a cell already; wait for it or interrupt it')
        self._busy, self._cancelled = True, False
        try:
            refusal = endings.unsendable(code)
            if refusal is not None:
                return refusal
            await self.start()
            if self._cancelled or self._process is None:
                return endings.never_ran()
            output = Output(self._limits.output_bytes, on_output)
            limit = self._limits.cell_seconds if seconds is None else seconds
            return await self._run(self._process, code, output, on_call, limit)
        finally:
            self._busy = False

    async def interrupt(self) -> None:
        """End the running cell, within a fraction of a second whatever it does."""
        self._cancelled = True
        if self._cell is not None:
            self._cell.stop('cancel')
            await self._cell.wait()

    async def close(self) -> None:
        """End the kernel and a cell that runs; may be called again."""
        self._closed = True
        await self.interrupt()
        process = self._process
        if process is not None:
            process.kill()
            await asyncio.wait({process.ended})
            self._release()
        channel.close_all(self._fds)
        self._fds = []

    async def _open(self, process: KernelProcess) -> str:
        heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def hear(message: Message) -> None:
            process.listener = None
            heard.set_result(message)

        process.listener = hear
        await process.send('open', {'body': self._opening}, self._fds)
        both: set[asyncio.Future[Any]] = {heard, process.ended}
        await asyncio.wait(both, timeout=_OPENING_SECONDS,
                           return_when=asyncio.FIRST_COMPLETED)
        process.listener = None
        if heard.done() and heard.result().type == 'ready':
            sandbox: str = heard.result().get('sandbox', str)
            return sandbox
        if heard.done():
            reason = heard.result().get('error', str)
            if heard.result().type == 'unwalled':
                raise SandboxUnavailable(reason)
            raise OpeningFailed(f'the kernel could not be opened:\n{reason}')
        if not process.ended.done():
            raise OpeningFailed(f'the kernel was not open after {_OPENING_SECONDS:g} s')
        ended = process.ended.result()
        if isinstance(ended, NurseryDied):
            raise ended
        said = (process.read_output() or b'').decode('utf-8', 'replace')
        raise OpeningFailed(f'the kernel {ended} while it was opened:\n{said}')

    async def _run(self, process: KernelProcess, code: str, output: Output, on_call: OnCall,
                   seconds: float) -> CellOutcome:
        loop = asyncio.get_running_loop()
        start = loop.time()
        self._number += 1
        self._cell = cell = RunningCell(process, output, on_call, seconds)
        try:
            report = await cell.converse(
                {'number': self._number, 'code': code, 'check': self._limits.check})
        except BaseException:
            self._release()
            raise
        finally:
            self._cell = None
        outcome = endings.outcome(report, process, cell.stopped_by, seconds,
                                  output.text(), loop.time() - start)
        if report is None:
            self._release()
        return outcome

    def _release(self) -> None:
        if self._process is not None:
            self._process.release()
            self._process = None
