"""Runs the engine server's application until a signal ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
import contextlib
import signal
import socket
import sys

from starlette.types import ASGIApp
import uvicorn

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.web.connections import connection_class
from spatialclaw_ros.perception.web.server import Limits
from spatialclaw_ros.perception.web.token import VARIABLE

_IDLE_SECONDS, _END_SECONDS = 30, 2
#: Connections that wait to be taken in: so many may be at once, before they are counted.
_BACKLOG = 128


async def serve(host: EngineHost, app: ASGIApp, sock: socket.socket, *, has_token: bool,
                stall_seconds: float = Limits.stall_seconds) -> None:
    """Serve `app` on `sock` until Ctrl-C or SIGTERM, then close `host`, which it asks.

    A connection on which no request comes for `stall_seconds` is cut off.
    """
    connections = connection_class(stall_seconds)
    server = _Server(uvicorn.Config(
        app, loop='asyncio', http=connections, backlog=min(_BACKLOG, connections.most // 4),
        ws='none', lifespan='off', log_level='warning', access_log=False,
        timeout_keep_alive=_IDLE_SECONDS, timeout_graceful_shutdown=_END_SECONDS))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    address, port = sock.getsockname()[:2]
    shown = f'[{address}]' if ':' in address else address
    print(f'engines at http://{shown}:{port}, '
          f'{f"with the token in ${VARIABLE}" if has_token else "without a token"}; '
          'end with Ctrl-C', file=sys.stderr, flush=True)
    running = asyncio.ensure_future(server.serve(sockets=[sock]))
    telling = asyncio.ensure_future(_tell(host))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        telling.cancel()
        await host.close()  # calls that run end, and their clients are told
        server.should_exit = True
        await running
        await asyncio.wait({telling})


async def _tell(host: EngineHost) -> None:
    """Start the engines, and say how they stand."""
    try:
        health = await host.health()
    except SpatialError as error:
        print(error, file=sys.stderr)
        return
    print(f'device {health.device}, {health.memory_free / 2**30:.1f} of '
          f'{health.memory / 2**30:.1f} GiB free', file=sys.stderr)
    for engine in health.engines:
        stands = f'cannot run: {engine.problem}' if engine.problem else engine.checkpoint
        print(f'{engine.name}: {stands}', file=sys.stderr)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises BadGoal where that cannot be."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise BadGoal(f'cannot listen on {host}, port {port}: {error}; give another --host or '
                      '--port') from error


class _Server(uvicorn.Server):
    """Leaves the signals to `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
