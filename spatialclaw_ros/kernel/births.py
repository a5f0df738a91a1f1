"""The host's conversation with its nursery: who is forked, copied, and goes on from a copy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import os
import signal
import socket
from typing import Any

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.asynchronous import AsyncChannel
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.errors import ChannelGone
from spatialclaw_ros.kernel import lengths
from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.errors import OpeningFailed
from spatialclaw_ros.kernel.outcome import Limits
from spatialclaw_ros.kernel.process import Ends
from spatialclaw_ros.kernel.process import Exit
from spatialclaw_ros.kernel.process import KernelProcess


@dataclass
class _Family:
    """One kernel: what is awaited of it, and the copy that waits, by its pidfd."""

    ends: Ends
    forked: asyncio.Future[KernelProcess]
    ended: asyncio.Future[Exit | NurseryDied]
    granted: asyncio.Future[int]
    copied: asyncio.Future[str]
    gone: asyncio.Future[None]
    copy: int = -1

    def let_go_of_copy(self, *, kill: bool = False) -> None:
        """Close what is held of the copy; with `kill` end it, when nobody else is left to."""
        if self.copy >= 0:
            if kill:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.copy, signal.SIGKILL)
            os.close(self.copy)
            self.copy = -1


class Births:
    """Orders to the nursery, and its news. `ready` gives its first message."""

    def __init__(self, sock: socket.socket,
                 on_end: Callable[[ChannelError | None], None]) -> None:
        """Take ownership of the control socket; `on_end` as in AsyncChannel."""
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[framing.Message] = self._loop.create_future()
        self.death: asyncio.Future[NurseryDied] = self._loop.create_future()
        self._families: dict[int, _Family] = {}
        self._last_number = 0
        self._control = AsyncChannel(
            sock, most_out=lengths.CONTROL, most_in=lengths.CONTROL, take_fds=True,
            on_message=self._hear, on_end=on_end)

    async def fork(self, limits: Limits) -> KernelProcess:
        """Have a kernel forked. Raises NurseryDied, OpeningFailed."""
        self._check()
        self._last_number = number = self._last_number + 1
        future = self._loop.create_future
        family = _Family(
            Ends(limits.arena_bytes), future(), future(), future(), future(), future())
        self._families[number] = family
        return await self._born(family, 'fork', {
            'id': number, 'sandbox': limits.sandbox, 'memory_bytes': limits.memory_bytes})

    async def resume(self, process: KernelProcess) -> KernelProcess:
        """Have the copy of `process`, which has ended, go on. Raises NurseryDied, OpeningFailed."""
        self._check()
        family = self._families.get(process.number)
        if family is None:
            raise OpeningFailed('the copy of the kernel is gone')
        process.hand_over()
        family.forked, family.ended = self._loop.create_future(), self._loop.create_future()
        family.copied = self._loop.create_future()
        return await self._born(family, 'resume', {'id': process.number})

    async def copy(self, process: KernelProcess) -> int:
        """Have `process`, between two cells, fork a copy of itself that replaces the last one.

        Gives the number of threads that it has and the copy has not; `copied` tells the rest.
        """
        family = self._families.get(process.number)
        if family is None:
            return 0
        family.granted, family.copied = self._loop.create_future(), self._loop.create_future()
        try:
            await self._control.send('copy', {'id': process.number})
        except ChannelError:
            return 0
        await process.send('copy', {})
        await _first_of(family.granted, family.copied, family.ended)
        return family.granted.result() if family.granted.done() else 0

    async def copied(self, process: KernelProcess) -> str:
        """Wait for the copy that `process` makes, told to or going on: why there is none, or ''."""
        family = self._families.get(process.number)
        if family is not None:
            await _first_of(family.copied, family.ended)
            if family.copied.done():
                return family.copied.result()
            return f'the kernel {family.ended.result()}'
        return 'the kernel has ended'

    def close(self) -> None:
        """Say no more and hear no more."""
        self._control.close()

    def declare_dead(self, death: NurseryDied) -> None:
        """Tell everyone who waits that the nursery and all kernels are dead."""
        self.death.set_result(death)
        for family in self._families.values():
            if not family.forked.done():
                family.forked.set_exception(death)
            if not family.ended.done():
                family.ended.set_result(death)
            family.let_go_of_copy(kill=True)
            family.gone.set_result(None)
        self._families.clear()

    def _check(self) -> None:
        if self.death.done():
            raise self.death.result()

    async def _born(self, family: _Family, order: str, fields: dict[str, Any]) -> KernelProcess:
        try:
            await self._control.send(order, fields, family.ends.for_kernel)
        except ChannelGone:
            await asyncio.wait({self.death})
        except ChannelError as error:
            family.ends.close()
            raise OpeningFailed(f'the nursery was not told: {error}') from error
        except BaseException:
            family.ends.close()
            raise
        family.ends.let_go()
        try:
            return await family.forked
        except (NurseryDied, OpeningFailed):
            family.ends.close()
            raise

    def _hear(self, message: framing.Message) -> None:
        if message.type == 'ready':
            self.ready.set_result(message)
            return
        number = message.get('id', int)
        family = self._families[number]
        if message.type == 'forked':
            process = KernelProcess(number, message.fds[0], family.ends, family.ended, family.gone)
            if family.forked.done():  # whoever waited for it was cancelled
                process.release()
            else:
                family.forked.set_result(process)
        elif message.type == 'granted':
            family.granted.set_result(message.get('threads', int))
        elif message.type == 'copied':
            family.let_go_of_copy()
            family.copy = message.fds[0] if message.fds else -1
            family.copied.set_result(message.get('why', str))
        elif message.type == 'exited':
            family.ended.set_result(Exit(
                message.get('status', int), message.get('why', str), message.get('kept', bool)))
        elif message.type == 'gone':
            del self._families[number]
            family.let_go_of_copy()
            if not family.forked.done():
                family.forked.set_exception(OpeningFailed('the nursery has ended the kernel'))
            family.gone.set_result(None)
        elif family.forked.done():
            family.ends.close()
        else:
            family.forked.set_exception(OpeningFailed(message.get('error', str)))


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
