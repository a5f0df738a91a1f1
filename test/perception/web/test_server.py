"""The application that stands before an engine host: whom it lets in, and what it says."""

import asyncio
from contextlib import asynccontextmanager
import errno
import math

from engine_rooms import order
import httpx2
import pytest

from spatialclaw_ros import __version__
from spatialclaw_ros.calls.requests import Done
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.perception.web import refusals
from spatialclaw_ros.perception.web import server
from spatialclaw_ros.perception.web.container import CONTENT_TYPE
from spatialclaw_ros.perception.web.container import Incoming
from spatialclaw_ros.perception.web.container import packed
from spatialclaw_ros.perception.web.container import PROTOCOL
from spatialclaw_ros.perception.web.container import PROTOCOL_HEADER
from spatialclaw_ros.perception.web.health import from_json
from spatialclaw_ros.perception.web.server import app_of
from spatialclaw_ros.perception.web.server import Limits

HEALTH = EngineHealth('1.2', 'cuda:0', 80, 60, 3, (
    EngineState('sam3', 'facebook/sam3', 'SAM License', is_loaded=False),
    EngineState('fused', 'x', 'y', is_loaded=True, problem='none', seconds=0.5)))


class Host:
    """Answers at once; `error` is raised instead, and `hold` waited for."""

    def __init__(self):
        self.error = None
        self.hold = None
        self.calls = []

    async def answer(self, call):
        self.calls.append(call)
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        return Segmented(call.request.frames, (), 'answered')

    async def health(self):
        if self.error is not None:
            raise self.error
        return HEALTH


@asynccontextmanager
async def client_of(host, token='', **limits):
    app = app_of(host, token, Limits(**limits))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url='http://engines') as client:
        yield client


async def post(client, message=None, **options):
    body = b''.join(packed(order('say x') if message is None else message)[1])
    options.setdefault('headers', {'content-type': CONTENT_TYPE})
    return await client.post('/v1/call', content=options.pop('content', body), **options)


def message_of(response):
    assert response.status_code == 200, response.text
    with Incoming(1 << 20, 1 << 20) as incoming:
        incoming.feed(response.content)
        return incoming.message()


async def test_a_call_is_answered_and_every_response_says_whose_it_is():
    host = Host()
    async with client_of(host) as client:
        response = await post(client)
        assert message_of(response).reason == 'answered'
        assert host.calls[0].request.prompts == ('say x',)
        for other in (response, await client.get('/nowhere'), await client.get('/v1/call')):
            assert other.headers[PROTOCOL_HEADER] == PROTOCOL
        assert (await client.get('/nowhere')).json() == {'error': 'Not Found'}


@pytest.mark.parametrize('error', [NotVisible('it hides'), EngineDied('gone'), ValueError('odd'),
                                   KeyError('no frame 7')])
async def test_what_the_host_raises_is_a_reply(error):
    host = Host()
    host.error = error
    async with client_of(host) as client:
        failed = message_of(await post(client))
    assert failed == Failed(type(error).__name__, error.args[0])


async def test_health_is_json_that_reads_back():
    async with client_of(Host()) as client:
        told = (await client.get('/health')).json()
    assert told['service'] == 'spatialclaw' and told['engines'][0]['seconds'] is None
    read = from_json(told)
    assert math.isnan(read.engines[0].seconds) and read.engines[1] == HEALTH.engines[1]
    assert (read.device, read.memory_free, read.waiting) == ('cuda:0', 60, 3)


@pytest.mark.parametrize('told', [
    {}, [], None, 5, {'engines': 7}, {'engines': [7]}, {'engines': []},
    {'engines': [], 'version': 1, 'device': '', 'memory': 1, 'memory_free': 1, 'waiting': 1}])
def test_what_is_no_health_is_refused(told):
    with pytest.raises(ValueError, match=r'names no engines|of EngineHealth'):
        from_json(told)


async def test_health_of_engines_that_cannot_start():
    host = Host()
    host.error = EngineDied('it died at its start')
    async with client_of(host) as client:
        response = await client.get('/health')
    assert (response.status_code, response.json()) == (503, {'error': 'it died at its start'})


async def test_without_the_token_nothing_is_told_and_no_body_is_looked_at():
    host = Host()
    async with client_of(host, token='sesame') as client:
        for given in ({}, {'authorization': 'Bearer sesam'}, {'authorization': 'sesame'},
                      {'authorization': 'Bearer ' + 'ü' * 6}):
            headers = {name: value.encode() for name, value in given.items()}
            for response in (await client.get('/health', headers=headers),
                             await post(client, content=b'rubbish', headers=headers)):
                assert response.status_code == 401
                assert 'the token is missing or wrong' in response.json()['error']
                assert 'sesame' not in response.text
        bearer = {'authorization': 'Bearer sesame'}
        assert (await client.get('/health', headers=bearer)).status_code == 200
        assert (await post(client, headers=bearer | {'content-type': CONTENT_TYPE})
                ).status_code == 200
    assert len(host.calls) == 1


async def test_bad_bodies_are_told_in_one_line_and_the_next_call_is_answered():
    host = Host()
    body = b''.join(packed(order('say x'))[1])
    async with client_of(host, waiting=1, most_bytes=4000) as client:
        for content, status, told in (
                (b'', 400, 'cut off'), (b'x' * 100, 400, 'begins with'),
                (body[:-1], 400, 'cut off'), (body + b'x', 400, 'longer'),
                (body.replace(b'EngineCall', b'EngineCell'), 400, 'EngineCell'),
                (b''.join(packed(Done())[1]), 400, 'Done is no call'),
                (b'x' * 5000, 413, 'at most 0.0 MB')):
            response = await post(client, content=content)
            assert response.status_code == status, response.text
            assert told in response.json()['error'] and '\n' not in response.json()['error']
        assert message_of(await post(client)).reason == 'answered'
    assert len(host.calls) == 1


async def test_other_kinds_and_other_protocols_are_refused():
    async with client_of(Host()) as client:
        response = await post(client, headers={'content-type': 'text/plain'})
        assert response.status_code == 415 and CONTENT_TYPE in response.json()['error']
        response = await post(client, headers={
            'content-type': CONTENT_TYPE, PROTOCOL_HEADER: '0-abc',
            'x-spatialclaw-version': '9.9'})
        assert response.status_code == 409
        for part in (PROTOCOL, '0-abc', __version__, '9.9', 'same release'):
            assert part in response.json()['error']


async def test_a_full_server_says_when_to_come_back():
    host = Host()
    host.hold = asyncio.Event()
    async with client_of(host, waiting=2) as client:
        held = [asyncio.ensure_future(post(client)) for _ in range(2)]
        while len(host.calls) < 2:
            await asyncio.sleep(0)
        refused = await post(client)
        assert refused.status_code == 503 and refused.headers['retry-after'] == '1'
        assert 'busy' in refused.json()['error']
        host.hold.set()
        assert [message_of(await one).reason for one in held] == ['answered'] * 2
        host.error = Busy('8 calls to do')
        assert (await post(client)).status_code == 503
        host.error = None
        assert message_of(await post(client)).reason == 'answered'


@pytest.mark.parametrize(('fault', 'status', 'kind', 'told'), [
    (OSError(errno.EMFILE, 'Too many open files'), 503, refusals.Full, 'Too many open files'),
    (KeyError('secret'), 500, RuntimeError, 'KeyError in the engine server; what `spatialclaw')])
async def test_a_fault_of_the_server_is_told_as_its_own(monkeypatch, fault, status, kind, told):
    def fail(*_, **__):
        raise fault

    async with client_of(Host(), waiting=1) as client:
        with monkeypatch.context() as patch:
            patch.setattr(server, 'Incoming', fail)
            response = await post(client)
        headers = response.headers
        assert response.status_code == status and 'secret' not in response.text
        refusals.check_introduction('http://engines', status, headers)
        error = refusals.refusal('http://engines', status, headers, response.content)
        assert isinstance(error, kind) and told in str(error)
        assert headers.get('retry-after') == ('1' if status == 503 else None)
        assert message_of(await post(client)).reason == 'answered'


async def test_a_body_that_stops_coming_is_given_up():
    async def stuck():
        yield b'SPCLAW'
        await asyncio.sleep(60)

    async with client_of(Host(), waiting=1, stall_seconds=0.1) as client:
        response = await post(client, content=stuck())
        assert response.status_code == 408 and '0.1 s' in response.json()['error']
        assert message_of(await post(client)).reason == 'answered'
