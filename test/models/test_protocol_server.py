from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Iterator
from email.utils import formatdate
import json
import threading
import time
from typing import Any
import urllib.error
import urllib.request

import openai
from openai import AsyncOpenAI
from protocol_server import Answer
from protocol_server import GARBAGE
from protocol_server import ProtocolServer
from protocol_server import REPLIES
from protocol_server import status
from protocol_server import Turn
from protocol_server import Words
import pytest

_TOLD = [{'role': 'user', 'content': 'How far is the heater from the door?'}]
_CALLS = [('measure', '{"first": "heater", "second": "door"}'), ('look', '{}')]


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before


def client_of(server: ProtocolServer, timeout: float = 5) -> AsyncOpenAI:
    # Certificates take 30 ms to load, and there are none.
    plain = openai.DefaultAsyncHttpxClient(verify=False)
    return AsyncOpenAI(base_url=server.url, api_key='secret', max_retries=0, timeout=timeout,
                       http_client=plain)


async def ask(server: ProtocolServer, **asked: Any) -> Any:
    """The answer as one object, or the chunks of a stream as a list."""
    async with client_of(server, timeout=asked.pop('timeout', 5)) as client:
        answer = await client.chat.completions.create(model='m', messages=_TOLD, **asked)
        return [chunk async for chunk in answer] if asked.get('stream') else answer


async def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def text_of(chunks: list[Any]) -> str:
    return ''.join(c.choices[0].delta.content or '' for c in chunks if c.choices)


async def test_a_good_answer_and_the_request_as_it_came() -> None:
    with ProtocolServer([Answer('Hé', reasoning='so', usage=(5, 2))]) as server:
        answer = await ask(server, temperature=0.5)
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == (
        'assistant', 'Hé', 'stop')
    assert choice.message.reasoning_content == 'so' and choice.message.tool_calls is None
    assert (answer.model, answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
        'm', 5, 2)
    (request,) = server.requests
    assert request.path == '/v1/chat/completions'
    assert request.headers['authorization'] == 'Bearer secret'
    assert request.body == {'model': 'm', 'messages': _TOLD, 'temperature': 0.5}
    assert 0 < time.monotonic() - request.at < 5 and server.cut_off == 0


@pytest.mark.parametrize('told', [True, False])
async def test_a_streamed_answer_has_its_role_first_and_usage_where_asked_for(told: bool) -> None:
    with ProtocolServer([Answer(REPLIES['good'], reasoning='so it is',
                                reasoning_key='reasoning')]) as server:
        chunks = await ask(server, stream=True, stream_options={'include_usage': told})
    assert chunks[0].choices[0].delta.role == 'assistant'
    assert text_of(chunks) == REPLIES['good']
    assert chunks[1].choices[0].delta.reasoning == 'so it is'
    assert [c.usage.total_tokens for c in chunks if c.usage] == [18] * told
    assert [c.choices for c in chunks[-1:]] == [[]] * told or not told
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-2:] == [None, 'stop']


async def test_tool_calls_whole_and_streamed() -> None:
    with ProtocolServer([Answer(tool_calls=_CALLS, finish='tool_calls')]) as server:
        choice = (await ask(server)).choices[0]
        chunks = await ask(server, stream=True)
    assert (choice.message.content, choice.finish_reason) == (None, 'tool_calls')
    calls = choice.message.tool_calls
    assert [(c.function.name, c.function.arguments) for c in calls] == _CALLS
    parts = [p for c in chunks for p in c.choices[0].delta.tool_calls or ()]
    assert len(parts) > 4
    for index, (name, arguments) in enumerate(_CALLS):
        mine = [p for p in parts if p.index == index]
        assert mine[0].id == calls[index].id and mine[0].function.name == name
        assert all(p.id is None and p.function.name is None for p in mine[1:])
        assert ''.join(p.function.arguments for p in mine) == arguments
    assert chunks[-1].choices[0].finish_reason == 'tool_calls'


@pytest.mark.parametrize(('code', 'kind', 'after'), [
    (401, openai.AuthenticationError, None), (429, openai.RateLimitError, '2'),
    (429, openai.RateLimitError, formatdate(time.time() + 60, usegmt=True)),
    (500, openai.InternalServerError, None), (503, openai.InternalServerError, '1')])
async def test_an_error_has_its_status_headers_and_body(
        code: int, kind: type[openai.APIStatusError], after: str | None) -> None:
    turn = status(code, 'not now', **({'retry_after': after} if after else {}))
    for stream in False, True:
        with ProtocolServer([turn]) as server, pytest.raises(kind, match='not now') as caught:
            await ask(server, stream=stream)
        assert caught.value.status_code == code and caught.value.body['message'] == 'not now'
        headers = caught.value.response.headers
        assert (headers['content-type'], headers.get('retry-after')) == ('application/json', after)


@pytest.mark.parametrize('turn', [Turn(), Turn(wait=0.05), Answer('x' * 99, at=40)])
@pytest.mark.parametrize('stream', [False, True])
async def test_a_cut_connection(turn: Turn, stream: bool) -> None:
    with ProtocolServer([turn]) as server:
        with pytest.raises(openai.APIConnectionError):
            await ask(server, stream=stream)
        assert server.cut_off == 0


async def read_until_cut(turn: Turn) -> tuple[list[Any], bool]:
    """The chunks that came, and whether the connection was cut after them."""
    chunks = []
    with ProtocolServer([turn]) as server:
        async with client_of(server) as client:
            stream = await client.chat.completions.create(model='m', messages=_TOLD, stream=True)
            try:
                async for chunk in stream:
                    chunks.append(chunk)
            except openai.APIConnectionError:
                return chunks, True
    return chunks, False


@pytest.mark.parametrize('at', [0, 40, 99])
@pytest.mark.parametrize('fault', ['cut', 'end'])
async def test_what_came_before_the_fault_has_come(at: int, fault: str) -> None:
    chunks, cut = await read_until_cut(Answer('x' * 99, at=at, fault=fault))
    assert text_of(chunks) == 'x' * at and cut == (fault == 'cut')
    assert all(c.choices[0].finish_reason is None for c in chunks)


@pytest.mark.parametrize('name', ['no json', 'half json', 'nothing'])
async def test_garbage_instead_of_json(name: str) -> None:
    with ProtocolServer([GARBAGE[name]]) as server, pytest.raises(json.JSONDecodeError):
        await ask(server)


async def test_garbage_that_the_client_takes() -> None:
    with ProtocolServer([GARBAGE['html'], GARBAGE['other json'], Answer(no_choices=True)],
                        ends=True) as server:
        assert 'Sign in' in await ask(server)
        assert (await ask(server)).choices is None
        assert (await ask(server)).choices == []


async def test_garbage_in_a_stream() -> None:
    turns = [GARBAGE['broken stream'], GARBAGE['error in stream'], GARBAGE['html'],
             Answer('x', no_choices=True)]
    with ProtocolServer(turns, ends=True) as server:
        with pytest.raises(json.JSONDecodeError):
            await ask(server, stream=True)
        with pytest.raises(openai.APIError, match='out of memory'):
            await ask(server, stream=True)
        assert await ask(server, stream=True) == []
        assert [c.choices for c in await ask(server, stream=True)] == [[]] * 3


@pytest.mark.parametrize('stream', [False, True])
async def test_a_stall_before_the_headers_and_one_in_the_answer(stream: bool) -> None:
    for turn in Turn(wait=60), Answer('x' * 99, at=40, fault=60):
        with ProtocolServer([turn]) as server:
            with pytest.raises(openai.APITimeoutError):
                await ask(server, stream=stream, timeout=0.15)
            await server.until_cut_off()
            assert server.cut_off == 1


@pytest.mark.parametrize('stream', [False, True])
async def test_an_answer_goes_on_after_a_stall_and_drips(stream: bool) -> None:
    turns = [Answer('x' * 40, at=16, fault=0.1), Answer('x' * 40, drip=0.02)]
    with ProtocolServer(turns) as server:
        for _ in turns:
            start = time.monotonic()
            answer = await ask(server, stream=stream)
            said = text_of(answer) if stream else answer.choices[0].message.content
            assert said == 'x' * 40 and time.monotonic() - start >= 0.1


async def test_a_client_that_goes_away_in_mid_stream_is_noticed() -> None:
    words = Words(200_000)
    with ProtocolServer([Answer(words), 'good']) as server:
        asking = asyncio.ensure_future(read_slowly(server))
        await until(lambda: words.given > 1000)
        given = 0
        while given != words.given:
            given = words.given
            await asyncio.sleep(0.1)
        assert given < 150_000 and server.cut_off == 0
        asking.cancel()
        await server.until_cut_off()
        assert (await ask(server)).choices[0].message.content == 'good'
        assert server.cut_off == 1


async def read_slowly(server: ProtocolServer) -> None:
    async with client_of(server) as client:
        async for _ in await client.chat.completions.create(
                model='m', messages=_TOLD, stream=True):
            await asyncio.sleep(60)


async def test_a_stalled_request_holds_up_no_other_and_ends_with_the_server() -> None:
    with ProtocolServer([Turn(wait=60), 'good']) as server:
        asking = asyncio.ensure_future(ask(server, timeout=60))
        await until(lambda: server.requests)
        assert (await ask(server)).choices[0].message.content == 'good'
    with pytest.raises(openai.APIConnectionError):
        await asking
    with pytest.raises(openai.APIConnectionError):
        await ask(server)


async def test_the_last_turn_repeats_unless_the_script_ends() -> None:
    for ends in False, True:
        with ProtocolServer(['a', 'b'], ends=ends) as server:
            said = [(await ask(server)).choices[0].message.content for _ in range(2)]
            assert said == ['a', 'b'] and len(server.requests) == 2
            if not ends:
                assert (await ask(server)).choices[0].message.content == 'b'
                continue
            with pytest.raises(openai.InternalServerError, match='the script has ended'):
                await ask(server)


async def test_an_answer_made_from_the_request_and_a_failure_to_make_it() -> None:
    with ProtocolServer(respond=lambda body: Answer(body['messages'][0]['content'])) as server:
        assert (await ask(server)).choices[0].message.content == _TOLD[0]['content']
    with (pytest.raises(KeyError, match='absent'),
          ProtocolServer(respond=lambda body: body['absent']) as server,
          pytest.raises(openai.APIConnectionError)):
        await ask(server)


def test_models_and_health_for_a_client_without_a_loop() -> None:
    with ProtocolServer(['good']) as server:
        with openai.OpenAI(base_url=server.url, api_key='k', max_retries=0) as client:
            assert [model.id for model in client.models.list()] == ['double']
        root = server.url.removesuffix('/v1')
        with urllib.request.urlopen(root + '/health') as answer:
            assert json.load(answer) == {'status': 'ok'}
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(root + '/v2')
        caught.value.close()
        assert caught.value.code == 404
        assert [request.path for request in server.requests] == ['/v1/models', '/health', '/v2']


def test_the_texts_are_what_their_names_say() -> None:
    texts = dict(REPLIES)
    fences = {name: text.count('```') for name, text in texts.items()}
    assert (fences['good'], fences['no fence'], fences['unterminated fence']) == (2, 0, 1)
    assert fences['two blocks'] == 4 and '**Next Goal**' not in texts['missing section']
    assert all(texts[name].endswith(texts['good'])
               for name in ('think', 'orphan think', 'thought', 'thought channel'))
    assert texts['headings'].count('## ') == 4 and '**' not in texts['headings']
    assert texts['empty'] == '' and len(json.loads(texts['json'])) == 4
