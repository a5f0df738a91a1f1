"""Connections of a real server: those that bring no request, and those that are too many."""

import asyncio
import math
import resource
import time

from engine_rooms import said
from engine_server import served
import psutil
import pytest

from spatialclaw_ros.perception.web import connections
from spatialclaw_ros.perception.web.client import RemoteEngines

HEAD = b'POST /v1/call HTTP/1.1\r\nhost: x\r\n'


async def connected(url, sent=b''):
    reader, writer = await asyncio.open_connection('127.0.0.1', int(url.rpartition(':')[2]))
    writer.write(sent)
    return reader, writer


async def until_it_ends(reader, writer, drip=b''):
    """What came, and the seconds until the server ended the connection."""
    start, came = time.monotonic(), b''
    try:
        while time.monotonic() - start < 8:
            try:
                data = await asyncio.wait_for(reader.read(1000), 0.1)
            except asyncio.TimeoutError:
                writer.write(drip)
                continue
            if not data:
                break
            came += data
    except ConnectionError:
        pass
    writer.close()
    return came, time.monotonic() - start


@pytest.mark.parametrize(('sent', 'drip', 'told'), [
    (b'', b'', b''), (HEAD, b'', b''), (HEAD, b'x', b''),
    (HEAD + b'content-length: 1000000\r\n\r\n', b'x', b'HTTP/1.1 401'),
    (HEAD + b'content-length: 0\r\n\r\n' + HEAD, b'x', b'HTTP/1.1 401')])
async def test_a_connection_that_brings_no_whole_request_is_cut_off(sent, drip, told):
    with served(token='sesame', stall_seconds=0.6) as one:
        came, seconds = await until_it_ends(*await connected(one.url, sent), drip)
    assert came.startswith(told) and bool(came) == bool(told)
    assert 0.4 < seconds < 3


async def test_a_call_may_take_longer_than_a_silence_may():
    with served(stall_seconds=0.3) as one:
        host = RemoteEngines(one.url)
        assert await said(host, 'sleep 1') == '1'
        await host.close()


@pytest.mark.parametrize('sent', [HEAD, HEAD + b'content-length: 0\r\n\r\n'])
async def test_who_asks_gets_in_however_many_connections_are_held_open(monkeypatch, sent):
    monkeypatch.setenv('SPATIALCLAW_TOKEN', 'sesame')
    with served(token='sesame', most_files=256) as one:
        host = RemoteEngines(one.url)
        running = asyncio.ensure_future(said(host, 'until cancelled'))
        while (await host.health()).waiting < 1:
            await asyncio.sleep(0.01)
        held = [await connected(one.url, sent) for _ in range(300)]
        assert (await host.health()).waiting == 1  # on a connection that was not used a while
        later = RemoteEngines(one.url)
        assert (await later.health()).waiting == 1
        assert psutil.Process(one.process.pid).num_fds() < 200
        assert not running.done()
        running.cancel()
        for asked in (host, later):
            await asked.close()
        for _, writer in held:
            writer.close()


def test_as_many_files_are_allowed_as_are_of_use_and_the_system_lets():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
        hard = math.inf if before[1] == resource.RLIM_INFINITY else before[1]
        assert connections.most_connections() == min(512, hard // 2)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, 4096), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
