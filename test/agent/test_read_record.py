"""A transcript becomes a record, whatever events it has and however far it came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fakes import distance
import pytest
import records

from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.agent.record import RecordedBadReply
from spatialclaw_ros.agent.transcript import UnreadableRecord
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval


def model(role: str, **values: Any) -> dict[str, Any]:
    return records.event('model', role=role, **{
        'model': 'qwen', 'prompt_tokens': 100, 'completion_tokens': 20, 'reasoning_tokens': 5,
        'seconds': 1.5, 'attempts': 2, 'reply': role, **values})


def test_every_event_lands_where_it_belongs(tmp_path: Path) -> None:
    answer = Answer(ErrorCode.NONE, '0.500', 'It is.', value=0.5, unit='m',
                    interval=Interval(0.49, 0.52), evidence=(distance(),), seconds={'model': 2.0})
    record = read_record(records.write(
        tmp_path, records.QUESTION, records.event('policy', policy='code', why='no recipe'),
        model('plan'), records.event('plan', text='Measure.'),
        model('write'), records.event('bad_reply', 1.0, message='no code', reply='hm'),
        model('write'), records.step(1, t=3.0), records.event('output', text='par'),
        model('vlm'), records.event('said', kind='locate', question='Where?', text='1 2 3 4'),
        records.event('model', role='asker', error='no server'),
        records.event('output', text='tial'),
        records.result(1, t=4.0, stdout='partial', calls=[['SAM3', 0.25, False]],
                       variables=[{'type': 'Variable', 'name': 'x', 'summary': '1'}],
                       findings=[distance()], error_type='KeyError'),
        records.event('image', label='mask', file='001.png'), records.event('of the future'),
        model('guess'), records.event('answer', answer=answer)))
    assert record.question.text == 'How far is the mug from the tape?'
    assert record.plan == ('Measure.',) and [c.reply for c in record.plan_calls] == ['plan']
    bad, step = record.turns
    assert isinstance(bad, RecordedBadReply) and (bad.message, bad.reply) == ('no code', 'hm')
    assert record.steps == (step,) and step.wrote == 2.0 and step.output == 'partial'
    assert [call.reply for call in step.model_calls] == ['write', 'vlm', '']
    assert (step.replies[0].kind, step.replies[0].text) == ('locate', '1 2 3 4')
    assert (step.replies[1].kind, step.replies[1].error) == ('ask', 'no server')
    assert record.policy_note == 'code was taken: no recipe'
    assert step.pictures[0].file == '001.png'
    assert step.result.error_type == 'KeyError' and step.result.calls[0].seconds == 0.25
    assert step.result.findings[0]['value'] == 0.5 and step.result.variables == (('x', '1'),)
    assert [call.reply for call in record.last_calls] == ['guess']
    assert [call.tokens for call in record.model_calls] == [120, 120, 120, 120, 0, 120]
    assert record.answer.interval == (0.49, 0.52) and record.answer.is_from_a_cell
    assert record.answer.seconds == {'model': 2.0} and not record.is_scripted


def test_a_query_that_still_runs_has_no_answer(tmp_path: Path) -> None:
    record = read_record(records.write(
        tmp_path, records.QUESTION, records.step(1), records.result(1), records.step(2),
        records.event('output', text='so far'), torn='{"event": "resu'))
    assert record.answer is None and record.steps[1].result is None
    assert record.steps[1].output == 'so far' and record.steps[0].result is not None


def test_a_step_that_ran_out_of_time_is_followed_by_another(tmp_path: Path) -> None:
    record = read_record(records.write(
        tmp_path, records.QUESTION, records.step(1), records.step(2),
        records.result(2, stdout='a guess')))
    assert [step.result and step.result.stdout for step in record.steps] == [None, 'a guess']


def test_a_cancelled_query_says_so(tmp_path: Path) -> None:
    record = read_record(records.write(
        tmp_path, records.QUESTION,
        records.event('answer', code=ErrorCode.CANCELED, message='canceled')))
    assert record.answer.code == 'CANCELED' and not record.answer.is_from_a_cell


@pytest.mark.parametrize('scripted', [
    records.step(1, writer='scripted'), model('write', model='scripted')])
def test_a_scripted_session_is_known_by_writer_or_model(
        tmp_path: Path, scripted: dict[str, Any]) -> None:
    assert read_record(records.write(tmp_path, records.QUESTION, scripted)).is_scripted


@pytest.mark.parametrize(('event', 'said'), [
    (records.step(1, code=['rm']), r"step\.code cannot be \"\['rm'\]\""),
    (records.step(1) | {'number': True}, r'step\.number cannot be'),
    (records.event('answer', answer=[]), r'answer\.answer cannot be'),
    (records.event('answer', answer={'evidence': [1]}), r'answer\.answer\.evidence cannot be'),
    (records.event('model', prompt_tokens='many'), r'model\.prompt_tokens cannot be')])
def test_a_value_of_the_wrong_kind_is_named_with_its_file(
        tmp_path: Path, event: dict[str, Any], said: str) -> None:
    records.write(tmp_path, records.QUESTION, event)
    with pytest.raises(UnreadableRecord, match=f'{tmp_path}.*{said}'):
        read_record(tmp_path)


@pytest.mark.parametrize('calls', [[['x', 'y', 'z']], [['x', 1.0]], ['x']])
def test_calls_that_cannot_be_are_refused(tmp_path: Path, calls: list[Any]) -> None:
    records.write(tmp_path, records.QUESTION, records.step(), records.result(calls=calls))
    with pytest.raises(UnreadableRecord, match=r'result\.calls cannot be'):
        read_record(tmp_path)


def test_a_record_without_a_question_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecord, match='no question is in it'):
        read_record(records.write(tmp_path, torn='{"event": "quest'))
