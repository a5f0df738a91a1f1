"""Model engines on another machine: a client of `spatialclaw serve`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Coroutine
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
import json
import random
import re
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spatialclaw_ros.calls.failures import error_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.perception.process.limits import limit_of
from spatialclaw_ros.perception.web import health
from spatialclaw_ros.perception.web import refusals
from spatialclaw_ros.perception.web.container import ContainerError
from spatialclaw_ros.perception.web.container import CONTENT_TYPE
from spatialclaw_ros.perception.web.container import HEADERS
from spatialclaw_ros.perception.web.container import Incoming
from spatialclaw_ros.perception.web.container import packed
from spatialclaw_ros.perception.web.lengths import most_of_reply
from spatialclaw_ros.perception.web.token import token_in
from spatialclaw_ros.perception.web.token import VARIABLE

if TYPE_CHECKING:
    import httpx2

_TRIES = 4
#: Wait before the second try, seconds, doubled for each further one; more only where it is asked.
_FIRST_WAIT, _MOST_WAIT = 0.2, 5.0
_HEALTH_SECONDS = 35.0
_MOST_TOLD = 1 << 20
_URL = re.compile(r'https?://[^\s/@?#]+(/[^\s?#]*)?')
_CONNECTIONS, _IDLE_SECONDS = 32, 15.0


class RemoteEngines:
    """An EngineHost whose engines run behind a `spatialclaw serve`.

    `url` is that server's, such as http://gpu.local:8484. The token is read from the environment
    variable SPATIALCLAW_TOKEN, and is nowhere but in the requests. The server is asked directly,
    whatever proxies the environment names.
    """

    def __init__(self, url: str, *, connect_seconds: float = 5.0, call_seconds: float = 300.0
                 ) -> None:
        """Nothing is connected yet. Raises BadGoal for a URL or a token that cannot be one."""
        if not (_URL.fullmatch(url) and _has_place(url)):
            raise BadGoal(f"{url!r} is no engine server's URL; give one like "
                          'http://gpu.local:8484, without a login')
        self._url = url.rstrip('/')
        self._token = token_in(VARIABLE)
        self._connect_seconds, self._call_seconds = connect_seconds, call_seconds
        self._client: httpx2.AsyncClient | None = None
        self._closing = asyncio.Event()
        self._asking: set[asyncio.Task[Any]] = set()

    async def answer(self, call: EngineCall) -> EngineReply:
        """Answer `call`; cancelling this closes its connection, and the server ends the call.

        Raises what the engine raised; EngineDied where nobody answers, in time; Busy where the
        server is full, Unanswerable where it refuses.
        """
        bare = replace(call, frames=tuple(replace(one, labels=None) for one in call.frames))
        limit = limit_of(call, self._call_seconds)
        reply = await self._ended(self._persistently(bare), limit.seconds, f'; {limit.advice}')
        if isinstance(reply, Failed):
            raise error_of(reply)
        if isinstance(reply, (Reconstructed, Segmented, EngineState)):
            return reply
        raise EngineDied(f'the engine server {self._url} replied {type(reply).__name__}')

    async def health(self) -> EngineHealth:
        """How the engines stand; raises EngineDied where nobody answers."""
        return await self._ended(self._asked_health(), _HEALTH_SECONDS)

    async def close(self) -> None:
        """Close the connections; calls that run end with EngineDied. May be called again."""
        self._closing.set()
        if self._asking:
            await asyncio.wait(self._asking)
        if self._client is not None:
            await self._client.aclose()

    async def _ended(self, asking: Coroutine[Any, Any, Any], seconds: float, hint: str = '') -> Any:
        """Result of `asking`, ended after `seconds`, by `close`, or with its caller."""
        task = asyncio.ensure_future(asking)
        closing = asyncio.ensure_future(self._closing.wait())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        try:
            await asyncio.wait({task, closing}, timeout=seconds,
                               return_when=asyncio.FIRST_COMPLETED)
            if self._closing.is_set():
                raise EngineDied('the engines were closed')
            if not task.done():
                raise EngineDied(f'the engine server {self._url} gave no answer within '
                                 f'{seconds:g} s{hint}')
            return task.result()
        finally:
            task.cancel()
            closing.cancel()

    async def _persistently(self, call: EngineCall) -> Any:
        """The reply, asked again where that is safe and of use.

        A call changes nothing, so one whose answer was lost is asked once more.
        """
        import httpx2
        lost, asked_to_wait = False, 0.0
        for wait in _waits():
            try:
                return await self._once(call)
            except refusals.Full as full:
                error: Exception = Busy(str(full))
                asked_to_wait = min(full.seconds, _MOST_WAIT)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as unreachable:
                error = self._unreachable(unreachable)
            except httpx2.TransportError as gone:
                error = EngineDied(f'the engine server {self._url} was lost during the call '
                                   f'({_told(gone)}); does `spatialclaw serve` still run there?')
                if lost:
                    break
                lost = True
            if wait:
                await asyncio.sleep(max(wait, asked_to_wait))
        raise error

    async def _once(self, call: EngineCall) -> Any:
        length, pieces = packed(call)
        async with self._response(
                'POST', '/v1/call', content=_each(pieces),
                headers={'content-type': CONTENT_TYPE, 'content-length': str(length)}) as response:
            with Incoming(*most_of_reply(call)) as incoming:
                try:
                    async for data in response.aiter_raw():
                        incoming.feed(data)
                    return await asyncio.to_thread(incoming.message)
                except ContainerError as error:
                    raise EngineDied(f'the engine server {self._url} replied what is no reply: '
                                     f'{error}') from error

    async def _asked_health(self) -> EngineHealth:
        import httpx2
        try:
            async with self._response('GET', '/health') as response:
                return health.from_json(json.loads(await _beginning(response)))
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error
        except (refusals.Full, ValueError) as error:
            raise EngineDied(f'the engine server {self._url} did not tell how it stands: {error}'
                             ) from error

    @asynccontextmanager
    async def _response(self, method: str, path: str, **request: Any
                        ) -> AsyncIterator[httpx2.Response]:
        """The response to a request, when it is a reply; raises what else it stands for."""
        async with self._connected().stream(method, self._url + path, **request) as response:
            status, headers = response.status_code, response.headers
            refusals.check_introduction(self._url, status, headers)
            if status != 200:
                raise refusals.refusal(self._url, status, headers, await _beginning(response))
            yield response

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2
            limits = httpx2.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
            authorization = {'authorization': f'Bearer {self._token}'} if self._token else {}
            self._client = httpx2.AsyncClient(
                headers=HEADERS | authorization, trust_env=False, limits=limits,
                timeout=httpx2.Timeout(None, connect=self._connect_seconds))
        return self._client

    def _unreachable(self, error: Exception) -> EngineDied:
        return EngineDied(f'no engine server answers at {self._url} ({_told(error)}); start one '
                          'there with `spatialclaw serve`')


def _has_place(url: str) -> bool:
    """Whether host and port of `url` can be such."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _waits() -> Iterator[float]:
    """Seconds to wait after each try, with jitter so that many clients spread; 0 after the last."""
    for number in range(_TRIES - 1):
        yield _FIRST_WAIT * 2 ** number * random.uniform(0.5, 1.5)
    yield 0.0


async def _each(pieces: Iterator[memoryview]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece  # type: ignore[misc]  # a buffer does, and need not be copied


async def _beginning(response: httpx2.Response) -> bytes:
    """What of the body can be taken in without worry."""
    body = b''
    async for data in response.aiter_raw():
        body += data
        if len(body) > _MOST_TOLD:
            break
    return body


def _told(error: Exception) -> str:
    return f'{type(error).__name__}: {error}' if str(error) else type(error).__name__
