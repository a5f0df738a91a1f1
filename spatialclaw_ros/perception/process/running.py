"""One child process of the model engines as its host sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import contextlib
import dataclasses
from dataclasses import dataclass
from typing import Any

from spatialclaw_ros.calls import codec
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.asynchronous import AsyncChannel
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.errors import ChannelGone
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.memory import SealedMemory
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process import ending
from spatialclaw_ros.perception.process.child import MOST_MESSAGE
from spatialclaw_ros.perception.process.limits import Limit
from spatialclaw_ros.perception.process.spawning import Spawned

_START_SECONDS = 60.0
#: How long the last replies of a child that has ended may take to arrive.
_LAST_SECONDS = 1.0
#: How long one that was killed may take to end: in a driver that hangs it never does.
_KILL_SECONDS = 10.0


@dataclass(eq=False)
class Asked:
    """Something that the child was asked: a call of `engine`, or its health where that is ''."""

    number: int
    engine: str
    limit: Limit | None
    reply: asyncio.Future[Any]


class Child:
    """Asks a running child process; every question ends with a reply or EngineDied.

    `ready` is done when it can be asked, or has EngineDied; `gone` when nothing is left of it.
    """

    def __init__(self, spawned: Spawned, settings: EngineSettings) -> None:
        """Take ownership of `spawned`."""
        loop = asyncio.get_running_loop()
        self._process, self._said = spawned.process, spawned.said
        self._why = ''
        self._count = 0
        self._calls: dict[int, Asked] = {}  # in the order in which they are run
        self._others: dict[int, Asked] = {}
        self._hung_up, self._killed = asyncio.Event(), asyncio.Event()
        self._outbox: asyncio.Queue[tuple[str, dict[str, Any], Sequence[SealedMemory]]] = (
            asyncio.Queue())
        self.ready: asyncio.Future[None] = loop.create_future()
        self._channel = AsyncChannel(
            spawned.sock, most_out=MOST_MESSAGE, most_in=MOST_MESSAGE, take_fds=True,
            on_message=self._hear, on_end=self._lost)
        self._timer = loop.call_later(
            _START_SECONDS, self.end, f'was not ready {_START_SECONDS:g} s after its start')
        self._post('open', {'settings': dataclasses.asdict(settings)})
        self.gone = asyncio.ensure_future(self._live())

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._why and not self.gone.done()

    def call(self, engine: str, limit: Limit, body: bytes, memories: Sequence[SealedMemory]
             ) -> Asked:
        """Send an encoded call of `engine`; one that runs longer than its `limit` ends all."""
        asked = self._new(engine, limit)
        self._calls[asked.number] = asked
        if len(self._calls) == 1:
            self._limit()
        self._post('call', {'id': asked.number, 'body': body}, memories)
        return asked

    def cancel(self, asked: Asked) -> None:
        """Tell the child that nobody waits for `asked`, whose reply comes nevertheless."""
        self._post('cancel', {'id': asked.number})

    def health(self) -> asyncio.Future[EngineHealth]:
        """Ask how the engines stand."""
        asked = self._new('')
        self._others[asked.number] = asked
        self._post('health', {'id': asked.number})
        return asked.reply

    def end(self, why: str) -> None:
        """Kill the process; `why`, told to those who wait, goes on from 'the process'."""
        if self.alive:
            self._why = why
            self._killed.set()
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _new(self, engine: str, limit: Limit | None = None) -> Asked:
        self._count += 1
        return Asked(self._count, engine, limit, asyncio.get_running_loop().create_future())

    def _limit(self) -> None:
        """Count the time of the call that runs now, if there is one."""
        self._timer.cancel()
        running = next(iter(self._calls.values()), None)
        if running is not None and running.limit is not None:
            seconds, advice = running.limit.seconds, running.limit.advice
            self._timer = asyncio.get_running_loop().call_later(
                seconds, self.end, f'was ended, for a call of {running.engine!r} took longer than '
                f'{seconds:g} s; {advice}')

    def _post(self, kind: str, fields: dict[str, Any],
              memories: Sequence[SealedMemory] = ()) -> None:
        self._outbox.put_nowait((kind, fields, memories))

    async def _send_all(self) -> None:
        """Send what is posted, whoever has posted it and waits no more."""
        with contextlib.suppress(ChannelGone):
            while True:
                await self._send(*await self._outbox.get())

    async def _send(self, kind: str, fields: dict[str, Any],
                    memories: Sequence[SealedMemory]) -> None:
        try:
            await self._channel.send(kind, fields, [memory.fd for memory in memories])
        except ChannelGone:
            raise
        except ChannelError as error:
            if isinstance(error.__cause__, OSError):
                self.end(f'was ended: {error}')
            else:  # it is too long, or has too many descriptors, and nothing of it was sent
                self._settle(self._calls, fields['id'], error)

    def _hear(self, message: framing.Message) -> None:
        if message.type == 'ready' and not self.ready.done():
            self._timer.cancel()
            self.ready.set_result(None)
        elif message.type in ('done', 'health'):
            try:
                reply = codec.decode(message.get('body', bytes), message.fds)
            except codec.CodecError as error:
                raise ChannelError(str(error)) from error
            among = self._calls if message.type == 'done' else self._others
            self._settle(among, message.get('id', int), reply)
        else:
            raise ChannelError(f'it sent a {message.type[:40]!r} message')

    def _settle(self, among: dict[int, Asked], number: int,
                reply: EngineReply | EngineHealth | Failed | Exception) -> None:
        was_running = next(iter(self._calls), None) == number
        asked = among.pop(number, None)
        if asked is None:
            raise ChannelError(f'a reply came to {number}, which was not asked')
        if isinstance(reply, Exception):
            asked.reply.set_exception(reply)
        elif not asked.reply.done():
            asked.reply.set_result(reply)
        if was_running:
            self._limit()

    def _lost(self, breach: ChannelError | None) -> None:
        self._hung_up.set()
        if breach is not None:
            self.end(f'was ended, for what it sent cannot be: {breach}')

    async def _live(self) -> None:
        """Wait for the end of the process, and tell everyone who waits, whatever else fails."""
        try:
            await self._ended()
        finally:
            self._tell()

    async def _ended(self) -> None:
        sending = asyncio.ensure_future(self._send_all())
        ended = asyncio.ensure_future(self._process.wait())
        killed = asyncio.ensure_future(self._killed.wait())
        await asyncio.wait({ended, killed}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({ended}, timeout=_KILL_SECONDS)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hung_up.wait(), _LAST_SECONDS)
        for task in (sending, ended, killed):
            task.cancel()
        self._timer.cancel()
        self._channel.close()
        self._said.close()
        if not ended.done():
            self._why += f'; process {self._process.pid} has not ended yet'
        if not self._why:
            line = self._said.last_line
            self._why = ending.how(ended.result()) + (f' (it said last: {line})' if line else '')

    def _tell(self) -> None:
        self._why = self._why or 'is no longer watched'
        running = next((asked.engine for asked in self._calls.values()), '')
        for position, asked in enumerate([*self._calls.values(), *self._others.values()]):
            words = f'the engine process {self._why}'
            if asked.engine and not position:
                words = f'engine {asked.engine!r} died: its process {self._why}'
            elif asked.engine:
                words = (f'engine {asked.engine!r} lost its process, which {self._why}; it ran a '
                         f'call of {running!r} then')
            _fail(asked.reply, words)
        self._calls.clear()
        self._others.clear()
        _fail(self.ready, f'the engine process {self._why}')


def _fail(future: asyncio.Future[Any], words: str) -> None:
    if not future.done():
        future.set_exception(EngineDied(words))
        future.exception()  # where nobody waits, the log need not hear of it
