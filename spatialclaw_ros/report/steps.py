"""The cells, one after another: why each was written, its code, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.record import RecordedBadReply
from spatialclaw_ros.agent.record import RecordedModelCall
from spatialclaw_ros.agent.record import RecordedReply
from spatialclaw_ros.agent.record import RecordedResult
from spatialclaw_ros.agent.record import RecordedStep
from spatialclaw_ros.report.code import code_block
from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import joined
from spatialclaw_ros.report.html import tag
from spatialclaw_ros.report.pictures import shown
from spatialclaw_ros.report.words import seconds
from spatialclaw_ros.session.cell_result import shortened

#: More steps than these are folded, but for those that failed.
_MOST_OPEN = 6


def steps_section(record: Record) -> Html:
    """Every turn as a part that can be folded; of many only those that failed are open."""
    is_short = len(record.turns) <= _MOST_OPEN
    return joined(
        _step(record, turn, is_short) if isinstance(turn, RecordedStep) else _bad(turn)
        for turn in record.turns)


def model_calls_section(calls: Sequence[RecordedModelCall]) -> Html:
    """What each call of a model took, and its whole reply."""
    head = tag('tr', *(tag('th', name, scope='col') for name in (
        'for', 'model', 'read', 'written', 'thought', 'time')))
    rows = (tag('tr', tag('td', call.role), tag('td', call.model),
                *(tag('td', f'{count:,}', class_='number') for count in (
                    call.prompt_tokens, call.completion_tokens, call.reasoning_tokens)),
                tag('td', call.error or seconds(call.seconds), tag(
                    'small', f'{call.attempts} tries') if call.attempts > 1 else None))
            for call in calls)
    replies = joined(_folded(f'Reply {number}, {call.role}', tag('pre', shortened(call.reply)))
                     for number, call in enumerate(calls, 1) if call.reply)
    table = tag('table', tag('thead', head), tag('tbody', *rows))
    return joined([tag('div', table, class_='scroll'),
                   tag('p', 'Tokens read, written, and of those written, thought.',
                       class_='note'), replies])


def _step(record: Record, step: RecordedStep, is_short: bool) -> Html:
    result = step.result
    failed = result is not None and result.status != 'ok'
    status = 'running' if result is None else result.status
    kind = 'wait' if result is None else 'bad' if failed else 'good'
    tokens = sum(call.tokens for call in step.model_calls)
    took = [f'written in {seconds(step.wrote)}' if step.wrote >= 0.05 else '',
            f'ran {seconds(result.seconds)}' if result else '',
            f'{tokens:,} tokens' if tokens else '']
    head = tag(
        'summary', tag('span', str(step.number), class_='count'),
        tag('span', step.purpose or 'A cell', class_='purpose'),
        tag('span', status, class_=f'chip {kind}'),
        tag('span', ' · '.join(filter(None, took)), class_='took'))
    parts = [_titled('Reasoning', _prose(step.reasoning)), code_block(step.code)]
    parts += [_heard(step.output)] if result is None else _result(result)
    parts += [_replies(step.replies)]
    parts += [tag('div', *(shown(record.folder, picture) for picture in step.pictures),
                  class_='pictures') if step.pictures else None]
    parts += [_titled('Next goal', _prose(step.next_goal))]
    return tag('details', head, tag('div', *parts, class_='inside'), class_='step',
               open=is_short or failed or result is None)


def _result(result: RecordedResult) -> list[Html | None]:
    parts: list[Html | None] = []
    if result.stdout.strip():
        parts.append(_titled('Output', tag('pre', shortened(result.stdout.rstrip()))))
    if result.error:
        parts.append(_titled('Error', tag('pre', shortened(result.error.rstrip()), class_='error')))
    if result.note:
        parts.append(tag('p', result.note, class_='note'))
    if result.calls:
        parts.append(_titled('Tool calls', tag('ul', *(
            tag('li', f'{call.name}: {seconds(call.seconds)}{", failed" if call.failed else ""}')
            for call in result.calls))))
    if result.variables:
        parts.append(_folded(f'{len(result.variables)} new or changed variables', tag(
            'pre', '\n'.join(f'{name} = {value}' for name, value in result.variables))))
    return parts


def _heard(output: str) -> Html | None:
    return _titled('Output so far', tag('pre', shortened(output))) if output.strip() else None


def _replies(replies: Sequence[RecordedReply]) -> Html | None:
    if not replies:
        return None
    return _titled('What the vision model said', joined(
        tag('blockquote', tag('p', tag('strong', f'vlm.{reply.kind} '), reply.question),
            tag('pre', shortened(reply.text or reply.error))) for reply in replies))


def _bad(turn: RecordedBadReply) -> Html:
    head = tag('summary', tag('span', '–', class_='count'),
               tag('span', 'A reply that held no step', class_='purpose'),
               tag('span', 'bad reply', class_='chip bad'))
    return tag('details', head, tag(
        'div', tag('p', turn.message), tag('pre', shortened(turn.reply)) if turn.reply else None,
        class_='inside'), class_='step')


def _prose(text: str) -> Html | None:
    """Paragraphs of plain text; an empty line parts them."""
    parts = [part for part in text.split('\n\n') if part.strip()]
    return joined(tag('p', part) for part in parts) if parts else None


def _titled(title: str, body: Html | None) -> Html | None:
    return None if body is None else tag('section', tag('h4', title), body)


def _folded(title: str, body: Html) -> Html:
    return tag('details', tag('summary', title), body, class_='folded')
