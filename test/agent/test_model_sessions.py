"""Whole questions by a scripted model behind HTTP; kernel, tools and perception are real."""

from __future__ import annotations

import asyncio
from dataclasses import replace
import json
from pathlib import Path
import time

from protocol_server import Answer
from protocol_server import ProtocolServer
from protocol_server import status
from protocol_server import Turn
import psutil
import pytest
from squares import window

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.agent.replay import replay
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question

PROFILE = Profile(model='eyes-7b', retries=1, stall_seconds=20.0)
PLAN = '1. A distance between two surfaces.'


def cell(code, purpose='Measure.'):
    return (f'**Purpose**\n{purpose}\n\n**Reasoning**\nThe last output says so.\n\n**Next Goal**\n'
            f'Answer.\n\n**Code**\n```python\n{code}\n```')


SEGMENT = cell("seg = tools.SAM3.segment_video_by_text(['crate', 'lid'])\nshow(seg.visualize())",
               'Find both.')
MEASURE = cell('recon = tools.Reconstruct.Reconstruct()\ncrate, lid = recon.objects(seg)\n'
               'd = tools.Geometry.closest_distance(crate, lid)\nprint(d)\nshow(d)')
RETURN = cell('ReturnAnswer(d, evidence=[d, crate, lid])')


class Model:
    """Asks questions of a model that says `turns`; remembers what it received."""

    def __init__(self, nursery, tmp_path):
        self.nursery, self.folder = nursery, tmp_path
        self.received = []

    async def ask(self, turns, text='How far apart are they, roughly said?', *, policy='code',
                  profile=PROFILE, budget=None, limits=None, **options):
        question = Question(text, policy=policy, **options)
        with ProtocolServer(turns, ends=True) as server:
            self.received, self.url = server.requests, server.url
            async with ModelClient(server.url, profile) as client:
                answer = await ask(
                    question, window(), engines_for(window()), self.nursery,
                    limits=limits or Limits(), transcript_dir=self.folder, model=client,
                    budget=budget)
        self.events = read_transcript(file_of(answer.transcript))
        return answer

    def told(self, number=-1):
        """Texts of the last turn that the model was shown."""
        content = self.received[number].body['messages'][-1]['content']
        return content if isinstance(content, str) else '\n'.join(
            part['text'] for part in content if part['type'] == 'text')

    def of(self, event):
        return [one for one in self.events if one['event'] == event]


@pytest.fixture
def model(nursery, tmp_path):
    return Model(nursery, tmp_path)


async def test_plan_look_measure_answer(model):
    answer = await model.ask([PLAN, SEGMENT, MEASURE, RETURN])
    assert answer.code is ErrorCode.NONE
    assert answer.value == pytest.approx(0.2, abs=0.02) and answer.unit == 'm'
    assert answer.std_dev > 0 and len(answer.evidence) == 3
    assert (answer.policy, answer.steps) == ('code', 3)
    assert (answer.prompt_tokens, answer.completion_tokens) == (4 * 11, 4 * 7)
    assert set(answer.seconds) == {'model', 'kernel', 'perception'}
    planning = model.received[0].body['messages']
    assert ['do', 'not', 'see', 'the', 'images'][-1] in planning[0]['content'].replace('\n', ' ')
    assert isinstance(planning[1]['content'], str)  # no picture goes to the planner
    assert 'depth in 1 of 1 images' in planning[1]['content']
    first = model.received[1].body['messages']
    assert sum(part['type'] == 'image_url' for part in first[1]['content']) == 1
    assert PLAN in json.dumps(first[1])
    assert 'image_url' in json.dumps(model.received[2].body['messages'][-1])
    assert model.of('plan')[0]['text'] == PLAN
    assert [one['role'] for one in model.of('model')] == ['planner', 'writer', 'writer', 'writer']
    assert [one['prompt_tokens'] for one in model.of('model')] == [11] * 4


@pytest.mark.parametrize('broken', [
    'I would measure it.', cell('x = 1').replace('**Code**', '**Program**'), '',
    '<think>for ever'], ids=['prose', 'no code', 'empty', 'thinking'])
async def test_a_format_error_costs_a_step_and_is_explained(model, broken):
    answer = await model.ask([PLAN, SEGMENT, broken, MEASURE, RETURN])
    assert (answer.code, answer.steps) == (ErrorCode.NONE, 4)
    assert 'write the four sections' in model.told(3)
    assert len(model.of('bad_reply')) == 1


async def test_an_error_is_shown_whole_and_repaired(model):
    answer = await model.ask([PLAN, SEGMENT, cell('print(seg.masks)\nlater = 1'), MEASURE, RETURN])
    assert answer.code is ErrorCode.NONE
    assert "PerFrameMask has no attribute 'masks'" in model.told(3)
    assert 'print(seg.masks)' in model.told(3)


async def test_a_cell_that_times_out_keeps_the_variables_before_it(model):
    answer = await model.ask([PLAN, SEGMENT, cell('seg = None\nwhile True: pass'), MEASURE, RETURN],
                             limits=Limits(cell_seconds=0.3))
    assert answer.code is ErrorCode.NONE
    assert '[timeout]' in model.told(3) and 'all variables are as they were' in model.told(3)


async def test_an_empty_detection_is_a_result(model):
    answer = await model.ask([
        PLAN, cell("seg = tools.SAM3.segment_video_by_text(['unicorn'])\n"
                   'print(seg.num_objects, seg.reason)'), SEGMENT, MEASURE, RETURN])
    assert answer.code is ErrorCode.NONE
    assert model.of('result')[0]['status'] == 'ok'
    assert 'crate' in model.told(2)  # what there is instead


async def test_a_hallucinated_box_is_an_error_that_says_so(model):
    answer = await model.ask([
        PLAN, cell("where = vlm.locate(InputImages[0], 'the crate')\n"
                   'seg = tools.SAM3.segment_image_by_box(InputImages[0], where)'),
        '990 990 990 990', SEGMENT, MEASURE, RETURN])
    assert answer.code is ErrorCode.NONE
    assert model.of('result')[0]['status'] == 'error'
    assert 'box' in model.told(3)
    assert model.of('said')[0]['text'] == '990 990 990 990'
    assert answer.prompt_tokens == 6 * 11  # the cell's own call is counted too


async def test_an_answer_outside_the_choices_can_be_mended(model):
    answer = await model.ask([PLAN, cell('ReturnAnswer("north")'), cell('ReturnAnswer("B")')],
                             choices=('A. left', 'B. right'))
    assert answer.text == 'B. right'
    assert "'A. left', 'B. right'" in model.told(2)


async def test_zero_is_an_answer(model):
    answer = await model.ask([PLAN, cell('ReturnAnswer(0.0, unit="m")')])
    assert (answer.code, answer.value) == (ErrorCode.GUESSED, 0.0)  # it rests on no geometry


async def test_a_session_runs_again_without_its_model(model, nursery):
    counting = cell('print(vlm.ask(InputImages[0], "How many?"))')
    answer = await model.ask([PLAN, SEGMENT, MEASURE, counting, 'Two.', RETURN])
    path = file_of(answer.transcript)
    told = []
    kept = read_kept(path.parent)
    await replay(read_record(path), kept, nursery, engines_for(kept.window), told.append)
    assert len(told) == 5  # four steps and the answer
    assert [one.differences for one in told] == [()] * 5


async def test_images_that_cannot_answer_are_an_outcome(model):
    answer = await model.ask([PLAN, cell('x').replace('**Code**', '**Unanswerable**').replace(
        '```python\nx\n```', 'There is no door.')])
    assert answer.code is ErrorCode.UNANSWERABLE
    assert answer.message == 'the images cannot answer this: There is no door.'


@pytest.mark.parametrize(('budget', 'options', 'words'), [
    (None, {'max_steps': 3}, 'all 3 steps'), (Budget(failures=2), {}, '2 cells failed in a row'),
    (Budget(tokens=60), {}, 'all 60 tokens')])
async def test_a_spent_budget_ends_with_what_was_found(model, budget, options, words):
    wrong = cell('print(nothing)')
    answer = await model.ask([PLAN, SEGMENT, MEASURE, wrong, wrong, wrong], budget=budget,
                             **options)
    assert answer.code is ErrorCode.OUT_OF_BUDGET
    assert words in answer.message
    assert len(answer.evidence) == 1
    assert 'left: ' in model.told()


async def test_the_last_step_is_announced(model):
    await model.ask([PLAN, SEGMENT, MEASURE, RETURN], max_steps=3)
    assert 'This is the last step' in model.told(3)
    assert 'This is the last step' not in model.told(2)


async def test_where_it_may_guess_the_model_guesses_once(model):
    answer = await model.ask([PLAN, SEGMENT, MEASURE, '**Answer**\n0.25 m'], max_steps=2,
                             allow_guess=True)
    assert (answer.code, answer.value, answer.unit) == (ErrorCode.GUESSED, 0.25, 'm')
    asked = json.dumps(model.received[-1].body['messages'])
    assert 'Found so far' in asked and 'closest' in asked.lower()


async def test_a_guess_that_fails_leaves_the_evidence(model):
    answer = await model.ask([PLAN, SEGMENT, MEASURE, status(400, 'no')], max_steps=2,
                             allow_guess=True)
    assert answer.code is ErrorCode.OUT_OF_BUDGET
    assert len(answer.evidence) == 1


async def test_pictures_stop_when_their_budget_is_spent(model):
    answer = await model.ask([PLAN, SEGMENT, MEASURE, RETURN], budget=Budget(images=1))
    assert answer.code is ErrorCode.NONE
    assert 'image_url' not in json.dumps(model.received[2].body['messages'][-1])
    assert '0 pictures' in model.told(2)


CALLS = [
    {'tool': 'tools.SAM3.segment_video_by_text', 'args': {'prompts': ['crate', 'lid']}},
    {'tool': 'tools.Reconstruct.Reconstruct', 'args': {}},
    {'tool': 'result_2.objects', 'args': {'mask': '$result_1'}},
    {'tool': 'tools.Geometry.closest_distance', 'args': {'a': '$result_3[0]', 'b': '$result_3[1]'}},
    {'tool': 'ReturnAnswer', 'args': {'answer': '$result_4', 'evidence': ['$result_4']}}]
HEAD = '**Purpose**\nA.\n**Reasoning**\nB.\n**Next Goal**\nC.\n'


@pytest.mark.parametrize('native', [False, True])
async def test_tool_calls_measure_the_same(model, native):
    if native:
        turns = [Answer('', tool_calls=[('call', json.dumps(
            {'purpose': 'A.', 'reasoning': 'B.', 'next_goal': 'C.', **call}))], finish='tool_calls')
            for call in CALLS]
    else:
        turns = [f'{HEAD}**Call**\n```json\n{json.dumps(call)}\n```' for call in CALLS]
    answer = await model.ask([PLAN, *turns], policy='tool_call',
                             profile=replace(PROFILE, native_calls=native))
    assert (answer.code, answer.policy, answer.steps) == (ErrorCode.NONE, 'tool_call', 5)
    assert answer.value == pytest.approx(0.2, abs=0.02)
    history = model.received[-1].body['messages']
    for call, turn in zip(CALLS, [m for m in history if m['role'] == 'assistant'], strict=False):
        written = turn['tool_calls'][0]['function']['arguments'] if native else (
            turn['content'].split('```json\n')[1].split('\n```')[0])
        assert {'tool': call['tool'], 'args': call['args']}.items() <= json.loads(written).items()


async def test_a_single_pass_has_no_plan_and_no_second_look(model):
    program = cell('\n'.join(text.split('```python\n')[1].split('\n```')[0]
                             for text in (SEGMENT, MEASURE, RETURN)))
    answer = await model.ask([program], policy='single_pass')
    assert (answer.code, answer.policy, answer.steps) == (ErrorCode.NONE, 'single_pass', 1)
    failed = await model.ask([cell('print(1)')], policy='single_pass')
    assert failed.code is ErrorCode.OUT_OF_BUDGET
    assert len(model.received) == 1


async def test_the_model_alone_guesses(model):
    answer = await model.ask(['It looks close.\n\n**Answer**\n0.3 m'], policy='no_tool')
    assert (answer.code, answer.value, answer.policy) == (ErrorCode.GUESSED, 0.3, 'no_tool')
    assert len(model.received) == 1


async def test_auto_asks_the_model_only_where_no_recipe_covers_the_question(model):
    answer = await model.ask([], 'How far is the crate from the lid?', policy='auto')
    assert (answer.code, answer.policy, model.received) == (ErrorCode.NONE, 'recipes', [])
    answer = await model.ask([PLAN, SEGMENT, MEASURE, RETURN], policy='auto')
    assert (answer.code, answer.policy) == (ErrorCode.NONE, 'code')
    assert model.of('policy')[0]['why']


@pytest.mark.parametrize('turns', [
    [status(401, 'who are you?')], [PLAN, Turn(), Turn()],
    [PLAN, SEGMENT, status(500), status(500)]])
async def test_a_server_that_fails_is_named_and_what_was_found_is_kept(model, turns):
    answer = await model.ask(turns)
    assert answer.code is ErrorCode.MODEL_ERROR
    assert model.url in answer.message and 'eyes-7b' in answer.message
    assert model.of('model')[-1]['error'] == answer.message


@pytest.mark.parametrize('turn', [
    Answer(PLAN, wait=30), Answer(PLAN * 50, drip=0.2), Answer(PLAN, at=8, fault=30.0),
    status(429, 'later', **{'retry_after': '30'})], ids=['silent', 'slow', 'stalls', 'busy'])
async def test_a_slow_server_holds_no_goal_beyond_its_time(model, turn):
    began = time.monotonic()
    answer = await model.ask([turn, turn], timeout=1.0)
    assert answer.code is ErrorCode.OUT_OF_BUDGET
    assert time.monotonic() - began < 1.5 + 0.5  # half a second for server and folder here


async def test_a_cancel_ends_the_call_at_once(nursery, tmp_path):
    with ProtocolServer([Answer('slow ' * 200, drip=0.05)]) as server:
        async with ModelClient(server.url, PROFILE) as client:
            asking = asyncio.create_task(ask(
                Question('How far, roughly said?', policy='code'), window(),
                engines_for(window()), nursery, limits=Limits(), transcript_dir=tmp_path,
                model=client))
            while not server.requests:
                await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asking, 0.5)
            await server.until_cut_off(1)


async def test_the_key_is_nowhere_on_disk_and_nowhere_in_the_kernel(
        nursery, tmp_path, monkeypatch):
    key = 'sk-' + 'spatial' + 'claw' * 5
    monkeypatch.setenv('OPENAI_API_KEY', key)
    held = []

    def look(progress):
        if progress.stage != 'looking':
            return
        for child in psutil.Process(nursery.pid).children(recursive=True):
            memory = _memory(child.pid)
            held.append((b'tools.SAM3.segment_video_by_text' in memory, key.encode() in memory))

    with ProtocolServer([PLAN, SEGMENT, MEASURE, RETURN]) as server:
        async with ModelClient(server.url, PROFILE) as client:
            answer = await ask(
                Question('How far, roughly said?', policy='code'), window(), engines_for(window()),
                nursery, limits=Limits(), transcript_dir=tmp_path, model=client, on_progress=look)
    assert answer.code is ErrorCode.NONE
    assert server.requests[0].headers['authorization'] == f'Bearer {key}'
    assert any(has_cell for has_cell, _ in held)  # so what was looked at is the kernel's memory
    assert not any(has_key for _, has_key in held)
    assert key.encode() not in Path(f'/proc/{nursery.pid}/environ').read_bytes()
    assert not any(key.encode() in path.read_bytes()
                   for path in tmp_path.rglob('*') if path.is_file())


def _memory(pid):
    """What a process has in its own memory."""
    found = []
    try:
        with open(f'/proc/{pid}/mem', 'rb', 0) as memory:
            for line in Path(f'/proc/{pid}/maps').read_text().splitlines():
                where, rights, *_ = line.split()
                if rights.startswith('rw'):
                    start, end = (int(part, 16) for part in where.split('-'))
                    memory.seek(start)
                    try:
                        found.append(memory.read(end - start))
                    except OSError:
                        continue
    except (OSError, ProcessLookupError):
        pass
    return b''.join(found)
