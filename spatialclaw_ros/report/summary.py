"""The top of the page: what was asked, what came of it, and how sure that is."""

from __future__ import annotations

from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.record import RecordedAnswer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.report.html import escaped
from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import joined
from spatialclaw_ros.report.html import tag
from spatialclaw_ros.report.words import measured
from spatialclaw_ros.report.words import seconds

#: Less time than this is not told apart.
_LEAST_SECONDS = 0.005
_PARTS = ('model', 'kernel', 'perception')


def summary(record: Record) -> Html:
    """Question, answer with its interval, where the time went, and what must be known of both."""
    return tag(
        'header', _scripted(record), tag('p', 'Question', class_='kicker'),
        tag('h1', record.question.text), _choices(record),
        _running(record) if record.answer is None else _answer(record.answer),
        _facts(record), class_='summary')


def _scripted(record: Record) -> Html | None:
    if not record.is_scripted:
        return None
    return tag('p', tag('strong', 'Scripted session.'), ' Its cells were written by hand '
               'beforehand and played back; no model wrote them.', class_='banner', role='note')


def _choices(record: Record) -> Html | None:
    choices = record.question.choices
    return tag('p', f'One of: {", ".join(choices)}', class_='note') if choices else None


def _running(record: Record) -> Html:
    done = sum(step.result is not None for step in record.steps)
    return tag('div', tag('span', 'no answer yet', class_='chip wait'), tag(
        'p', f'This record has no answer: the query still runs, or it was cut off. {done} '
        f'{"cell has" if done == 1 else "cells have"} ended so far. Make the page again to see '
        'more.'), class_='answer')


def _answer(answer: RecordedAnswer) -> Html:
    label = _label_of(answer.code)
    kind = {'ANSWERED': 'good', 'GUESSED': 'wait'}.get(label, 'bad')
    unit = '' if answer.unit in ('', answer.text.rpartition(' ')[2]) else f' {answer.unit}'
    said = [tag('div', tag('span', label.lower().replace('_', ' '), class_=f'chip {kind}'))]
    if answer.text:
        frame = f' in {answer.frame}' if answer.position is not None and answer.frame else ''
        said.append(tag('p', f'{answer.text}{" m" if answer.position else unit}',
                        tag('small', frame), class_='value'))
    if answer.interval is not None and answer.value is not None:
        said.append(_interval(answer.value, *answer.interval, answer.unit))
    said += [tag('p', text) for text in (answer.explanation, answer.message) if text]
    if answer.candidates:
        said.append(tag('p', f'Candidates: {", ".join(answer.candidates)}', class_='note'))
    return tag('div', *said, class_='answer')


def _label_of(code: str) -> str:
    known = ErrorCode.__members__.get(code)
    return code if known is None else known.label


def _interval(value: float, low: float, high: float, unit: str) -> Html:
    """The 95 % interval as a bar, with the value marked on it."""
    place = 50.0 if high <= low else 100 * min(max((value - low) / (high - low), 0.0), 1.0)
    bar = tag(
        'svg', tag('rect', x='0', y='5', width='100%', height='10', rx='5', class_='span'),
        tag('rect', x=f'{place:.2f}%', y='0', width='3', height='20', rx='1.5', class_='mark'),
        width='100%', height='20', aria_hidden='true')
    ends = tag('p', tag('span', measured(low, unit)), tag('span', '95 % interval'),
               tag('span', measured(high, unit)), class_='ends')
    return tag('div', bar, ends, class_='interval')


def _facts(record: Record) -> Html:
    answer, calls = record.answer, record.model_calls
    tokens = (answer.tokens if answer else 0) or sum(call.tokens for call in calls)
    writers = dict.fromkeys(step.writer for step in record.steps if step.writer)
    facts = {
        'written by': ', '.join(writers), 'policy': record.question.policy,
        'models': ', '.join(dict.fromkeys(call.model for call in calls if call.model)),
        'cells': str(len(record.steps)), 'tokens': f'{tokens:,}' if tokens else '',
        'elapsed': seconds(answer.elapsed) if answer and answer.elapsed else '',
        'world': record.question.world_frame, 'target frame': record.question.target_frame,
        'sandbox': answer.sandbox if answer else ''}
    listed = tag('dl', joined(
        tag('div', tag('dt', name), tag('dd', value)) for name, value in facts.items() if value))
    note = tag('p', record.policy_note, class_='note') if record.policy_note else None
    return joined([_time(answer), listed, note])


def _time(answer: RecordedAnswer | None) -> Html | None:
    """Where the time went, as one bar."""
    if answer is None:
        return None
    known = {part: answer.seconds.get(part, 0.0) for part in _PARTS}
    spent = {part: value for part, value in known.items() if value >= _LEAST_SECONDS}
    if not spent:
        return None
    total = max(sum(spent.values()), answer.elapsed)
    spent['other'] = max(total - sum(spent.values()), 0.0)
    bar = tag('div', *(tag('span', class_=f'part {part}', style=f'width:{100 * s / total:.2f}%')
                       for part, s in spent.items()), class_='bar')
    key = tag('p', joined((tag('span', tag('i', class_=f'part {part}'), f'{part} {seconds(s)}')
                           for part, s in spent.items()), escaped(' ')), class_='key')
    return tag('div', bar, key, class_='time')
