"""The cells of a transcript run again on the same frames, each compared with its recording."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
import re

from spatialclaw_ros.agent.answering import answer_of
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.likeness import text_difference
from spatialclaw_ros.agent.likeness import tree_difference
from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.record import RecordedAnswer
from spatialclaw_ros.agent.record import RecordedResult
from spatialclaw_ros.agent.recorded_model import RecordedModel
from spatialclaw_ros.agent.transcript import as_json
from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

#: A line of a traceback that names an exception: its class, in front of the message.
_ERROR = re.compile(r'^([A-Za-z_][\w.]*)(?::|$)', re.MULTILINE)
_ENDED = ('timeout', 'killed')


@dataclass(frozen=True)
class Compared:
    """One step, or the answer, beside its recording. `differences` are for people.

    `is_compared` is False where the recording has nothing to compare with.
    """

    title: str
    purpose: str
    differences: tuple[str, ...]
    is_compared: bool = True


async def replay(record: Record, kept: Kept, nursery: Nursery, engines: Engines,
                 tell: Callable[[Compared], None]) -> None:
    """Run the cells of `record` in a new session on `kept`; `tell` hears of each, then the answer.

    A cell that the recording ended (timeout, killed) is run all the same. `vlm` says what was
    recorded. A cell that never came to its end in the recording is not run.
    """
    question = Question(record.question.text, record.question.choices,
                        kept.window.target_frame, record.question.policy)
    model = RecordedModel()
    has_model = kept.has_model or any(step.replies for step in record.steps)
    session = await Session.open(
        nursery, question, kept.window, engines,
        Limits(cell_seconds=kept.cell_seconds), model=model if has_model else None,
        reference_images=kept.reference_images)
    try:
        submitted = None
        for step in record.steps:
            title = f'step {step.number}'
            if step.result is None:
                tell(Compared(title, step.purpose, (), is_compared=False))
                continue
            model.begin(step.replies)
            result = await session.run_cell(step.code)
            tell(Compared(title, step.purpose, tuple(_differences(step.result, result))))
            submitted = submitted or result.answer
        tell(_answer(record.answer, submitted, kept.window))
    finally:
        await session.close()


def _differences(recorded: RecordedResult, result: CellResult) -> Iterator[str]:
    """What is not the same; how much a cell printed before it was ended depends on the machine."""
    if recorded.status != result.status:
        said = result.error.strip().splitlines()[-1:]
        yield ': '.join([f'status {recorded.status!r} is now {result.status!r}', *said])
        return
    if result.status not in _ENDED and (
            found := text_difference(recorded.stdout, result.stdout)):
        yield f'output {found}'
    before, now = ((recorded.error_type, result.error_type) if recorded.error_type else
                   (_error_type(recorded.error), _error_type(result.error)))
    if before != now:
        yield f'error {before or "none"} is now {now or "none"}'
    if found := tree_difference(list(recorded.findings), as_json(result.findings)):
        yield f'findings{"" if found.startswith("[") else " "}{found}'


def _error_type(error: str) -> str:
    named = _ERROR.findall(error)
    return str(named[-1]) if named else ''


def _answer(recorded: RecordedAnswer | None, submitted: SubmitAnswer | None,
            window: FrameWindow) -> Compared:
    """The answer that the cells gave beside the recorded one."""
    if recorded is None:
        return Compared('answer', 'the recording has none', (), is_compared=False)
    if not recorded.is_from_a_cell:
        given = (f'{recorded.code} is now an answer, {submitted.text!r}',) if submitted else ()
        return Compared('answer', f'{recorded.code}, by no cell', given)
    if submitted is None:
        return Compared('answer', recorded.text, (f'no cell answered, it was {recorded.text!r}',))
    answer = as_json(answer_of(submitted, window))
    before = {'code': recorded.code, 'value': recorded.value, 'text': recorded.text,
              'unit': recorded.unit, 'evidence': list(recorded.evidence)}
    found = tree_difference(before, {key: answer[key] for key in before})
    return Compared('answer', f'{recorded.text} {recorded.unit}'.strip(), (found,) * bool(found))
