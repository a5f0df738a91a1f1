"""Model engines in one child process, as the rest of the package asks them."""

from __future__ import annotations

import asyncio

from spatialclaw_ros.calls import codec
from spatialclaw_ros.calls.failures import error_of
from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.memory import SharedArray
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process.limits import limit_of
from spatialclaw_ros.perception.process.running import Child
from spatialclaw_ros.perception.process.spawning import spawn

ROOM = 'spatialclaw_ros.perception.room:EngineRoom'
_HEALTH_SECONDS = 30.0
#: So many deaths at start-up in a row are no accident: no further one is started for a while.
_MOST_STILLBORN, _REST_SECONDS = 3, 30.0


class EngineProcess:
    """An EngineHost whose engines run in a child process, one call at a time.

    The process is started for the first call, and again for the first one after it died. Arrays
    go there and back in sealed memory; what lies in such memory is not copied.
    """

    def __init__(self, settings: EngineSettings, *, room: str = ROOM, call_seconds: float = 300.0,
                 most: int = 8) -> None:
        """Run the engines of `room`, 'module:Class'; nothing is started yet.

        At most `most` calls wait or run at a time. One that runs longer than `call_seconds`, or
        for a Load than what that may take, is ended together with the process.
        """
        self._settings, self._room = settings, room
        self._call_seconds, self._most = call_seconds, most
        self._child: Child | None = None
        self._starting: asyncio.Task[Child] | None = None
        self._serving: set[asyncio.Task[EngineReply | Failed]] = set()
        self._stillborn, self._rested, self._last_words = 0, 0.0, ''
        self._closed = False

    async def answer(self, call: EngineCall) -> EngineReply:
        """Answer `call`; cancelling this frees its caller at once and tells the child.

        Its place is then counted until the child has ended it. Raises what the engine raised,
        EngineDied when the process ended or was ended, Busy when too many calls wait.
        """
        if len(self._serving) >= self._most:
            raise Busy(f'the engine process has {len(self._serving)} calls to do; try again later')
        given_up = asyncio.Event()
        serving = asyncio.ensure_future(self._serve(call, given_up))
        self._serving.add(serving)
        serving.add_done_callback(self._served)
        try:
            reply = await asyncio.shield(serving)
        except asyncio.CancelledError:
            given_up.set()
            raise
        if isinstance(reply, Failed):
            raise error_of(reply)
        return reply

    async def health(self) -> EngineHealth:
        """How the engines stand; starts the process where there is none.

        Raises EngineDied where it cannot be started, died, or does not answer.
        """
        child = await self._living()
        try:
            return await asyncio.wait_for(child.health(), _HEALTH_SECONDS)
        except asyncio.TimeoutError:
            raise EngineDied('the engine process did not say how it stands within '
                             f'{_HEALTH_SECONDS:g} s') from None

    async def close(self) -> None:
        """End the process; calls that run end with EngineDied. May be called again."""
        self._closed = True
        if self._child is not None:
            self._child.end('was ended, for the engines were closed')
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if self._child is not None:
            await asyncio.wait({self._child.gone})
        if self._serving:
            await asyncio.wait(self._serving)

    def _served(self, serving: asyncio.Task[EngineReply | Failed]) -> None:
        self._serving.discard(serving)
        if not serving.cancelled():
            serving.exception()  # a caller that has gone does not hear of it, nor does the log

    async def _serve(self, call: EngineCall, given_up: asyncio.Event) -> EngineReply | Failed:
        body, memories = (codec.encode(call) if _is_sealed(call) else
                          await asyncio.to_thread(codec.encode, call))
        child = await self._living()
        if given_up.is_set():
            return failed_of(CallCancelled())
        asked = child.call(call.engine, limit_of(call, self._call_seconds), body, memories)
        del call, memories
        giving_up = asyncio.ensure_future(given_up.wait())
        await asyncio.wait({asked.reply, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        giving_up.cancel()
        if not asked.reply.done():
            child.cancel(asked)
        return await asked.reply

    async def _living(self) -> Child:
        """The child, started where there is none that lives; raises EngineDied."""
        if self._closed:
            raise EngineDied('the engines were closed')
        if self._starting is None and self._child is not None and self._child.alive:
            return self._child
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> Child:
        loop = asyncio.get_running_loop()
        try:
            if self._stillborn >= _MOST_STILLBORN and loop.time() < self._rested:
                raise EngineDied(
                    f'the engine process died at its start {self._stillborn} times in a row; it '
                    f'is tried again in {self._rested - loop.time():.0f} s. {self._last_words}')
            if self._child is not None:
                await asyncio.wait({self._child.gone})
            self._child = child = Child(await spawn(self._room), self._settings)
            if self._closed:
                child.end('was ended, for the engines were closed')
            try:
                await child.ready
            except EngineDied as error:
                self._stillborn += 1
                self._rested, self._last_words = loop.time() + _REST_SECONDS, str(error)
                raise
            self._stillborn = 0
            return child
        finally:
            self._starting = None


def _is_sealed(call: EngineCall) -> bool:
    """Whether there is next to nothing to copy."""
    return all(isinstance(frame.image, SharedArray) and frame.image.memory is not None
               for frame in call.frames)
