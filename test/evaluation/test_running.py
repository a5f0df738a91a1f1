"""Questions asked several at a time."""

from __future__ import annotations

import asyncio

import pytest

from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.evaluation import running
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import suites_in
from spatialclaw_ros.evaluation.plan import tasks
from spatialclaw_ros.evaluation.running import ask_all
from spatialclaw_ros.evaluation.running import Asker
from spatialclaw_ros.evaluation.running import transcript_folder
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode


async def until_cancelled(asked, cancelled):
    """Never answer; of a cancel, take the time that a kernel takes to end, and note it."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0.01)
        cancelled.append(asked.id)
        raise


@pytest.fixture
def todo(tmp_path, make_recording):
    make_recording(tmp_path / 'a', ['q1', 'q2', 'q3'])
    make_recording(tmp_path / 'b', ['q4'])
    return tasks(suites_in(tmp_path), ['code', 'recipes'], 'm')


def asker(answer, tmp_path, **terms):
    return Asker(answer, Terms(**terms), tmp_path / 'transcripts')


@pytest.mark.parametrize('jobs', [1, 3])
async def test_so_many_are_asked_at_once_and_no_more(todo, tmp_path, jobs):
    running_now, most, done = 0, 0, []

    async def answer(asked, window, terms):
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.01)
        running_now -= 1
        return Answer(ErrorCode.NONE, value=0.5, unit='m')

    await ask_all(todo, asker(answer, tmp_path), jobs, done.append)
    assert most == jobs
    assert sorted(row.key for row in done) == sorted(task.key for task in todo)
    assert all(row.right for row in done)
    if jobs == 1:
        assert [row.key for row in done] == [task.key for task in todo]


async def test_a_question_is_asked_on_its_terms(todo, tmp_path):
    seen = []

    async def answer(asked, window, terms):
        seen.append((asked.id, terms))
        return Answer(ErrorCode.NONE, value=0.5, unit='m')

    await ask_all(todo[-1:], asker(answer, tmp_path, timeout=7.0, max_steps=3), 2, lambda _: None)
    assert seen == [('q4', Terms('recipes', 7.0, 3, True,
                                 tmp_path / 'transcripts' / 'recipes' / 'b' / 'q4'))]


async def test_what_came_of_it_is_in_the_row(todo, tmp_path):
    async def answer(asked, window, terms):
        transcript = Transcript(terms.transcript)
        transcript.write('result', status='ok')
        transcript.write('bad_reply', message='no code')
        transcript.close()
        await asyncio.sleep(0.02)
        return Answer(ErrorCode.GUESSED, value=0.525, unit='m', steps=2, tool_calls=5,
                      prompt_tokens=70,
                      transcript=transcript.uri)

    done = []
    await ask_all(todo[:1], asker(answer, tmp_path), 1, done.append)
    row = done[0]
    assert (row.status, row.right, row.guessed, row.answered) == ('GUESSED', False, True, True)
    assert row.error == pytest.approx(2.5)
    assert (row.steps, row.tool_calls, row.tokens) == (2, 5, 70)
    assert row.endings == {'ok': 1, 'format': 1}
    assert 0.02 <= row.seconds < 5
    assert row.verdict == 'WRONG, guessed'


@pytest.mark.parametrize('answered', [
    Answer(ErrorCode.NONE, value=50.0, unit='deg'), Answer(ErrorCode.NONE, text='left'),
    Answer(ErrorCode.AMBIGUOUS, value=0.5, unit='m')])
async def test_an_error_only_where_a_number_can_be_held_against_the_truth(
        todo, tmp_path, answered):
    async def answer(asked, window, terms):
        return answered

    done = []
    await ask_all(todo[:1], asker(answer, tmp_path), 1, done.append)
    assert done[0].error is None and not done[0].right


async def test_an_exception_is_an_answer_and_the_others_go_on(todo, tmp_path, caplog):
    async def answer(asked, window, terms):
        if asked.id == 'q2':
            raise KeyError('lost')
        return Answer(ErrorCode.NONE, value=0.5, unit='m')

    done = []
    await ask_all(todo, asker(answer, tmp_path), 2, done.append)
    broken = [row for row in done if row.broken]
    assert [(row.id, row.status, row.reason) for row in broken] == [
        ('q2', 'INTERNAL', "KeyError: 'lost'")] * 2
    assert len(done) == len(todo)


async def test_a_cancel_ends_what_runs_and_keeps_what_is_done(todo, tmp_path):
    begun, cancelled, done = [], [], []
    all_begun = asyncio.Event()

    async def answer(asked, window, terms):
        begun.append(asked.id)
        if len(begun) == 1:
            return Answer(ErrorCode.NONE, value=0.5, unit='m')
        if len(begun) == 4:
            all_begun.set()
        return await until_cancelled(asked, cancelled)

    task = asyncio.create_task(ask_all(todo, asker(answer, tmp_path), 3, done.append))
    await all_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(done) == 1 and len(cancelled) == 3 and len(begun) == 4


async def test_a_row_that_cannot_be_kept_ends_it_all(todo, tmp_path):
    begun, cancelled = asyncio.Event(), []

    async def answer(asked, window, terms):
        if terms.policy == 'code':
            await begun.wait()
            return Answer(ErrorCode.NONE, value=0.5, unit='m')
        begun.set()
        return await until_cancelled(asked, cancelled)

    def done(row):
        raise OSError('no space left')

    with pytest.raises(OSError, match='no space'):
        await ask_all(todo, asker(answer, tmp_path), 2, done)
    assert cancelled == ['q1']


async def test_a_recording_is_opened_once_for_all_its_questions(todo, tmp_path, monkeypatch):
    opened = []
    really = running.open_recording

    def open_recording(folder):
        opened.append(folder.name)
        return really(folder)

    async def answer(asked, window, terms):
        await asyncio.sleep(0)
        return Answer(ErrorCode.NONE, value=0.5, unit='m')

    monkeypatch.setattr(running, 'open_recording', open_recording)
    await ask_all(todo, asker(answer, tmp_path), 3, lambda _: None)
    assert opened == ['a', 'b']


@pytest.mark.parametrize(('recording', 'id_', 'below'), [
    ('group/a', 'q1', ['group', 'a', 'q1']),
    ('..', '../../etc', ['_', '_._.._etc']),
    ('a', '', ['a', '_']),
    ('a', 'q' * 300, ['a', 'q' * 100])])
def test_records_stay_in_their_folder(tmp_path, recording, id_, below):
    found = transcript_folder(tmp_path, Key(recording, id_, 'code', 'm'))
    assert found == tmp_path.joinpath('code', *below)
