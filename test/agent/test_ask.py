"""Whole questions: nursery, kernel, toolkit, perception and recipes together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from squares import seen
from squares import window

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.agent.scripted_writer import ScriptedWriter
from spatialclaw_ros.agent.transcript import cells_of
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question


async def asked(nursery: Nursery | None, text: str, frames: FrameWindow | None = None,
                tmp_path: Path | None = None, **options: Any) -> Answer:
    rest = {key: options.pop(key) for key in ('writer', 'on_progress') if key in options}
    frames = frames or window()
    return await ask(Question(text, **options), frames, engines_for(frames), nursery,
                     limits=Limits(sandbox='available'), transcript_dir=tmp_path, **rest)


async def test_a_record_that_cannot_be_kept_is_a_bad_goal(tmp_path: Path) -> None:
    taken = tmp_path / 'taken'
    taken.write_text('a file')
    answer = await asked(None, 'How far is the crate from the lid?', None, taken)
    assert answer.code is ErrorCode.BAD_GOAL
    assert str(taken) in answer.message and 'another folder' in answer.message


async def test_a_closest_distance_with_its_evidence_and_a_record_that_replays(
        nursery: Nursery, tmp_path: Path) -> None:
    told: list[Progress] = []
    answer = await asked(nursery, 'How far is the crate from the lid?', None, tmp_path,
                         on_progress=told.append)
    assert answer.code is ErrorCode.NONE, answer.message
    assert answer.value == pytest.approx(0.2, abs=0.01)
    assert answer.interval.low <= answer.value <= answer.interval.high
    assert answer.steps == 2 and answer.tool_calls == 2 and answer.sandbox
    assert isinstance(answer.evidence[0], Distance)
    assert {'crate', 'lid'} <= {getattr(finding, 'name', '') for finding in answer.evidence}
    assert told[-1].best_value == pytest.approx(answer.value)
    record = file_of(answer.transcript)
    events = read_transcript(record)
    assert [e['event'] for e in events][0::len(events) - 1] == ['question', 'answer']
    assert json.loads(record.read_text().splitlines()[-1])['answer']['code'] == 'NONE'
    assert len(cells_of(record)) == 2


@pytest.mark.parametrize(('reading', 'share', 'code', 'word'), [
    (np.nan, 1.0, ErrorCode.NOT_VISIBLE, 'no usable surface'),
    (-np.inf, 1.0, ErrorCode.TOO_CLOSE, 'move the camera back'),
    (-np.inf, 0.3, ErrorCode.TOO_CLOSE, 'move the camera back')])
async def test_depth_that_is_unknown_or_too_close_gives_no_distance(
        nursery: Nursery, reading: float, share: float, code: ErrorCode, word: str) -> None:
    frame = seen(0)
    assert frame.depth is not None and frame.labels is not None
    depth = frame.depth.copy()
    rows, columns = np.nonzero(frame.labels.ids == 1)
    hidden = columns < np.quantile(columns, share) + (share == 1.0)
    depth[rows[hidden], columns[hidden]] = reading
    answer = await asked(nursery, 'How far is the crate from the lid?',
                         window(replace(frame, depth=depth)))
    assert answer.code is code and word in answer.message
    assert "'crate'" in answer.message and np.isnan(answer.value)


async def test_a_corrupted_frame_is_noticed_by_the_check(nursery: Nursery) -> None:
    question = 'What is the distance between the centres of the crate and the lid?'
    clean = await asked(nursery, question, window(seen(0), seen(1)))
    bad = await asked(nursery, question, window(seen(0), seen(1, stretch=1.06)))
    assert clean.code is ErrorCode.NONE and clean.steps == 2
    assert bad.code in (ErrorCode.NONE, ErrorCode.AMBIGUOUS)
    if bad.code is ErrorCode.NONE:
        assert bad.interval.width > 1.5 * clean.interval.width
        assert bad.interval.low < 0.4 < bad.interval.high


async def test_things_that_cannot_be_told_apart_are_not(nursery: Nursery) -> None:
    answer = await asked(nursery, 'Which is nearer to the camera, the crate or the lid?')
    assert answer.code is ErrorCode.AMBIGUOUS and 'within its own error' in answer.message
    left = await asked(nursery, 'Is the crate left of the lid?')
    assert left.text == 'yes' and 'seen from' in left.explanation


async def test_a_scripted_session_revises_the_centroid_distance(
        nursery: Nursery, tmp_path: Path) -> None:
    writer = ScriptedWriter(ScriptedModel.centroid_revised('crate', 'lid'))
    answer = await asked(nursery, 'How far is the crate from the lid?', None, tmp_path,
                         writer=writer)
    assert answer.code is ErrorCode.NONE, answer.message
    assert answer.value == pytest.approx(0.2, abs=0.01) and answer.steps == 4
    events = read_transcript(file_of(answer.transcript))
    printed = ''.join(e['stdout'] for e in events if e['event'] == 'result')
    assert 'distance between centroids 0.4' in printed
    assert {e['writer'] for e in events if e['event'] == 'step'} == {'scripted'}
    assert any(e['event'] == 'image' for e in events)


@pytest.mark.parametrize(('text', 'code', 'word'), [
    ('How far is the crate from the sofa?', ErrorCode.UNKNOWN_OBJECT, 'known: crate, lid'),
    ('How far is the crate from the lid tomorrow?', ErrorCode.UNANSWERABLE, 'tomorrow'),
    ('How heavy is the crate?', ErrorCode.UNANSWERABLE, 'model')])
async def test_what_is_not_understood_says_so(
        nursery: Nursery, text: str, code: ErrorCode, word: str) -> None:
    answer = await asked(nursery, text)
    assert answer.code is code and word in answer.message and answer.steps == 0


async def test_two_things_of_a_name_are_ambiguous_unless_both_are_asked_about(
        nursery: Nursery) -> None:
    twins = window(seen(0, names=('crate', 'crate')))
    one = await asked(nursery, 'How tall is the crate?', twins)
    assert one.code is ErrorCode.AMBIGUOUS and one.candidates == ('crate_0', 'crate_1')
    both = await asked(nursery, 'How far are the two crates apart?', twins)
    assert both.code is ErrorCode.NONE, both.message
    assert both.value == pytest.approx(0.2, abs=0.01)
    count = await asked(nursery, 'How many crates are there?', twins)
    assert count.text == '2' and 'region or label' in count.explanation


@pytest.mark.parametrize(('options', 'code', 'word'), [
    ({'text': '  '}, ErrorCode.BAD_GOAL, 'empty'),
    ({'timeout': -1.0}, ErrorCode.BAD_GOAL, '-1.0 s'),
    ({'timeout': float('nan')}, ErrorCode.BAD_GOAL, 'nan'),
    ({'policy': 'code'}, ErrorCode.UNANSWERABLE, "'code' needs a vision-language model")])
async def test_a_bad_goal_is_refused_before_a_kernel_is_opened(
        options: dict[str, Any], code: ErrorCode, word: str) -> None:
    answer = await asked(None, **{'text': 'How tall is the crate?', **options})
    assert answer.code is code and word in answer.message


async def test_no_frames_is_its_own_code() -> None:
    empty = replace(window(), frames=())
    answer = await ask(Question('How tall is the crate?'), empty, engines_for(window()), None,
                       limits=Limits(), transcript_dir=None)
    assert answer.code is ErrorCode.NO_FRAMES


async def test_cancel_ends_kernel_and_record(nursery: Nursery, tmp_path: Path) -> None:
    running = asyncio.Event()
    reply = ('**Purpose**\nWait.\n**Reasoning**\nx\n**Next Goal**\nx\n**Code**\n'
             '```python\nprint("in", flush=True)\nwhile True: pass\n```')

    def heard(progress: Progress) -> None:
        if progress.last_line == 'in':
            running.set()

    task = asyncio.create_task(asked(
        nursery, 'How tall is the crate?', None, tmp_path, on_progress=heard,
        writer=ScriptedWriter(ScriptedModel([reply]))))
    await asyncio.wait_for(running.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    record, = tmp_path.iterdir()
    assert read_transcript(record)[-1]['code'] == 'CANCELED'
