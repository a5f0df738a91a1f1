"""An engine host behind HTTP: GET /health, and POST /v1/call with a body as `container` has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
import hmac
from typing import NoReturn

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from spatialclaw_ros import __version__
from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.web import health
from spatialclaw_ros.perception.web.container import ContainerError
from spatialclaw_ros.perception.web.container import CONTENT_TYPE
from spatialclaw_ros.perception.web.container import HEADERS
from spatialclaw_ros.perception.web.container import Incoming
from spatialclaw_ros.perception.web.container import packed
from spatialclaw_ros.perception.web.container import PROTOCOL
from spatialclaw_ros.perception.web.container import PROTOCOL_HEADER
from spatialclaw_ros.perception.web.container import TooLarge
from spatialclaw_ros.perception.web.container import VERSION_HEADER

#: Longest head of a call, bytes: a thousand frames.
_MOST_HEAD = 1 << 20
_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Limits:
    """What a server takes.

    A body has at most `most_bytes`. At most `waiting` calls are taken in, wait, run or are sent
    back at a time. A client that neither sends nor takes anything for `stall_seconds` is let go.
    """

    most_bytes: int = 512 << 20
    waiting: int = 8
    stall_seconds: float = 30.0


def app_of(host: EngineHost, token: str = '', limits: Limits = Limits()) -> Starlette:
    """The ASGI application that has `host` answer; with a `token` every request must bear it.

    It does not close `host`.
    """
    server = _Server(host, token, limits)
    return Starlette(
        routes=[Route('/health', server.health), Route('/v1/call', server.call, methods=['POST'])],
        middleware=[Middleware(_Introduced)],
        exception_handlers={HTTPException: _refusal, OSError: _shortage, Exception: _fault})


class _Server:
    def __init__(self, host: EngineHost, token: str, limits: Limits) -> None:
        self._host, self._limits = host, limits
        self._bearer = f'Bearer {token}'.encode() if token else b''
        self._places = 0

    async def health(self, request: Request) -> Response:
        """How the engines stand."""
        self._check_token(request)
        try:
            told = health.as_json(await self._host.health())
        except SpatialError as error:
            raise HTTPException(503, str(error)) from error
        return JSONResponse({'service': 'spatialclaw', 'protocol': PROTOCOL, **told})

    async def call(self, request: Request) -> Response:
        """The reply to a call, or why there is none."""
        self._check_token(request)
        self._check_kind(request)
        if self._places >= self._limits.waiting:
            _busy(f'{self._places} calls wait or run')
        self._places += 1
        try:
            reply = await self._answered(request, await self._received(request))
            return _Reply(*packed(reply), self._limits.stall_seconds, self._leave)
        except ClientDisconnect:
            self._leave()
            return Response()  # nobody is there to get it
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        self._places -= 1

    def _check_token(self, request: Request) -> None:
        given = request.headers.get('authorization', '').encode()
        if self._bearer and not hmac.compare_digest(given, self._bearer):
            raise HTTPException(
                401, 'the token is missing or wrong', {'www-authenticate': 'Bearer'})

    def _check_kind(self, request: Request) -> None:
        theirs = request.headers.get(PROTOCOL_HEADER, PROTOCOL)
        if theirs != PROTOCOL:
            raise HTTPException(409, (
                f'this server is spatialclaw_ros {__version__} with protocol {PROTOCOL}, the '
                f'client {request.headers.get(VERSION_HEADER, "?")} with {theirs}; install the '
                'same release on both'))
        if request.headers.get('content-type') != CONTENT_TYPE:
            raise HTTPException(415, f'the body must be {CONTENT_TYPE}')
        length = request.headers.get('content-length', '')
        if length.isdecimal() and int(length) > self._limits.most_bytes:
            raise HTTPException(413, f'the call has {int(length) / 2**20:.1f} MB; at most '
                                f'{self._limits.most_bytes / 2**20:.1f} MB are taken')

    async def _received(self, request: Request) -> EngineCall:
        stream = request.stream()
        with Incoming(_MOST_HEAD, self._limits.most_bytes) as incoming:
            try:
                while data := await asyncio.wait_for(_next(stream), self._limits.stall_seconds):
                    incoming.feed(data)
                call = await asyncio.to_thread(incoming.message)
            except TooLarge as error:
                raise HTTPException(413, str(error)) from error
            except ContainerError as error:
                raise HTTPException(400, ' '.join(str(error).split())) from error
            except asyncio.TimeoutError as error:
                raise HTTPException(408, 'nothing more came of the body for '
                                    f'{self._limits.stall_seconds:g} s') from error
        if not isinstance(call, EngineCall):
            raise HTTPException(400, f'{type(call).__name__} is no call of an engine')
        return call

    async def _answered(self, request: Request, call: EngineCall) -> EngineReply | Failed:
        """The reply; raises ClientDisconnect, and cancels the call, when its client leaves."""
        answering = asyncio.ensure_future(self._host.answer(call))
        leaving = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ClientDisconnect
            return answering.result()
        except Busy as error:
            _busy(str(error))
        except (ClientDisconnect, asyncio.CancelledError):
            raise
        except Exception as error:
            return failed_of(error)
        finally:
            answering.cancel()
            leaving.cancel()


async def _next(stream: AsyncIterator[bytes]) -> bytes:
    """What came of the body; nothing at its end."""
    async for data in stream:
        if data:
            return data
    return b''


async def _left(request: Request) -> None:
    """Wait until the client has gone; its body was taken in before."""
    while (await request.receive())['type'] != 'http.disconnect':
        pass


def _busy(why: str) -> NoReturn:
    raise HTTPException(503, f'the engine server is busy: {why}',
                        {'retry-after': str(_RETRY_SECONDS)})


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({'error': error.detail}, error.status_code, error.headers)


async def _shortage(_request: Request, error: Exception) -> Response:
    """Say what the system refuses now, such as a further file."""
    why = ' '.join(str(error).split())
    return JSONResponse({'error': f'the engine server has a shortage: {why}'}, 503,
                        {'retry-after': str(_RETRY_SECONDS)})


async def _fault(_request: Request, error: Exception) -> Response:
    """Say that there is one. Starlette has this sent outside of what introduces the others."""
    return JSONResponse({'error': f'{type(error).__name__} in the engine server'}, 500, HEADERS)


class _Reply(Response):
    """A reply that is sent piece by piece, and then leaves its place."""

    def __init__(self, length: int, pieces: Iterator[memoryview], stall_seconds: float,
                 leave: Callable[[], None]) -> None:
        super().__init__(media_type=CONTENT_TYPE, headers={'content-length': str(length)})
        self._pieces, self._stall_seconds, self._leave = pieces, stall_seconds, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; what the client does not take in time is cut off."""
        del scope, receive
        try:
            await send({'type': 'http.response.start', 'status': self.status_code,
                        'headers': self.raw_headers})
            for piece in self._pieces:
                await asyncio.wait_for(
                    send({'type': 'http.response.body', 'body': piece, 'more_body': True}),
                    self._stall_seconds)
            await send({'type': 'http.response.body', 'body': b'', 'more_body': False})
        except asyncio.TimeoutError:
            return
        finally:
            self._leave()


class _Introduced:
    """Adds to every response which protocol and version this server has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers added."""
        async def told(message: Message) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message['headers'], *(
                    (name.encode(), value.encode()) for name, value in HEADERS.items())]
            await send(message)

        await self._app(scope, receive, told)
