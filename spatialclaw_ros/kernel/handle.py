"""A kernel as its user holds it: runs cells, and goes on from before one that was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import os
from typing import Any

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.framing import Message
from spatialclaw_ros.kernel import endings
from spatialclaw_ros.kernel.births import Births
from spatialclaw_ros.kernel.errors import KernelBusy
from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.errors import OpeningFailed
from spatialclaw_ros.kernel.errors import SandboxUnavailable
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.kernel.outcome import Limits
from spatialclaw_ros.kernel.output import Output
from spatialclaw_ros.kernel.process import Exit
from spatialclaw_ros.kernel.process import KernelProcess
from spatialclaw_ros.kernel.running import OnCall
from spatialclaw_ros.kernel.running import RunningCell

_OPENING_SECONDS, _RESUMING_SECONDS = 60.0, 5.0
#: So many cells on end that end the process by themselves are the kernel's fault, not theirs.
_MOST_CRASHES = 3


class Kernel:
    """Runs the cells of one query, one at a time; made by `Nursery.open`.

    After each cell its process leaves a copy of itself, and a cell that is stopped, crashes or
    runs out of memory is undone by going on from the copy. `sandbox` says which walls are up.
    """

    def __init__(self, births: Births, opening: bytes, fds: Sequence[int], limits: Limits) -> None:
        """Keep what is needed to open the kernel, again and again; `fds` stay the caller's."""
        self._births = births
        self._opening = opening
        self._fds = [os.dup(fd) for fd in fds]
        self._limits = limits
        self._process: KernelProcess | None = None
        self._at_rest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._at_rest.set_result(None)
        self._copying = self._at_rest
        self._cell: RunningCell | None = None
        self._stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._number = self._crashes = 0
        self._has_state = False
        self._busy = self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._bad_news = ''
        self.sandbox = ''

    @property
    def arena(self) -> memoryview:
        """What the running cell has put beside its call: read it in `on_call`, copy, let go."""
        if self._process is None:
            raise KernelBusy('the kernel has no process now, so it has no arena')
        return self._process.arena

    async def start(self) -> None:
        """See to it that there is a process: the one there is, its copy, or a fresh one.

        Raises OpeningFailed with the kernel's own words, or NurseryDied.
        """
        lost = self._process
        if lost is not None and lost.runs:
            return
        why = 'the kernel was lost'
        if lost is not None:
            kept = await _is_kept(lost)
            self._process = None
            why = f'the kernel {lost.ended.result()}'
            if kept and self._crashes < _MOST_CRASHES:
                try:
                    await self._adopt(self._births.resume(lost), is_copy=True)
                    return
                except OpeningFailed as error:
                    why = str(error)
            lost.release()
        if self._has_state:
            self._bad_news = f'{why}: the variables of all earlier cells were lost'
        self._has_state, self._crashes = False, 0
        await self._adopt(self._births.fork(self._limits), is_copy=False)

    async def run(self, code: str, *, on_output: Callable[[str], None], on_call: OnCall,
                  seconds: float | None = None) -> CellOutcome:
        """Run one cell.

        `on_output` gets text as it is printed. `on_call` answers a call of the cell with bytes
        and descriptors, which must stay open until they are sent. `seconds` overrides the limit.
        Raises KernelBusy while another cell runs, NurseryDied, OpeningFailed, and what `on_call`
        and `on_output` raise (the cell is then undone).
        """
        if self._busy or self._closed:
            raise KernelBusy('the kernel is closed' if self._closed else
                             'the kernel runs a cell already; wait for it or interrupt it')
        self._busy, self._stop = True, asyncio.get_running_loop().create_future()
        self._idle.clear()
        try:
            refusal = endings.unsendable(code)
            if refusal is not None:
                return refusal
            if not self._at_rest.done():
                await asyncio.wait({self._at_rest, self._stop},
                                   return_when=asyncio.FIRST_COMPLETED)
            if not self._stop.done():
                await self.start()
            if self._stop.done() or self._process is None:
                return endings.never_ran()
            output = Output(self._limits.output_bytes, on_output)
            limit = self._limits.cell_seconds if seconds is None else seconds
            return await self._run(self._process, code, output, on_call, limit)
        finally:
            self._busy = False
            self._idle.set()

    async def interrupt(self) -> None:
        """End the running cell, within a fraction of a second whatever it does."""
        if not self._stop.done():
            self._stop.set_result(None)
        if self._cell is not None:
            self._cell.stop('cancel')
            await self._cell.wait()

    async def close(self) -> None:
        """End the kernel and a cell that runs; may be called again."""
        self._closed = True
        await self.interrupt()
        await self._idle.wait()
        process, self._process = self._process, None
        if process is not None:
            process.release()
            await asyncio.wait({process.gone})
        await asyncio.wait({self._copying})
        framing.close_all(self._fds)
        self._fds = []

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
            process.kill()
            raise
        finally:
            self._cell = None
        took = loop.time() - start
        self._crashes = self._crashes + 1 if report is None and not cell.stopped_by else 0
        fate = await self._settle(process, report, bool(cell.stopped_by))
        outcome = endings.outcome(report, process, cell.stopped_by, seconds, output.text(), took)
        notes = [note for note in (self._bad_news, fate.note or outcome.note) if note]
        self._bad_news = ''
        return dataclasses.replace(outcome, note='; '.join(notes), undone=fate.undone)

    async def _settle(self, process: KernelProcess, report: Message | None,
                      stopped: bool) -> endings.Fate:
        """Copy the process after a good cell, end it after one that is to be undone."""
        if not self._copying.done():  # of the copy from before this cell
            if stopped:
                process.kill()
            await asyncio.wait({self._copying})
        lives = report is not None and not process.ended.done()
        if report is not None and lives and not stopped and not report.fields['exhausted']:
            if not report.fields['ran']:
                return endings.AS_REPORTED
            self._has_state = True
            if self._limits.checkpoints:
                self._at_rest = asyncio.get_running_loop().create_future()
                self._copying = asyncio.ensure_future(self._copy(process))
            threads = report.fields['threads']
            if not threads:
                return endings.AS_REPORTED
            await asyncio.wait({self._copying})
            return endings.with_threads(report, threads, ended=not process.runs)
        if lives and self._has_state and process.no_copy:
            return endings.cannot_be_undone(process.no_copy)
        process.kill()
        kept = await _is_kept(process)
        if not self._has_state or (kept and self._crashes < _MOST_CRASHES):
            return endings.UNDONE
        self._has_state = False
        return endings.given_up(self._crashes) if kept else endings.lost(process.no_copy)

    async def _copy(self, process: KernelProcess) -> None:
        """Have the process leave a copy. From the fork on it can run the next cell.

        Where it has threads it goes on as its copy, which has none: they end with their cell.
        """
        try:
            threads = await self._births.copy(process)
            if not threads:
                self._at_rest.set_result(None)
            process.no_copy = await self._births.copied(process)
            if threads and not process.no_copy:
                process.kill()
        finally:
            if not self._at_rest.done():
                self._at_rest.set_result(None)

    async def _know_of_copy(self, process: KernelProcess) -> None:
        process.no_copy = await self._births.copied(process)

    async def _adopt(self, birth: Awaitable[KernelProcess], *, is_copy: bool) -> None:
        process = await birth
        try:
            self.sandbox = await self._opened(process, is_copy)
        except BaseException:
            process.release()
            raise
        self._process = process
        if is_copy:
            self._copying = asyncio.ensure_future(self._know_of_copy(process))

    async def _opened(self, process: KernelProcess, is_copy: bool) -> str:
        heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def hear(message: Message) -> None:
            process.listener = None
            heard.set_result(message)

        process.listener = hear
        if not is_copy:
            await process.send('open', {'body': self._opening}, self._fds)
        news: set[asyncio.Future[Any]] = {heard, process.ended}
        if not is_copy:  # which goes on at once, and holds what would be lost with it
            news.add(self._stop)
        limit = _RESUMING_SECONDS if is_copy else _OPENING_SECONDS
        await asyncio.wait(news, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        process.listener = None
        if self._stop.done() and not is_copy:
            process.kill()
            return self.sandbox
        if heard.done() and heard.result().type == 'ready':
            return self.sandbox if is_copy else str(heard.result().get('sandbox', str))
        if heard.done() and is_copy:
            raise OpeningFailed('the copy of the kernel did not go on')
        if heard.done():
            reason = heard.result().get('error', str)
            if heard.result().type == 'unwalled':
                raise SandboxUnavailable(reason)
            raise OpeningFailed(f'the kernel could not be opened:\n{reason}')
        if not process.ended.done():
            raise OpeningFailed(f'the kernel was not open after {limit:g} s')
        ended = process.ended.result()
        if isinstance(ended, NurseryDied):
            raise ended
        said = (process.read_output() or b'').decode('utf-8', 'replace')
        raise OpeningFailed(f'the kernel {ended} while it was opened:\n{said}')


async def _is_kept(process: KernelProcess) -> bool:
    """Whether a copy waits to go on in place of `process`, once that has ended."""
    await asyncio.wait({process.ended})
    ended = process.ended.result()
    return isinstance(ended, Exit) and ended.kept
