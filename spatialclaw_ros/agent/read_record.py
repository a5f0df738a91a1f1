"""From the events of a transcript to a Record, each value checked for its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import math
from pathlib import Path
from typing import Any
from typing import TypeVar

from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.record import RecordedAnswer
from spatialclaw_ros.agent.record import RecordedBadReply
from spatialclaw_ros.agent.record import RecordedCall
from spatialclaw_ros.agent.record import RecordedModelCall
from spatialclaw_ros.agent.record import RecordedPicture
from spatialclaw_ros.agent.record import RecordedQuestion
from spatialclaw_ros.agent.record import RecordedReply
from spatialclaw_ros.agent.record import RecordedResult
from spatialclaw_ros.agent.record import RecordedStep
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.agent.transcript import UnreadableRecord

T = TypeVar('T')
#: What a cell asked of `vlm` by the role of the model's call.
_KINDS = {'locator': 'locate', 'asker': 'ask'}


def read_record(path: Path) -> Record:
    """The record at `path`, a transcript or its folder; it may still be written to.

    Events of a kind that is not known are passed over. Raises UnreadableRecord naming the file.
    """
    folder = path if path.is_dir() else path.parent
    try:
        return _Reader(folder).read(read_transcript(path))
    except _Odd as odd:
        raise UnreadableRecord(f'{path}: {odd}') from odd


class _Odd(Exception):
    """An event that holds what it cannot hold."""


class _Fields:
    """The fields of one event, or of an object in it; a missing one is empty."""

    def __init__(self, values: dict[str, Any], name: str) -> None:
        self._values, self._name = values, name

    def _of(self, key: str, kinds: tuple[type, ...], default: Any) -> Any:
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise _Odd(f'{self._name}.{key} cannot be {str(value)[:80]!r}')
        return value

    def text(self, key: str) -> str:
        return str(self._of(key, (str,), ''))

    def number(self, key: str) -> float:
        return float(self._of(key, (int, float), 0.0))

    def count(self, key: str) -> int:
        return int(self._of(key, (int,), 0))

    def finite(self, key: str) -> float | None:
        value = self._of(key, (int, float), math.nan)
        return float(value) if math.isfinite(value) else None

    def inner(self, key: str) -> _Fields | None:
        values = self._of(key, (dict,), {})
        return _Fields(values, f'{self._name}.{key}') if values else None

    def listed(self, key: str, kind: type[T]) -> tuple[T, ...]:
        items = self._of(key, (list,), [])
        if not all(isinstance(item, kind) for item in items):
            raise _Odd(f'{self._name}.{key} cannot be {str(items)[:80]!r}')
        return tuple(items)

    def calls(self, key: str) -> tuple[RecordedCall, ...]:
        calls = self.listed(key, list)
        if not all(len(call) == 3 and isinstance(call[1], (int, float)) for call in calls):
            raise _Odd(f'{self._name}.{key} cannot be {str(calls)[:80]!r}')
        return tuple(RecordedCall(str(name), float(seconds), bool(failed))
                     for name, seconds, failed in calls)

    def point(self, key: str) -> tuple[float, ...] | None:
        values = self._of(key, (list,), [])
        known = [v for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
        return tuple(map(float, known)) if len(known) == len(values) == 3 else None

    def numbers(self, key: str) -> dict[str, float]:
        values = self._of(key, (dict,), {})
        return {name: float(value) for name, value in values.items()
                if isinstance(value, (int, float)) and math.isfinite(value)}


class _Reader:
    """Takes events in order; what leads to a step is held until the step comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._question: RecordedQuestion | None = None
        self._policy_note = ''
        self._plan: list[str] = []
        self._plan_calls: tuple[RecordedModelCall, ...] = ()
        self._turns: list[RecordedStep | RecordedBadReply] = []
        self._pending: list[RecordedModelCall] = []
        self._answer: RecordedAnswer | None = None
        self._idle_since = 0.0
        self._takers: dict[str, Callable[[_Fields], None]] = {
            'question': self._take_question, 'policy': self._take_policy,
            'plan': self._take_plan, 'model': self._take_model,
            'step': self._take_step, 'output': self._take_output, 'said': self._take_said,
            'result': self._take_result, 'image': self._take_image,
            'bad_reply': self._take_bad_reply, 'answer': self._take_answer}

    def read(self, events: list[dict[str, Any]]) -> Record:
        for event in events:
            taker = self._takers.get(event['event'])
            if taker is not None:
                taker(_Fields(event, event['event']))
        if self._question is None:
            raise _Odd('no question is in it')
        return Record(self._folder, self._question, self._policy_note, tuple(self._plan),
                      self._plan_calls, tuple(self._turns), tuple(self._pending), self._answer)

    def _take_question(self, event: _Fields) -> None:
        self._question = RecordedQuestion(
            event.text('text'), event.listed('choices', str), event.text('policy'),
            event.text('target_frame'), event.text('world_frame'))

    def _take_policy(self, event: _Fields) -> None:
        self._policy_note = f'{event.text("policy")} was taken: {event.text("why")}'

    def _take_plan(self, event: _Fields) -> None:
        self._plan.append(event.text('text'))
        self._plan_calls += self._led_here()

    def _take_model(self, event: _Fields) -> None:
        call = RecordedModelCall(
            event.text('role'), event.text('model'), event.count('prompt_tokens'),
            event.count('completion_tokens'), event.count('reasoning_tokens'),
            event.number('seconds'), event.count('attempts') or 1, event.text('reply'),
            event.text('error'))
        step = self._running()
        if step is None:
            self._pending.append(call)
            return
        self._change(step, model_calls=(*step.model_calls, call))
        if call.error and call.role in _KINDS:
            self._add_reply(RecordedReply(_KINDS[call.role], '', '', call.error))

    def _take_step(self, event: _Fields) -> None:
        began = event.number('t')
        self._turns.append(RecordedStep(
            event.count('number') or len(self._turns) + 1, event.text('writer'),
            event.text('purpose'), event.text('reasoning'), event.text('next_goal'),
            event.text('code'), began, max(began - self._idle_since, 0.0),
            model_calls=self._led_here()))

    def _take_output(self, event: _Fields) -> None:
        if step := self._running():
            self._change(step, output=step.output + event.text('text'))

    def _take_said(self, event: _Fields) -> None:
        self._add_reply(RecordedReply(event.text('kind'), event.text('question'),
                                      event.text('text'), event.text('error')))

    def _take_result(self, event: _Fields) -> None:
        self._idle_since = event.number('t')
        variables = [_Fields(item, 'variable') for item in event.listed('variables', dict)]
        if step := self._running():
            self._change(step, result=RecordedResult(
                event.text('status'), event.number('seconds'), event.text('stdout'),
                event.text('error'), event.text('error_type'), event.text('note'),
                event.calls('calls'), tuple((v.text('name'), v.text('summary'))
                                            for v in variables),
                event.listed('findings', dict)))

    def _take_image(self, event: _Fields) -> None:
        picture = RecordedPicture(event.text('label'), event.text('file'))
        last = self._turns[-1] if self._turns else None
        if isinstance(last, RecordedStep):
            self._change(last, pictures=(*last.pictures, picture))

    def _take_bad_reply(self, event: _Fields) -> None:
        self._idle_since = event.number('t')
        self._turns.append(RecordedBadReply(
            event.text('message'), event.text('reply'), self._led_here()))

    def _take_answer(self, event: _Fields) -> None:
        answer = event.inner('answer')
        if answer is None:
            self._answer = RecordedAnswer(event.text('code'), message=event.text('message'))
            return
        interval = answer.inner('interval') or _Fields({}, 'interval')
        bounds = interval.finite('low'), interval.finite('high')
        self._answer = RecordedAnswer(
            answer.text('code'), answer.text('text'), answer.text('explanation'),
            answer.text('message'), answer.finite('value'), answer.text('unit'),
            None if bounds[0] is None or bounds[1] is None else (bounds[0], bounds[1]),
            answer.point('position'), answer.text('frame'),
            answer.listed('evidence', dict), answer.listed('candidates', str),
            answer.count('tool_calls'),
            answer.count('prompt_tokens') + answer.count('completion_tokens'),
            answer.number('elapsed'), answer.numbers('seconds'), answer.text('sandbox'))

    def _add_reply(self, reply: RecordedReply) -> None:
        if step := self._running():
            self._change(step, replies=(*step.replies, reply))

    def _running(self) -> RecordedStep | None:
        """The step that has no result yet."""
        last = self._turns[-1] if self._turns else None
        return last if isinstance(last, RecordedStep) and last.result is None else None

    def _change(self, step: RecordedStep, **changes: Any) -> None:
        self._turns[-1] = replace(step, **changes)

    def _led_here(self) -> tuple[RecordedModelCall, ...]:
        calls, self._pending = tuple(self._pending), []
        return calls
