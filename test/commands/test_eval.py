"""`spatialclaw eval`: what is printed and kept, how it goes on after an end, what it refuses."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from spatialclaw_ros import cli
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.commands import eval as evaluate
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode

DATA = Path(__file__).parents[1] / 'data'
TABLE = DATA / 'ycb_table_a'
FIRST, SECOND = 'ycb_table_a-01', 'ycb_table_a-02'
QUESTIONS = [q['id'] for q in json.loads((TABLE / 'questions.json').read_text())['questions']]


def rows_of(out):
    return [json.loads(line) for line in (out / 'results.jsonl').read_text().splitlines()]


def wait_for(is_so, seconds=30):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, 'it did not come'
        time.sleep(0.02)


@dataclass
class Fake:
    """An agent with answers by id; others are right numbers."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    terms: list[Terms] = field(default_factory=list)
    models: list[Any] = field(default_factory=list)

    @asynccontextmanager
    async def agent(self, model, perception):
        self.models.append(model)

        async def answer(asked, window, terms):
            self.asked.append((asked.id, terms.policy))
            self.terms.append(terms)
            given = self.answers.get(asked.id)
            if isinstance(given, Exception):
                raise given
            await asyncio.sleep(0)
            return given or Answer(ErrorCode.NONE, value=asked.expected, unit=asked.unit)
        yield answer

    def run(self, out, *arguments, folder=TABLE, only=f'{FIRST},{SECOND}'):
        args = cli.parser().parse_args(
            ['eval', str(folder), '--out', str(out), '--only', only, *arguments])
        return evaluate.run(args, self.agent)


def test_the_agent_itself_by_two_policies(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'spatialclaw_ros.cli', 'eval', str(TABLE), '--policies',
         'recipes,auto', '--limit', '1', '--out', str(tmp_path)],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert '2/2 ' in done.stderr and f'ycb_table_a {FIRST} right' in done.stderr
    assert '| recipes | 1 | 1 (100%) | 0 | 0 |' in done.stdout
    assert '| recipes | auto | 1 | 1 | 0 | 0 | 0 | +0.0 % |' in done.stdout
    assert (tmp_path / 'table.md').read_text() == done.stdout
    for row in rows_of(tmp_path):
        assert row['steps'] == sum(row['endings'].values()) == row['endings']['ok'] >= 2
        record = file_of(row['transcript'])
        assert record.is_relative_to(
            tmp_path / 'transcripts' / row['policy'] / 'ycb_table_a' / FIRST)
        assert '"event": "answer"' in record.read_text()


def test_tables_are_kept_and_printed_as_asked(tmp_path, capsys):
    fake = Fake({SECOND: Answer(ErrorCode.GUESSED, value=9.0, unit='m')})
    assert fake.run(tmp_path, '--policies', 'recipes,auto', '--json') == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / 'table.json').read_text())
    assert [(one['name'], one['right'], one['wrong'], one['guessed'])
            for one in printed['policies']] == [('recipes', 1, 1, 1), ('auto', 1, 1, 1)]
    assert '| height | 1/2 | 1/2 |' in (tmp_path / 'table.md').read_text()


def test_what_is_done_is_not_asked_again_and_errors_where_wanted(tmp_path, capsys):
    fake = Fake({SECOND: RuntimeError('gone')})
    assert fake.run(tmp_path, '--policies', 'recipes', only=FIRST) == 0
    assert fake.run(tmp_path, '--policies', 'recipes,auto') == 1
    assert sorted(fake.asked) == [
        (FIRST, 'auto'), (FIRST, 'recipes'), (SECOND, 'auto'), (SECOND, 'recipes')]
    assert 'refused (INTERNAL)' in capsys.readouterr().err
    again = Fake()
    assert again.run(tmp_path, '--policies', 'recipes,auto') == 1
    assert again.asked == []
    assert '4 of 4 are done' in capsys.readouterr().err
    assert again.run(tmp_path, '--policies', 'recipes,auto', '--retry-errors') == 0
    assert sorted(again.asked) == [(SECOND, 'auto'), (SECOND, 'recipes')]
    assert len(rows_of(tmp_path)) == 6


def test_a_server_that_is_down_is_not_asked_on_and_on(tmp_path):
    dead = Answer(ErrorCode.MODEL_ERROR, message='connection refused by\nhttp://gpu:8000')
    fake = Fake(dict.fromkeys(QUESTIONS, dead))
    with pytest.raises(RuntimeError, match=r'8 questions in a row ended MODEL_ERROR.*retry-errors'):
        fake.run(tmp_path, '--jobs', '1', only=','.join(QUESTIONS[:12]))
    assert len(rows_of(tmp_path)) == 8


def test_questions_are_asked_on_the_terms_given(tmp_path):
    fake = Fake()
    fake.run(tmp_path / 'usual', only=FIRST)
    fake.run(tmp_path / 'given', '--timeout', '7', '--max-steps', '3', '--no-regions', only=FIRST)
    assert [(terms.timeout, terms.max_steps, terms.regions) for terms in fake.terms] == [
        (300.0, 12, True), (7.0, 3, False)]


def test_a_model_is_lent_to_the_agent_and_named_where_it_answers(tmp_path, monkeypatch):
    async def name_of():
        return 'eyes-7b'

    model = SimpleNamespace(name_of=name_of)
    lent = []

    @asynccontextmanager
    async def model_of(args):
        lent.append(args.model_url)
        yield model
        lent.append('back')

    monkeypatch.setattr(evaluate.model_options, 'model_of', model_of)
    fake = Fake()
    fake.run(tmp_path, '--model-url', 'http://here/v1', '--policies', 'code,recipes', only=FIRST)
    assert fake.models == [model] and lent == ['http://here/v1', 'back']
    assert [(row['policy'], row['model']) for row in rows_of(tmp_path)] == [
        ('code', 'eyes-7b'), ('recipes', '')]


def test_recordings_of_a_folder(tmp_path):
    ids = [f'{name}-01' for name in ('apc_shelf_bin', 'tum_fr2_desk', 'ycb_table_a')]
    assert Fake().run(tmp_path, folder=DATA, only=','.join(ids)) == 0
    assert sorted((row['recording'], row['id']) for row in rows_of(tmp_path)) == [
        (id_[:-3], id_) for id_ in ids]


@pytest.fixture
def start(tmp_path):
    """Starts an evaluation of a fake in another process, which answers so many questions."""
    started = []

    def begin(answers):
        environment = {**os.environ, 'FAKE_LOG': str(tmp_path / 'log'),
                       'FAKE_ANSWERS': str(answers)}
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name('eval_of_a_fake.py')), str(TABLE),
             '--policies', 'recipes', '--jobs', '2', '--out', str(tmp_path / 'out')],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def asked_in(log):
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split()[1] for line in lines if line.startswith('asked')]


def test_a_killed_run_goes_on_where_it_was(tmp_path, start):
    log, out = tmp_path / 'log', tmp_path / 'out'
    killed = start(answers=3)
    wait_for(lambda: len(asked_in(log)) == 5)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    kept = [row['id'] for row in rows_of(out)]
    assert sorted(kept) == QUESTIONS[:3]
    with (out / 'results.jsonl').open('a') as file:
        file.write('{"recording": "ycb_table_a", "id": "ycb')
    log.unlink()
    process = start(answers=100)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert sorted(asked_in(log)) == QUESTIONS[3:]
    assert sorted(row['id'] for row in rows_of(out)) == QUESTIONS
    assert f'| recipes | {len(QUESTIONS)} | {len(QUESTIONS)} (100%) |' in printed


def test_ctrl_c_cancels_what_runs_and_prints_what_is_done(tmp_path, start):
    log, out = tmp_path / 'log', tmp_path / 'out'
    process = start(answers=3)
    wait_for(lambda: len(asked_in(log)) == 5)
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert sorted(log.read_text().splitlines()[5:]) == [
        *(f'cancelled {id_}' for id_ in QUESTIONS[3:5]), 'closed']
    assert len(rows_of(out)) == 3
    assert '| recipes | 3 | 3 (100%) |' in printed
    assert (out / 'table.md').read_text() == printed
    assert 'interrupted' in told


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--jobs', '0'], '--jobs is 0'),
    (['--max-steps', '0'], '--max-steps is 0'),
    (['--limit', '-1'], '--limit is -1'),
    (['--timeout', 'nan'], '--timeout is nan'),
    (['--policies', 'recipes,magic'], 'magic is no policy; known are code, tool_call'),
    (['--policies', 'recipes,code,no_tool'], 'code and no_tool cannot be asked without a model'),
    (['--only', 'nothing'], 'no question has the id nothing'),
    (['--out', str(TABLE / 'questions.json')], 'no results can be kept there'),
])
def test_bad_input_is_one_line_and_asks_nothing(tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert cli.main(['eval', str(TABLE), *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count('\n')) == ('', 1)
    assert words in err
    assert not list(tmp_path.iterdir())


def test_folders_without_questions(tmp_path, capsys):
    for folder, words in ((tmp_path, 'no question is there'), (tmp_path / 'no', 'no such folder')):
        assert cli.main(['eval', str(folder)]) == 2
        assert words in capsys.readouterr().err
    (tmp_path / 'questions.json').write_text('{"questions": [1]}')
    assert cli.main(['eval', str(tmp_path)]) == 2
    assert f'{tmp_path}/questions.json: no questions can be read' in capsys.readouterr().err


def test_results_of_another_suite(tmp_path, capsys):
    assert Fake().run(tmp_path) == 0
    with pytest.raises(Exception, match=r'another suite'):
        Fake().run(tmp_path, folder=DATA / 'tum_fr2_desk', only='tum_fr2_desk-01')
    with pytest.raises(Exception, match=r'asked with timeout 300.0, and now it is 5.0'):
        Fake().run(tmp_path, '--timeout', '5')


def test_the_folder_has_the_date_where_none_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = cli.parser().parse_args(['eval', str(TABLE), '--only', FIRST])
    assert evaluate.run(args, Fake().agent) == 0
    assert [path.name for path in tmp_path.iterdir()] == [
        time.strftime('spatialclaw-eval-%Y-%m-%d')]
