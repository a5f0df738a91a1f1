"""What a server's response says when it is no reply, as the error that its caller gets."""

from __future__ import annotations

from collections.abc import Mapping
import contextlib
import json

from spatialclaw_ros import __version__
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.web.container import PROTOCOL
from spatialclaw_ros.perception.web.container import PROTOCOL_HEADER
from spatialclaw_ros.perception.web.container import VERSION_HEADER
from spatialclaw_ros.perception.web.token import VARIABLE

_MOST_SAID = 400
#: Bad gateway, service unavailable, gateway time-out.
_OF_PROXIES = (502, 503, 504)


class Full(Exception):
    """The server has no place now; it asks to wait `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def check_introduction(url: str, status: int, headers: Mapping[str, str]) -> None:
    """Check that this is the response of an engine server of this protocol.

    Raises Unanswerable for another server's or protocol's, EngineDied where a proxy stands before
    a server that it does not reach.
    """
    theirs = headers.get(PROTOCOL_HEADER)
    if theirs is None and status in _OF_PROXIES:
        raise EngineDied(f'a proxy answers for {url}, HTTP {status}: it does not reach the engine '
                         'server; does `spatialclaw serve` still run there?')
    if theirs is None:
        kind = headers.get('content-type', 'no content type')
        raise Unanswerable(f'{url} is no engine server: it answers HTTP {status}, {kind[:80]}; '
                           'give the URL that `spatialclaw serve` prints')
    if theirs != PROTOCOL:
        raise Unanswerable(
            f'the engine server {url} is spatialclaw_ros {headers.get(VERSION_HEADER, "?")} with '
            f'protocol {theirs}, this is {__version__} with {PROTOCOL}; install the same release '
            'on both')


def refusal(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
    """The error that a response other than 200 stands for."""
    said = f'the engine server {url} answers HTTP {status}: {_text(body)}'
    if status == 401:
        return Unanswerable(f"{said}; set ${VARIABLE} to the server's")
    if status == 404:
        return Unanswerable(f'{said}; the path is wrong: give the URL that `spatialclaw serve` '
                            'prints')
    if status == 413:
        return Unanswerable(f'{said}; ask about fewer frames, or start the server with a higher '
                            '--most-mb')
    if status == 503:
        return Full(said, _seconds(headers.get('retry-after', '')))
    if status >= 500:
        said += '; what `spatialclaw serve` printed there may tell why'
    return RuntimeError(said)


def _text(body: bytes) -> str:
    text = body.decode('utf-8', 'replace')
    with contextlib.suppress(ValueError, KeyError, TypeError):
        text = str(json.loads(text)['error'])
    text = ' '.join(text.split())
    return text if len(text) <= _MOST_SAID else f'{text[:_MOST_SAID]} …'


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else 0.0
