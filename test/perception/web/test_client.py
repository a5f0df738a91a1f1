"""The client against real servers in real processes, and against what is no engine server."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
import os
import re
import signal
import socket

from engine_rooms import depth_call
from engine_rooms import frame
from engine_rooms import order
from engine_rooms import said
from engine_server import served
import numpy as np
import psutil
import pytest

from spatialclaw_ros import __version__
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.perception.process import limits
from spatialclaw_ros.perception.web import client as client_module
from spatialclaw_ros.perception.web import container
from spatialclaw_ros.perception.web.client import RemoteEngines
from spatialclaw_ros.perception.web.container import PROTOCOL
from spatialclaw_ros.perception.web.lengths import most_of_reply
from spatialclaw_ros.scene import LabelImage


@pytest.fixture(scope='module')
def server():
    with served(waiting=4, most_bytes=1 << 20, stall_seconds=0.5) as one:
        yield one


@asynccontextmanager
async def remote(url, **options):
    host = RemoteEngines(url, **options)
    try:
        yield host
    finally:
        await host.close()


@asynccontextmanager
async def answering(*replies):
    """A server that reads a request and answers with these bytes, one for each connection."""
    left = list(replies)
    asked = []

    async def serve(reader, writer):
        asked.append(await reader.readuntil(b'\r\n\r\n'))
        length = re.search(rb'content-length: (\d+)', asked[-1])
        await reader.readexactly(int(length.group(1)) if length else 0)
        writer.write(left.pop(0))
        writer.close()

    listening = await asyncio.start_server(serve, '127.0.0.1', 0)
    async with listening:
        yield f'http://127.0.0.1:{listening.sockets[0].getsockname()[1]}', asked


def http(status, body=b'', **headers):
    lines = [f'HTTP/1.1 {status} X', f'content-length: {len(body)}', 'connection: close',
             *(f'{name.replace("_", "-")}: {value}' for name, value in headers.items())]
    return '\r\n'.join([*lines, '', '']).encode() + body


OURS = {'x_spatialclaw_protocol': PROTOCOL, 'x_spatialclaw_version': __version__}


async def test_calls_and_their_arrays_go_there_and_back(server):
    shots = [frame(number, size=(60, 80), seed=number) for number in range(2)]
    async with remote(server.url) as host:
        reply = await host.answer(depth_call(*shots))
        for shot, geometry in zip(shots, reply.frames, strict=True):
            np.testing.assert_array_equal(geometry.depth, shot.depth + 1)
        assert (await host.health()).engines[0].name == 'fake'
        with pytest.raises(NotVisible, match='it hides'):
            await said(host, 'raise NotVisible it hides')


async def test_label_images_are_not_sent(monkeypatch):
    sent = []
    monkeypatch.setattr(client_module, 'packed',
                        lambda call: sent.append(call) or container.packed(call))
    labelled = replace(frame(), labels=LabelImage(np.ones((48, 64), np.int32), {1: 'mug'}))
    async with answering(http(400, **OURS)) as (url, _), remote(url) as host:
        with pytest.raises(RuntimeError):
            await host.answer(depth_call(labelled))
    assert sent[0].frames[0].labels is None


async def test_a_cancelled_call_frees_its_caller_and_is_cancelled_over_there(server):
    async with remote(server.url) as host:
        seen = int(await said(host, 'seen'))
        running = asyncio.ensure_future(said(host, 'until cancelled'))
        while (await host.health()).waiting < 1:
            await asyncio.sleep(0.01)
        waiting = asyncio.ensure_future(said(host, 'exit 1'))
        while (await host.health()).waiting < 2:
            await asyncio.sleep(0.01)
        waiting.cancel()
        running.cancel()
        done, _ = await asyncio.wait({running, waiting}, timeout=0.5)
        assert len(done) == 2
        assert await asyncio.wait_for(said(host, 'seen'), 0.5) == str(seen + 1)


async def test_a_burst_ends_in_answers_and_refusals(server):
    async with remote(server.url) as host:
        ended = await asyncio.gather(*(said(host, f'say {n}') for n in range(200)),
                                     return_exceptions=True)
        answered = [one for n, one in enumerate(ended) if one == str(n)]
        assert len(answered) + sum(isinstance(one, Busy) for one in ended) == 200
        assert len(answered) >= 4
        assert await said(host, 'say next') == 'next'


async def test_the_death_of_the_engines_is_told_and_the_server_lives(server):
    async with remote(server.url) as host:
        before = int(await said(host, 'pid'))
        running = asyncio.ensure_future(said(host, 'sleep 20'))
        while (await host.health()).waiting < 1:
            await asyncio.sleep(0.01)
        os.kill(before, signal.SIGKILL)
        with pytest.raises(EngineDied, match=r"'fake' died.*killed"):
            await running
        assert int(await said(host, 'pid')) != before


async def test_too_large_a_call_says_what_to_do(server):
    async with remote(server.url) as host:
        with pytest.raises(Unanswerable, match=r'fewer frames.*--most-mb'):
            await host.answer(depth_call(*(frame(n, (480, 640)) for n in range(3))))


async def test_lies_about_length_and_endless_bodies(server):
    port = int(server.url.rpartition(':')[2])
    start = (f'POST /v1/call HTTP/1.1\r\nhost: x\r\ncontent-type: {container.CONTENT_TYPE}\r\n')
    body = b''.join(container.packed(order('say x'))[1])
    for length, sent, status in (
            (len(body) + 10, body, b'408'), (len(body) - 10, body, b'400'),
            (10**12, b'', b'413'), (10**18, b'', b'413'), (10**30, b'', b'400'),
            (-5, body, b'400'), ('x', body, b'400')):
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(f'{start}content-length: {length}\r\n\r\n'.encode() + sent)
        assert status in await asyncio.wait_for(reader.readline(), 10), length
        writer.close()
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    endless = container.packed(depth_call(frame(0, (600, 600))))[1]
    writer.write(f'{start}transfer-encoding: chunked\r\n\r\n'.encode())
    for piece in endless:
        writer.write(f'{len(piece):x}\r\n'.encode() + bytes(piece) + b'\r\n')
    assert b'413' in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    for cut in (0, 20, len(body) - 1):  # and hangs up
        _, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(f'{start}content-length: {len(body)}\r\n\r\n'.encode() + body[:cut])
        writer.close()
    async with remote(server.url) as host:
        assert await said(host, 'say alive') == 'alive'


async def test_a_server_that_is_killed_in_the_middle_of_a_call(monkeypatch):
    monkeypatch.setattr(client_module, '_FIRST_WAIT', 0.01)
    with served() as one:
        async with remote(one.url) as host:
            child = psutil.Process(int(await said(host, 'pid')))
            running = asyncio.ensure_future(said(host, 'sleep 20'))
            while (await host.health()).waiting < 1:
                await asyncio.sleep(0.01)
            one.process.kill()
            with pytest.raises(EngineDied, match=rf'{one.url}.*`spatialclaw serve`'):
                await running
            child.wait(10)
            with pytest.raises(EngineDied, match='no engine server answers'):
                await host.health()


async def test_a_server_that_is_told_to_end_tells_those_who_wait():
    with served() as one:
        async with remote(one.url) as host:
            running = asyncio.ensure_future(said(host, 'sleep 20'))
            while (await host.health()).waiting < 1:
                await asyncio.sleep(0.01)
            one.process.terminate()
            with pytest.raises(EngineDied, match='the engines were closed'):
                await running
        assert one.process.wait(20) == 0


async def test_the_token(monkeypatch):
    with served(token='sesame') as one:
        for given in ('', 'sesam'):
            monkeypatch.setenv('SPATIALCLAW_TOKEN', given)
            async with remote(one.url) as host:
                with pytest.raises(Unanswerable, match=r'401.*\$SPATIALCLAW_TOKEN') as caught:
                    await said(host, 'pid')
                with pytest.raises(Unanswerable, match='401'):
                    await host.health()
                assert 'sesam' not in str(caught.value)
        monkeypatch.setenv('SPATIALCLAW_TOKEN', ' sesame\n')
        async with remote(one.url) as host:
            assert await said(host, 'say in') == 'in'


async def test_a_slow_server_is_not_waited_for_beyond_the_limit():
    silent = socket.create_server(('127.0.0.1', 0))
    async with remote(f'http://127.0.0.1:{silent.getsockname()[1]}', call_seconds=0.2) as host:
        with pytest.raises(EngineDied, match=r'within 0\.2 s; raise engines\.call_seconds'):
            await said(host, 'pid')
    silent.close()


async def test_loading_may_take_longer_than_a_call(server, monkeypatch):
    async with remote(server.url, call_seconds=0.3) as host:
        assert (await host.answer(EngineCall('slow', Load()))).is_loaded
        monkeypatch.setattr(limits, '_LOAD_SECONDS', 0.31)
        with pytest.raises(EngineDied, match=r'within 0\.31 s; bring its weights here'):
            await host.answer(EngineCall('slow', Load()))


async def test_a_reply_is_taken_in_no_further_than_the_call_can_have_asked_for():
    shot = frame(size=(600, 800))
    flood = Reconstructed(tuple(
        FrameGeometry(number, shot.depth, DepthNoise(), shot.depth.copy(), shot.depth.copy())
        for number in range(4)), 1.0, 'more than one frame')
    length, pieces = container.packed(flood)
    reply = http(200, b''.join(pieces), **OURS)
    for call, taken in ((depth_call(*(frame(n, (600, 800)) for n in range(4))), True),
                        (depth_call(shot), False), (EngineCall('fake', Load()), False)):
        async with answering(reply) as (url, _), remote(url) as host:
            if taken:
                assert len((await host.answer(call)).frames) == 4
                continue
            with pytest.raises(EngineDied, match=rf'has {length / 2**20:.1f} MB.* at most'):
                await host.answer(call)


def test_what_engines_reply_is_within_the_length_that_is_taken():
    size = (480, 640)
    shots = [frame(number, size) for number in range(3)]
    plane = np.zeros(size, np.float32)
    geometry = Reconstructed(tuple(FrameGeometry(
        shot.index, plane.copy(), DepthNoise(), plane.copy(), plane.copy(), np.eye(3), np.eye(4),
        bias=plane.copy(), source_map=np.zeros(size, np.uint8)) for shot in shots), 1.0, '')
    masks = Segmented((), tuple(InstanceMask(
        shot.index, number, 'a shelf of boxes', 0.9, (0.0, 0.0, 64.0, 48.0), (0, 0),
        np.ones((48, 64), np.uint8), np.ones((3, 48, 64), np.uint8))
        for shot in shots for number in range(500)))
    for call, reply in ((depth_call(*shots), geometry), (order('x', frames=tuple(shots)), masks)):
        most_head, most = most_of_reply(call)
        whole = b''.join(container.packed(reply)[1])
        with container.Incoming(most_head, most) as incoming:
            incoming.feed(whole)
            incoming.message()
        assert most < 6 * len(whole)


async def test_nobody_listens():
    closed = socket.create_server(('127.0.0.1', 0))
    url = f'http://127.0.0.1:{closed.getsockname()[1]}'
    closed.close()
    async with remote(url + '/') as host:
        with pytest.raises(EngineDied, match=rf'no engine server answers at {url} .*ConnectError'):
            await said(host, 'pid')


@pytest.mark.parametrize(('reply', 'kind', 'told'), [
    (http(200, b'<html>', content_type='text/html'), Unanswerable, 'no engine server.*text/html'),
    (http(404), Unanswerable, r'no engine server: .*HTTP 404'),
    (http(302, location='http://else'), Unanswerable, 'no engine server'),
    (http(502), EngineDied, 'a proxy answers for .*HTTP 502.*spatialclaw serve'),
    (http(409, b'{"error": "no"}', x_spatialclaw_protocol='0-abc', x_spatialclaw_version='9.9'),
     Unanswerable, rf'9\.9 with protocol 0-abc, this is {__version__} with {PROTOCOL}'),
    (http(400, b'{"error": "bad\\nthing"}', **OURS), RuntimeError, 'HTTP 400: bad thing$'),
    (http(500, b'x' * 5000, **OURS), RuntimeError, 'HTTP 500: xxx.* …; what'),
    (http(503), EngineDied, 'a proxy answers for .*HTTP 503'),
    (http(504), EngineDied, 'a proxy answers for .*HTTP 504'),
    (http(200, b'{}', **OURS), EngineDied, 'what is no reply'),
    (http(200, b''.join(container.packed(order('x'))[1]), **OURS), EngineDied,
     'replied EngineCall'),
    (b'220 smtp.example ESMTP\r\n', EngineDied, 'was lost'),
])
async def test_servers_of_other_kinds_and_versions(reply, kind, told):
    async with answering(reply, reply) as (url, _), remote(url) as host:
        with pytest.raises(kind, match=told):
            await said(host, 'pid')
    async with answering(reply) as (url, _), remote(url) as host:
        with pytest.raises((EngineDied, Unanswerable, RuntimeError)) as caught:
            await host.health()
        assert '\n' not in str(caught.value)


async def test_a_lost_answer_is_asked_for_once_more_and_no_more(monkeypatch):
    monkeypatch.setattr(client_module, '_FIRST_WAIT', 0.001)
    good = b''.join(container.packed(Segmented((), (), 'second'))[1])
    async with answering(b'', http(200, good, **OURS)) as (url, asked), remote(url) as host:
        assert await said(host, 'pid') == 'second'
        assert len(asked) == 2
    cut = http(200, good, **OURS)[:-3]
    async with answering(cut, cut, http(200, good, **OURS)) as (url, asked), remote(url) as host:
        with pytest.raises(EngineDied, match='lost during the call'):
            await said(host, 'pid')
        assert len(asked) == 2


async def test_a_full_server_is_asked_again_as_it_says_and_not_for_ever(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(client_module.asyncio, 'sleep', sleep)
    full = http(503, b'{"error": "busy"}', retry_after='2', **OURS)
    good = b''.join(container.packed(Segmented((), (), 'at last'))[1])
    async with answering(full, http(200, good, **OURS)) as (url, _), remote(url) as host:
        assert await said(host, 'pid') == 'at last'
    assert waits.pop(0) == 2.0
    async with answering(*[full] * 9) as (url, asked), remote(url) as host:
        with pytest.raises(Busy, match='HTTP 503: busy') as caught:
            await said(host, 'pid')
    assert type(caught.value) is Busy
    assert len(asked) == 4


async def test_closing_ends_what_runs(server):
    host = RemoteEngines(server.url)
    running = asyncio.ensure_future(said(host, 'until cancelled'))
    while not (await host.health()).waiting:
        await asyncio.sleep(0.01)
    await host.close()
    await host.close()
    for ended in (running, said(host, 'pid')):
        with pytest.raises(EngineDied, match='closed'):
            await ended


@pytest.mark.parametrize('url', ['', 'gpu.local:8484', 'ftp://gpu', 'http://', 'http://a b',
                                 'http://me:secret@gpu:1', 'http://gpu/?x=1', 'http://gpu:99999',
                                 'http://gpu:abc', 'http://gpu:-1', 'http://gpu:0', 'http://:1',
                                 'http://[::1', 'http://[zz]:8'])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(BadGoal, match=r'http://gpu\.local:8484'):
        RemoteEngines(url)


async def test_a_path_that_the_server_does_not_have_is_told(server):
    async with remote(f'{server.url}/elsewhere') as host:
        for asking in (said(host, 'pid'), host.health()):
            with pytest.raises(Unanswerable, match=r'/elsewhere answers HTTP 404: .*path is wrong'):
                await asking


async def test_an_engine_can_be_loaded_there(server):
    async with remote(server.url) as host:
        state = await host.answer(EngineCall('fake', Load()))
    assert state.is_loaded


@pytest.mark.parametrize('token', ['two words', 'grün', 'a\nb'])
def test_what_is_no_token_is_refused(monkeypatch, token):
    monkeypatch.setenv('SPATIALCLAW_TOKEN', token)
    with pytest.raises(BadGoal, match='SPATIALCLAW_TOKEN') as caught:
        RemoteEngines('http://gpu:8484')
    assert token not in str(caught.value)
