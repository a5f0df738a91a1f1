"""The recorded part: a real scene, and one scripted session on it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
import json
from pathlib import Path
from typing import Any

import numpy as np

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.scripted_writer import ScriptedWriter
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.demo.report import Report
from spatialclaw_ros.findings.as_json import answer_json
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import regions_from
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

#: A table-top of household things, one RGB-D frame of a real sensor.
RECORDING = 'ycb_table_a'
_TYPES = ('gap', 'height', 'nearest')


async def ask_recorded(out: Path, report: Report) -> None:
    """Ask three questions of the bundled recording, then play the scripted session."""
    nursery = await Nursery.start(TOOLKIT)
    try:
        with resources.as_file(resources.files(__package__) / RECORDING) as folder:
            suite = json.loads((folder / 'questions.json').read_text('utf-8'))['questions']
            chosen = [next(q for q in suite if q['type'] == kind) for kind in _TYPES]
            for question in chosen:
                await _ask(question, folder, nursery, out, report)
            report.heading('A scripted session: these cells were written by hand, no model wrote '
                           'them. A centroid distance turns out to be the wrong measure')
            first, second = list(chosen[0]['regions'])[:2]
            writer = ScriptedWriter(ScriptedModel.centroid_revised(first, second))
            await _ask(chosen[0], folder, nursery, out, report, writer)
    finally:
        await nursery.close()


async def _ask(question: Mapping[str, Any], folder: Path, nursery: Nursery, out: Path,
               report: Report, writer: Writer | None = None) -> None:
    window = open_recording(folder).window(None, regions_from(question['regions']))
    report.question(question['question'])
    answer = await ask(
        Question(question['question']), window, engines_for(window), nursery, limits=Limits(),
        transcript_dir=out / 'transcripts', writer=writer)
    record = file_of(answer.transcript).parent
    steps = [event for event in read_transcript(record) if event['event'] in ('step', 'result')]
    for event in steps:
        if event['event'] == 'step':
            report.cell(event['number'], event['purpose'], event['code'])
        else:
            print(''.join(f'   > {line}\n' for line in event['stdout'].splitlines()), end='')
    report.answer(answer_json(answer, np.eye(4)), question['answer'], question['tolerance'],
                  question['unit'])
    if writer is not None:
        keep_top_view(record, out / 'top_view.png')


def keep_top_view(record: Path, path: Path) -> None:
    """Copy the picture labelled "top view" out of a record."""
    for event in read_transcript(record):
        if event['event'] == 'image' and 'top view' in event['label']:
            path.write_bytes((record / event['file']).read_bytes())
            print(f'   picture: {path}')
