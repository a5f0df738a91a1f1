"""The client against a real HTTP server: what servers send, and what they should not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
from protocol_server import Answer
from protocol_server import GARBAGE
from protocol_server import ProtocolServer
from protocol_server import status
from protocol_server import Turn
from protocol_server import Words
import pytest

from spatialclaw_ros.models import client
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.conversation import Function
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import ModelError
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.models.profile import Role

ASKED = [Message('system', ('Be brief.',)), Message('user', ('How far?',))]
PROFILE = Profile(model='eyes-7b', retries=1, stall_seconds=1.0)


async def said(turns, profile=PROFILE, messages=ASKED, **options):
    """The reply to `messages`, and what the server received."""
    with ProtocolServer(turns) as server:
        async with ModelClient(server.url, profile, 'SPATIALCLAW_TEST_KEY') as asker:
            reply = await asker.chat('writer', messages, **options)
        return reply, server.requests


async def test_a_reply_comes_with_its_tokens():
    reply, (request,) = await said([Answer('1.2 m', usage=(70, 5))])
    assert (reply.text, reply.model, reply.cut) == ('1.2 m', 'eyes-7b', False)
    assert (reply.usage.prompt, reply.usage.completion) == (70, 5)
    assert reply.usage.total == 75
    assert request.body['stream'] is True
    assert request.body['messages'] == [{'role': 'system', 'content': 'Be brief.'},
                                        {'role': 'user', 'content': 'How far?'}]


async def test_each_role_asks_in_its_own_way():
    profile = replace(PROFILE, limit_name='max_completion_tokens', roles={
        'writer': Role('pen-3b', 0.2, 99, thinking=False)},
        thinking_off={'chat_template_kwargs': {'enable_thinking': False}})
    _reply, (request,) = await said(['ok'], profile)
    assert (request.body['model'], request.body['temperature']) == ('pen-3b', 0.2)
    assert request.body['max_completion_tokens'] == 99
    assert request.body['chat_template_kwargs'] == {'enable_thinking': False}


async def test_pictures_are_sent_no_larger_than_the_profile_says():
    import base64
    import io

    from PIL import Image
    image = np.zeros((300, 600, 3), np.uint8)
    image[:, :300] = (255, 0, 0)
    profile = replace(PROFILE, image_edge=100, image_format='jpeg')
    message = Message('user', ('frame 3:', image, 'Where?'))
    _reply, (request,) = await said(['there'], profile, [message])
    text, picture, question = request.body['messages'][0]['content']
    assert (text['text'], question['text']) == ('frame 3:', 'Where?')
    kind, data = picture['image_url']['url'].split(';base64,')
    assert kind == 'data:image/jpeg'
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.size == (100, 50)
    assert sent.getpixel((10, 10))[0] > 240 and sent.getpixel((90, 10))[0] < 15


async def test_a_function_is_called_and_shown_again_as_it_was_called():
    function = Function('call', 'Call one tool.', {'type': 'object', 'properties': {}})
    reply, (request,) = await said(
        [Answer('', tool_calls=[('call', '{"tool": "show"}')], finish='tool_calls')],
        messages=[*ASKED, Message('assistant', ('',), '{"tool": "x"}'),
                  Message('tool', ('[ok]',))], function=function)
    assert reply.arguments == '{"tool": "show"}'
    assert request.body['tools'][0]['function']['name'] == 'call'
    earlier, answered = request.body['messages'][2:]
    assert earlier['tool_calls'][0]['function'] == {'name': 'call', 'arguments': '{"tool": "x"}'}
    assert answered == {'role': 'tool', 'content': '[ok]',
                        'tool_call_id': earlier['tool_calls'][0]['id']}


@pytest.mark.parametrize('turn', [
    status(429, 'slow down', retry_after='0'), status(503, 'loading'), status(500, 'oops'), Turn(),
    Answer('half of it', at=4), Answer('half of it', at=4, fault='end'),
    Answer('half of it', at=4, fault=5.0)])
async def test_what_may_pass_is_tried_again(turn):
    reply, requests = await said([turn, 'whole'])
    assert reply.text == 'whole'
    assert len(requests) == 2


async def test_the_server_says_how_long_to_wait():
    reply, (first, second) = await said([status(429, 'slow down', retry_after='1'), 'ok'])
    assert reply.text == 'ok'
    assert second.at - first.at >= 0.95


@pytest.mark.parametrize(('turn', 'words'), [
    (status(401, 'no such key'), 'HTTP 401: .*no such key.*read from .OPENAI_API_KEY'),
    (status(404, 'no such model'), 'HTTP 404.*no such model.*end in /v1'),
    (status(500, 'oops'), 'HTTP 500: .*oops'),
    (status(429, 'slow down', retry_after='0'), 'HTTP 429'), (Turn(), 'gave no answer'),
    (Answer('', no_choices=True), 'without content'),
    (Answer('stalls', wait=9), 'Timeout'),
    *((turn, 'gave no answer') for turn in GARBAGE.values())])
async def test_what_does_not_pass_is_told_with_server_and_model(turn, words):
    with ProtocolServer([turn]) as server:
        async with ModelClient(server.url, PROFILE) as asker:
            with pytest.raises(ModelError, match=words) as caught:
                await asker.chat('writer', ASKED)
        assert server.url in str(caught.value) and "'eyes-7b'" in str(caught.value)
        assert len(str(caught.value)) < 700


async def test_a_dead_server_is_named():
    with ProtocolServer([]) as server:
        url = server.url
    async with ModelClient(url, PROFILE) as asker:
        with pytest.raises(ModelError, match=f'{url}.*refused|{url}.*connect'):
            await asker.chat('writer', ASKED)


async def test_a_key_is_sent_and_never_said(monkeypatch):
    monkeypatch.setenv('SPATIALCLAW_TEST_KEY', 'sk-secret-1234')
    _reply, (request,) = await said(['ok'])
    assert request.headers['authorization'] == 'Bearer sk-secret-1234'
    for message in ('the key sk-secret-1234 is unknown', 'x' * 380 + 'sk-secret-1234'):
        with pytest.raises(ModelError) as caught:
            await said([status(401, message)])
        assert 'sk-s' not in str(caught.value)
    reply, _requests = await said(['your key is sk-secret-1234'])
    assert reply.text == 'your key is ***'


async def test_a_key_that_is_no_secret_spoils_no_text(monkeypatch):
    monkeypatch.setenv('SPATIALCLAW_TEST_KEY', 'k')
    reply, _requests = await said(['mask(k)'])
    assert reply.text == 'mask(k)'


async def test_a_key_from_a_file_ends_with_its_line(monkeypatch):
    monkeypatch.setenv('SPATIALCLAW_TEST_KEY', 'sk-secret-1234\n')
    _reply, (request,) = await said(['ok'])
    assert request.headers['authorization'] == 'Bearer sk-secret-1234'


async def test_a_login_in_the_url_is_not_shown():
    client_of_proxy = ModelClient('http://user:word@127.0.0.1:9/v1', replace(PROFILE, retries=0))
    async with client_of_proxy:
        with pytest.raises(ModelError) as caught:
            await client_of_proxy.chat('writer', ASKED)
    assert 'word' not in str(caught.value) + repr(client_of_proxy)
    assert '127.0.0.1:9/v1' in str(caught.value)


async def test_what_cannot_be_encoded_is_replaced():
    reply, _requests = await said(['a \ud800 surrogate'])
    assert reply.text.encode() == b'a ? surrogate'


async def test_tries_are_counted():
    reply, _requests = await said([status(503, 'loading'), Answer('half of it', at=4), 'whole'],
                                  replace(PROFILE, retries=2))
    assert (reply.text, reply.tries) == ('whole', 3)


async def test_what_came_instead_of_a_stream_is_shown():
    with pytest.raises(ModelError, match=r'text/html.*Sign in'):
        await said([GARBAGE['html']])


async def test_an_answer_beyond_measure_is_cut(monkeypatch):
    monkeypatch.setattr(client, '_MOST_CHARACTERS', 20_000)
    reply, _requests = await said([Answer(Words(200_000))])
    assert reply.cut
    assert 20_000 <= len(reply.text) < 21_000


async def test_a_cancel_closes_the_connection():
    with ProtocolServer([Answer('slow ' * 100, drip=0.05)]) as server:
        async with ModelClient(server.url, PROFILE) as asker:
            asking = asyncio.create_task(asker.chat('writer', ASKED))
            while not server.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asking, 0.5)
            await server.until_cut_off(1)


async def test_the_only_model_of_a_server_needs_no_name():
    reply, requests = await said(['ok'], replace(PROFILE, model=''))
    assert requests[-1].body['model'] == reply.model != ''
