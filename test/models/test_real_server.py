"""The client, and whole questions, against llama.cpp's server with a model made of noise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest
import pytest_asyncio
from squares import window
from tiny_server import CONTEXT
from tiny_server import NAME
from tiny_server import TinyServer

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.conversation import Message
from spatialclaw_ros.models.conversation import ModelError
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.models.profile import Role
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question

pytestmark = [
    pytest.mark.asyncio(loop_scope='module'),
    pytest.mark.skipif(find_spec('xllamacpp') is None, reason=(
        'the model server xllamacpp is not installed: it has no wheel for this platform'))]

KEY, WRONG = 'sk-tiny-1234', 'sk-wrong-5678'
VARIABLE = 'SPATIALCLAW_TEST_KEY'
LETTERS = {'grammar': 'root ::= [a-h]{40}'}
#: Noise in the four sections; what `code` may be is added.
SECTIONS = (
    r'root ::= "**Purpose**\n" line "\n**Reasoning**\n" line "\n**Next Goal**\n" line fenced' '\n'
    r'fenced ::= "\n**Code**\n```python\n" code "\n```"' '\n'
    r'line ::= [a-z]{5} [a-z ]{0,15}' '\n'
    r'code ::= ')
RETURN = r'"ReturnAnswer(\"left\")"'
LOOK = r'"print(vlm.ask(InputImages[0], \"what?\"))"'


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyServer]:
    with TinyServer(tmp_path_factory.mktemp('tiny'), KEY) as server:
        yield server


@pytest_asyncio.fixture(scope='module', loop_scope='module')
async def nursery() -> AsyncIterator[Nursery]:
    started = await Nursery.start('spatialclaw_ros.toolkit.cell')
    yield started
    await started.close()


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)


def client_of(server, more=LETTERS, profile=None, **role):
    """A client whose role writer is asked as `role` says, with `more` in its requests."""
    return ModelClient(server.url, Profile(
        retries=0, stall_seconds=30.0, roles={'writer': Role(**{'thinking': True, **role})},
        thinking_on=more, **(profile or {})), VARIABLE)


async def said(server, *parts, **options):
    async with client_of(server, **options) as client:
        return await client.chat('writer', [
            Message('system', ('Be brief.',)), Message('user', parts or ('How far?',))])


async def test_a_text_is_answered_by_the_one_model_there_is(server):
    reply = await said(server)
    assert len(reply.text) == 40 and set(reply.text) <= set('abcdefgh')
    assert (reply.model, reply.arguments, reply.cut) == (NAME, '', False)
    assert 0 < reply.seconds < 10


async def test_thinking_chooses_what_else_the_request_says(server):
    profile = {'thinking_off': {'grammar': 'root ::= "1.2 m"'}}
    assert (await said(server, profile=profile, thinking=False)).text == '1.2 m'
    assert len((await said(server, profile=profile, thinking=True)).text) == 40


async def test_tokens_are_counted_by_the_server(server):
    short, long = [await said(server, 'How far?' + more) for more in ('', ' far' * 100)]
    assert short.usage.prompt > len('Be brief.How far?')
    assert long.usage.prompt - short.usage.prompt == 400  # a token is a byte
    assert all(reply.usage.completion in (40, 41) for reply in (short, long))  # and its end
    assert short.usage.total == short.usage.prompt + short.usage.completion


@pytest.mark.parametrize('limit_name', ['max_tokens', 'max_completion_tokens'])
async def test_a_reply_beyond_its_limit_is_cut(server, limit_name):
    reply = await said(server, max_tokens=15, profile={'limit_name': limit_name})
    assert (len(reply.text), reply.usage.completion, reply.cut) == (15, 15, True)


async def test_bytes_that_are_no_text_are_taken(server):
    reply = await said(server, more={'ignore_eos': True}, max_tokens=300)
    assert '\N{REPLACEMENT CHARACTER}' in reply.text
    assert (reply.usage.completion, reply.cut) == (300, True)


@pytest.mark.parametrize('image_format', ['png', 'jpeg'])
async def test_pictures_are_seen(server, image_format):
    red, blue = (np.full((48, 64, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    options = {'temperature': 0.0, 'profile': {'image_format': image_format, 'image_edge': 48}}
    none, first, other, both = [await said(server, 'frame 3:', *images, 'Where?', **options)
                                for images in ((), (red,), (blue,), (red, blue))]
    # The server writes its own marks around each picture's four tokens.
    assert first.usage.prompt == other.usage.prompt >= none.usage.prompt + 4
    assert both.usage.prompt >= first.usage.prompt + 4
    assert len({reply.text for reply in (none, first, other, both)}) == 4


async def test_many_ask_at_once(server):
    async with client_of(server) as client:
        replies = await asyncio.gather(*(client.chat('writer', [Message('user', ('x' * count,))])
                                         for count in range(1, 7)))
    prompts = [reply.usage.prompt for reply in replies]
    assert [count - prompts[0] for count in prompts] == list(range(6))


@pytest.mark.parametrize(('text', 'more', 'words'), [
    ('x' * (CONTEXT + 1), LETTERS, f'HTTP 400: .*context size.*{CONTEXT}'),
    ('x', {'grammar': 'root ::= nothing ['}, 'HTTP 400: .*grammar')], ids=['context', 'grammar'])
async def test_a_refusal_names_server_and_model(server, text, more, words):
    with pytest.raises(ModelError, match=words) as caught:
        await said(server, text, more=more)
    assert server.url in str(caught.value) and repr(NAME) in str(caught.value)
    assert KEY not in str(caught.value)
    assert (await said(server)).text


@pytest.mark.parametrize('model', ['', NAME])
@pytest.mark.parametrize('wrong', [WRONG, ''], ids=['wrong', 'none'])
async def test_a_wrong_key_is_refused_and_not_told(server, monkeypatch, model, wrong):
    monkeypatch.setenv(VARIABLE, wrong)
    with pytest.raises(ModelError, match=r'401.*Invalid API Key') as caught:
        await said(server, profile={'model': model})
    assert server.url in str(caught.value)
    assert WRONG not in str(caught.value) and KEY not in str(caught.value)


async def test_a_cancel_frees_the_server(server):
    """It works at one request at a time, and this one would take it half a minute."""
    profile = Profile(
        roles={'writer': Role(thinking=True, max_tokens=60_000), 'asker': Role(thinking=False)},
        retries=0, thinking_on={'ignore_eos': True}, thinking_off=LETTERS)
    async with ModelClient(server.url, profile, VARIABLE) as client:
        asking = asyncio.create_task(client.chat('writer', [Message('user', ('How far?',))]))
        while not 0 < (left := await asyncio.to_thread(server.tokens_left)) < 60_000:
            assert not asking.done()
            await asyncio.sleep(0.01)
        assert left > 40_000
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, 0.5)
        reply = await asyncio.wait_for(client.chat('asker', [Message('user', ('Near?',))]), 5)
        assert len(reply.text) == 40


async def asked(server, nursery, folder, code, **options):
    """Answer and transcript of a question, by a model that plans noise and writes `code`."""
    profile = Profile(
        roles={'writer': Role(thinking=True), **dict.fromkeys(
            ('planner', 'asker', 'fallback'), Role(thinking=False))},
        thinking_on={'grammar': SECTIONS + code}, retries=0, context_tokens=CONTEXT,
        thinking_off={'grammar': r'root ::= "**Answer**\n" [a-z]{5} [a-z ]{0,15}'})
    async with ModelClient(server.url, profile, VARIABLE) as client:
        answer = await ask(
            Question('Which way, roughly said?', policy='code', max_steps=3, **options), window(),
            engines_for(window()), nursery, limits=Limits(), transcript_dir=folder, model=client)
    events = read_transcript(file_of(answer.transcript))
    calls = [event for event in events if event['event'] == 'model']
    assert not [event for event in events if event['event'] == 'bad_reply']
    assert not [event for event in events if event.get('error')]
    assert {event['model'] for event in calls} == {NAME}
    assert answer.prompt_tokens == sum(event['prompt_tokens'] for event in calls)
    assert answer.completion_tokens == sum(event['completion_tokens'] for event in calls) > 0
    written = [event['prompt_tokens'] for event in calls if event['role'] == 'writer']
    assert written == sorted(set(written))  # each time it is told more
    return answer, [event['role'] for event in calls], events


async def test_a_whole_question_is_answered(server, nursery, tmp_path):
    answer, roles, _events = await asked(server, nursery, tmp_path, RETURN)
    assert (answer.code, answer.text, answer.policy) == (ErrorCode.GUESSED, 'left', 'code')
    assert roles == ['planner', 'writer']


async def test_a_whole_question_is_given_up_and_guessed(server, nursery, tmp_path):
    answer, roles, events = await asked(server, nursery, tmp_path, LOOK)
    assert (answer.code, answer.steps) == (ErrorCode.OUT_OF_BUDGET, 3)
    assert roles == ['planner', *['writer', 'asker'] * 3]
    said = [event['text'] for event in events if event['event'] == 'said']
    results = [event for event in events if event['event'] == 'result']
    assert [event['stdout'].strip() for event in results] == said  # the cells printed it
    answer, roles, _events = await asked(server, nursery, tmp_path, LOOK, allow_guess=True)
    assert (answer.code, roles[-1]) == (ErrorCode.GUESSED, 'fallback')


async def test_whole_questions_of_chance_end_well(server, nursery, tmp_path):
    code = rf'{RETURN} | {LOOK} | "print(" [1-9] [0-9]{{0,2}} ")"'
    for _ in range(4):
        answer, roles, _events = await asked(server, nursery, tmp_path, code)
        assert answer.code in (ErrorCode.GUESSED, ErrorCode.OUT_OF_BUDGET)
        assert roles.count('writer') == answer.steps
