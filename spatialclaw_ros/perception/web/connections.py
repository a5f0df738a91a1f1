"""A connection of the engine server, which uvicorn by itself neither counts nor gives up."""

from __future__ import annotations

import asyncio
import math
import resource

from uvicorn.protocols.http.h11_impl import H11Protocol

_MOST_CONNECTIONS = 512
#: Open files that are of use to a server.
_FILES = 4096


def most_connections() -> int:
    """How many there may be: they get half of the files that the system lets this process open.

    Has it allow as many as are of use, where it may; the calls need the other half.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return min(_MOST_CONNECTIONS, allowed // 2)


class Connection(H11Protocol):
    """Is cut off where no request is complete to its head in `stall_seconds`, however much comes.

    Where there are more than `most`, the one that has brought none for longest is, so that who
    has nothing to ask keeps nobody out.
    """

    most: int
    stall_seconds: float
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, in the place of another one where there is no further place."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self.most:
            waiting = [one for one in self.connections if isinstance(one, Connection)]
            min(waiting, key=lambda one: one.waits_until).cut_off()

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_watching()
        super().connection_lost(exc)

    @property
    def waits_until(self) -> float:
        """When it is given up, on the loop's clock; never while a request is answered."""
        return math.inf if self._giving_up is None else self._giving_up.when()

    def cut_off(self) -> None:
        """End it at once."""
        self._stop_watching()
        self.transport.abort()

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_watching()
        elif self._giving_up is None:
            self._giving_up = self.loop.call_later(self.stall_seconds, self.cut_off)

    def _stop_watching(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def connection_class(stall_seconds: float) -> type[Connection]:
    """Connections with these limits."""
    return type('LimitedConnection', (Connection,),
                {'most': most_connections(), 'stall_seconds': stall_seconds})
