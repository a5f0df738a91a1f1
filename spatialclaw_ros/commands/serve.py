"""`spatialclaw serve`: the model engines of this machine, for robots elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
from typing import Any

from spatialclaw_ros.commands import engines
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.perception.process.host import EngineProcess
from spatialclaw_ros.perception.web.token import token_in
from spatialclaw_ros.perception.web.token import VARIABLE
from spatialclaw_ros.session.perception import Choice

_HOST, _PORT, _MOST_MB, _WAITING = '127.0.0.1', 8484, 512, 8


def add_parser(commands: Any) -> None:
    """Add `serve` to the sub-commands."""
    parser = commands.add_parser(
        'serve', help='run the engines that need a network, for robots elsewhere',
        description='Run SAM 3 and Depth Anything 3 behind HTTP: robots name this server with '
        '--engine-server or the parameter engines.server. A token that clients must know is read '
        f'from the environment variable {VARIABLE}.')
    parser.add_argument('--host', default=_HOST,
                        help=f'address to listen on (default {_HOST}: this machine only)')
    parser.add_argument('--port', type=int, default=_PORT, help=f'default {_PORT}; 0: any')
    parser.add_argument('--most-mb', type=int, default=_MOST_MB, metavar='MB',
                        help=f'largest call that is taken (default {_MOST_MB})')
    parser.add_argument('--waiting', type=int, default=_WAITING, metavar='N',
                        help='most calls that wait or run, each of which may hold that much '
                        f'memory (default {_WAITING})')
    parser.add_argument('--engine-seconds', type=float, default=Choice.call_seconds, metavar='S',
                        help='limit of one engine call, loading apart '
                        f'(default {Choice.call_seconds:g})')
    engines.add_settings(parser.add_argument_group('engines'))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; raises BadGoal for what cannot be served."""
    token = token_in(VARIABLE)
    _check(args, token)
    try:
        from spatialclaw_ros.perception.web.server import app_of
        from spatialclaw_ros.perception.web.server import Limits
        from spatialclaw_ros.perception.web.serving import listening
        from spatialclaw_ros.perception.web.serving import serve
    except ImportError as error:
        raise BadGoal('`spatialclaw serve` needs the Python packages starlette and uvicorn '
                      f'({error}): pip install starlette uvicorn') from error
    settings = engines.settings_of(args)
    seconds = engines.seconds_of(args)
    limits = Limits(most_bytes=args.most_mb << 20, waiting=args.waiting)

    async def serving() -> None:
        host = EngineProcess(settings, call_seconds=seconds, most=args.waiting)
        with listening(args.host, args.port) as sock:
            await serve(host, app_of(host, token, limits), sock, has_token=bool(token))

    asyncio.run(serving())
    return 0


def _check(args: argparse.Namespace, token: str) -> None:
    for name, value in (('most-mb', args.most_mb), ('waiting', args.waiting)):
        if value < 1:
            raise BadGoal(f'--{name} is {value}; give 1 or more')
    if not token and not _is_this_machine(args.host):
        raise BadGoal(
            f'--host {args.host} lets other machines in, and there is no token; set one, the same '
            f'where the clients run: export {VARIABLE}=$(openssl rand -hex 16)')


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
