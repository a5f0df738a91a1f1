"""One cell while it runs, as the host sees it: clock, calls, output, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Sequence
import signal
from typing import Any

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.framing import Message
from spatialclaw_ros.kernel.output import Output
from spatialclaw_ros.kernel.process import KernelProcess

OnCall = Callable[[bytes], Awaitable[tuple[bytes, Sequence[int]]]]

_GRACE = 0.1
_PIPE_BYTES = 1 << 16
#: What a kernel that keeps to the rules may report, in characters, with room to spare.
_MOST_TEXTS = {'error': 1 << 17, 'error_type': 1000, 'note': 1 << 17, 'status': 10}
_MOST_THREADS = 1 << 17


class RunningCell:
    """The conversation with a kernel about one cell."""

    def __init__(self, process: KernelProcess, output: Output, on_call: OnCall,
                 seconds: float) -> None:
        """Allow the cell `seconds` of its own time; waiting for `on_call` does not count."""
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._output = output
        self._on_call = on_call
        self._left = seconds
        self._resumed = 0.0
        self._clock: asyncio.TimerHandle | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._call: asyncio.Task[None] | None = None
        self._over: asyncio.Future[Message | None] = self._loop.create_future()
        self.stopped_by = ''

    async def converse(self, fields: dict[str, Any]) -> Message | None:
        """Run the cell that `fields` describe: its report, or None when the process ended.

        Raises what `on_call` or the output's receiver raise; the kernel is then still running.
        """
        self._process.listener = self._hear
        self._process.ended.add_done_callback(self._ended)
        self._loop.add_reader(self._process.output, self._read)
        try:
            self._resume()
            await self._process.send('run', fields)
            report = await self._over
            self._drain()
            return report
        finally:
            self._process.listener = None
            self._process.ended.remove_done_callback(self._ended)
            self._loop.remove_reader(self._process.output)
            for timer in (self._clock, self._grace):
                if timer is not None:
                    timer.cancel()
            if self._call is not None:
                self._call.cancel()

    async def wait(self) -> None:
        """Wait until the cell is over."""
        await asyncio.wait({self._over})

    def stop(self, reason: str) -> None:
        """Interrupt the cell, and kill its process when that does not end it at once."""
        if self.stopped_by or self._over.done():
            return
        self.stopped_by = reason
        if self._call is not None:
            self._call.cancel()
        self._process.signal(signal.SIGINT)
        self._grace = self._loop.call_later(_GRACE, self._process.kill)

    def _hear(self, message: Message) -> None:
        if message.type == 'call' and self._call is None:
            self._pause()
            if not self.stopped_by:
                self._read()
                self._call = self._loop.create_task(
                    self._answer(message.get('id', int), message.get('body', bytes)))
        elif message.type == 'done' and not self._over.done():
            _check_report(message)
            self._over.set_result(message)
        else:
            raise ChannelError(f'a {message.type[:40]!r} message came out of turn')

    async def _answer(self, number: int, body: bytes) -> None:
        try:
            reply, fds = await self._on_call(body)
            await self._process.send('reply', {'id': number, 'body': reply}, list(fds))
        except Exception as error:
            self._fail(error)
        finally:
            self._call = None
        if not self.stopped_by:
            self._resume()

    def _pause(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
            self._left -= self._loop.time() - self._resumed

    def _resume(self) -> None:
        self._resumed = self._loop.time()
        self._clock = self._loop.call_later(max(self._left, 0.0), self.stop, 'limit')

    def _ended(self, _ended: object) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)

    def _read(self) -> int:
        data = self._process.read_output()
        if data == b'':
            self._loop.remove_reader(self._process.output)
        elif data is not None:
            try:
                self._output.feed(data)
            except Exception as error:
                self._fail(error)
        return len(data or b'')

    def _drain(self) -> None:
        """Read what was printed before the end, at most what the pipe can hold."""
        room = _PIPE_BYTES
        while room > 0 and (count := self._read()):
            room -= count


def _check_report(message: Message) -> None:
    for name in ('status', 'error', 'error_type', 'note'):
        message.get(name, str)
    fields = message.fields
    if any(len(fields[name]) > most for name, most in _MOST_TEXTS.items()):
        raise ChannelError('a report longer than any')
    for name, kind in (('exhausted', bool), ('ran', bool), ('threads', int)):
        message.get(name, kind)
    if not 0 <= fields['threads'] < _MOST_THREADS:
        raise ChannelError(f"{fields['threads']} threads")
    if message.fields['status'] not in ('ok', 'error', 'refused'):
        raise ChannelError(f"a cell with status {framing.shown(message.fields['status'])}")
    for item in message.get('variables', list):
        if not isinstance(item, list) or [type(part) for part in item] != [str, str]:
            raise ChannelError(f'{framing.shown(item)} is no variable')
