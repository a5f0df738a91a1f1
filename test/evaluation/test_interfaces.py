"""The four ways to ask a model, side by side: one scripted model answers the same questions by all.

Client, prompts, history, kernel, tools and perception are real, and so is `spatialclaw eval`.
"""

from __future__ import annotations

from contextlib import redirect_stderr
from contextlib import redirect_stdout
import io
import json
from pathlib import Path
from types import SimpleNamespace

from protocol_server import ProtocolServer
import pytest
from scripted_answers import Model
from scripted_answers import PLANS
from scripted_answers import text_of

from spatialclaw_ros import cli
from spatialclaw_ros.agent.interfaces.call import CallInterface
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.models.conversation import Message

DATA = Path(__file__).parents[1] / 'data'
POLICIES = ('code', 'tool_call', 'single_pass', 'no_tool')
MEASURING = POLICIES[:3]
TEXTS = {question['id']: question['question'] for file in sorted(DATA.glob('*/questions.json'))
         for question in json.loads(file.read_text())['questions']}
FEW = ('ycb_table_a-02', 'ycb_table_a-08', 'ycb_table_a-10', 'ycb_table_a-14')
ONE = 'ycb_table_a-08'


def evaluated(out, policies, questions, *, options=(), slips=False):
    """What `spatialclaw eval` makes of the questions, and what the model was asked."""
    model = Model({TEXTS[id_]: PLANS[id_] for id_ in questions}, slips=slips)
    printed, told = io.StringIO(), io.StringIO()
    with ProtocolServer(respond=model) as server, redirect_stdout(printed), redirect_stderr(told):
        status = cli.main(['eval', str(DATA), '--only', ','.join(questions), '--policies',
                           ','.join(policies), '--model-url', server.url, '--out', str(out),
                           '--jobs', '4', *options])
    rows = [json.loads(line) for line in (out / 'results.jsonl').read_text().splitlines()]
    return SimpleNamespace(
        status=status, printed=printed.getvalue(), told=told.getvalue(), rows=rows, out=out,
        asked=[request.body for request in server.requests if request.body])


def events_of(row, kind):
    return [event for event in read_transcript(file_of(row['transcript']))
            if event['event'] == kind]


def rows_by(run, policy):
    return [row for row in run.rows if row['policy'] == policy]


def explained(rows):
    return [(row['policy'], row['id'], row['status'], row['got'], row['reason'], row['endings'])
            for row in rows]


@pytest.fixture(scope='module')
def compared(tmp_path_factory):
    """Twenty questions by all four policies."""
    run = evaluated(tmp_path_factory.mktemp('compared') / 'out', POLICIES, tuple(PLANS))
    run.asked.clear()  # with all their pictures
    return run


def test_every_policy_is_asked_every_question(compared):
    assert compared.status == 0, compared.told
    assert f'{4 * len(PLANS)}/{4 * len(PLANS)} ' in compared.told
    assert len(PLANS) == 20 and len({row['family'] for row in compared.rows}) >= 10
    for policy in POLICIES:
        assert sorted(row['id'] for row in rows_by(compared, policy)) == sorted(PLANS)


@pytest.mark.parametrize('policy', MEASURING)
def test_what_is_measured_is_right_whichever_way_it_is_written(compared, policy):
    rows = rows_by(compared, policy)
    assert not explained(row for row in rows if row['status'] != 'ANSWERED' or not row['right'])
    assert {row['steps'] for row in rows} <= (
        {'code': {2, 3}, 'tool_call': {4, 9}, 'single_pass': {1}}[policy])


def test_the_interfaces_measure_the_same(compared):
    got = {policy: {row['id']: row['got'] for row in rows_by(compared, policy)}
           for policy in MEASURING}
    assert got['code'] == got['tool_call'] == got['single_pass']


@pytest.mark.parametrize('policy', POLICIES)
def test_no_turn_is_lost(compared, policy):
    for row in rows_by(compared, policy):
        assert not events_of(row, 'bad_reply')
        assert row['endings'] == {'ok': row['steps']}, explained([row])
        assert not events_of(row, 'shortened')


def test_a_model_that_only_looks_guesses(compared):
    rows = rows_by(compared, 'no_tool')
    assert {row['status'] for row in rows} == {'GUESSED'}
    assert {(row['steps'], row['tool_calls']) for row in rows} == {(1, 0)}


def test_the_tables_name_all_policies(compared):
    kept = (compared.out / 'table.md').read_text()
    assert compared.printed == kept
    for policy in MEASURING:
        assert f'| {policy} | 20 | 20 (100%) | 0 | 0 | 0 |' in kept
    assert '| no_tool | 20 | ' in kept and '| 20 (' in kept
    by_family, = (line for line in kept.splitlines() if line.startswith('| right of asked |'))
    assert sorted(by_family.strip('| ').split(' | ')[1:]) == sorted(POLICIES), by_family
    told = json.loads((compared.out / 'table.json').read_text())
    assert sorted(one['name'] for one in told['policies']) == sorted(POLICIES)
    assert len(told['pairs']) == 6


def test_a_model_that_calls_a_function_measures_the_same(compared, tmp_path):
    profile = tmp_path / 'profile.yaml'
    profile.write_text('native_calls: true\n')
    run = evaluated(tmp_path / 'out', ['tool_call'], FEW,
                    options=['--model-profile', str(profile)])
    assert run.status == 0, run.told
    assert {row['id']: row['got'] for row in run.rows} == {
        row['id']: row['got'] for row in rows_by(compared, 'tool_call') if row['id'] in FEW}
    assert not any(events_of(row, 'bad_reply') for row in run.rows)
    for body in run.asked:
        turns = [message for message in body['messages'] if message['role'] == 'assistant']
        assert all(turn['tool_calls'] and not text_of(turn) for turn in turns)
    assert max(len(body['messages']) for body in run.asked) > 2 * 8


def test_a_history_cut_short_still_says_what_was_done(tmp_path):
    """Half of the context is for the reply; the rest holds the prompt and a few turns."""
    profile = tmp_path / 'profile.yaml'
    room = len(CallInterface(native=False).prompt()) / 3.5 + 2300
    profile.write_text(f'context_tokens: {int(2 * room)}\n')
    row, = evaluated(tmp_path / 'out', ['tool_call'], ['ycb_table_a-07'],
                     options=['--model-profile', str(profile)]).rows
    assert 'told in a line each' in events_of(row, 'shortened')[-1]['what']
    assert (row['right'], row['endings']) == (True, {'ok': 9}), explained([row])


def test_a_call_written_as_python_costs_one_turn(tmp_path):
    run = evaluated(tmp_path / 'out', ['tool_call'], [ONE], slips=True)
    row, = run.rows
    assert (run.status, row['status'], row['right']) == (0, 'ANSWERED', True)
    assert row['endings'] == {'format': 1, 'ok': 9}
    bad, = events_of(row, 'bad_reply')
    assert 'show([result_1])' in bad['reply']
    assert 'the call is no JSON' in bad['message']


def test_a_history_of_python_would_cost_every_other_turn(tmp_path, monkeypatch):
    """The published comparison lost a third of its turns so; the model here would, too."""
    written = CallInterface.as_written

    def as_python(self, step):
        text = ''.join(map(str, written(self, step).parts))
        head, _, _ = text.partition('```json\n')
        return Message('assistant', (f'{head}```python\n{step.code}\n```',))

    monkeypatch.setattr(CallInterface, 'as_written', as_python)
    row, = evaluated(tmp_path / 'out', ['tool_call'], [ONE]).rows
    assert row['endings']['format'] >= 5
