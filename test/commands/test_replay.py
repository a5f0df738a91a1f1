"""`spatialclaw replay` as a user runs it: what it prints, its exit status, and Ctrl-C."""

from __future__ import annotations

import json
from pathlib import Path
import signal
import subprocess
import sys

import psutil
import pytest
import records

from spatialclaw_ros.agent.kept_window import FILE
from spatialclaw_ros.agent.kept_window import keep
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.cli import main
from spatialclaw_ros.recordings.recording import open_recording

TABLE = Path(__file__).parents[1] / 'data' / 'ycb_table_a'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cells that gave 4 and the answer 5."""
    folder = records.write(
        tmp_path / 'a record', records.QUESTION,
        records.step(1, 'x = 4\nprint("x is", x)'), records.result(1, stdout='x is 4\n'),
        records.step(2, 'ReturnAnswer(x + 1)'), records.result(2),
        records.event('answer', answer={'code': 'GUESSED', 'text': '5', 'value': 5.0}))
    keep(folder, Kept(open_recording(TABLE).window(None, [])))
    return folder


def spoilt(folder: Path, old: str, new: str) -> None:
    file = folder / 'transcript.jsonl'
    text = file.read_text('utf-8')
    assert old in text
    file.write_text(text.replace(old, new), 'utf-8')


def test_all_the_same_is_0_and_a_line_for_each(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['replay', (folder / 'transcript.jsonl').as_uri()]) == 0
    assert capsys.readouterr().out.splitlines() == [
        'step 1: same   Purpose 1.', 'step 2: same   Purpose 2.', 'answer: same   5',
        'all the same, numbers within a relative 1e-06 (or 1e-09)']


def test_what_differs_is_told_and_is_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt(folder, 'x is 4', 'x is 7')
    assert main(['replay', str(folder)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "step 1: differs: output line 1: 'x is 7' is now 'x is 4'",
        'step 2: same   Purpose 2.', 'answer: same   5', '1 of 3 differ: step 1']


def test_what_differs_with_a_model_engine_may_be_of_other_checkpoints(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt(folder, 'x is 4', 'x is 7')
    keep(folder, Kept(open_recording(TABLE).window(None, []), reconstruct='fused', segment='sam3'))
    assert main(['replay', str(folder), '--offline']) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith('1 of 3 differ: step 1; fused and sam3 ran as the options say')


def test_json_is_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt(folder, '"value": 5.0', '"value": 5.5')
    assert main(['replay', str(folder), '--json']) == 1
    said = json.loads(capsys.readouterr().out)
    assert said['same'] is False and said['relative_tolerance'] == 1e-6
    assert [one['same'] for one in said['compared']] == [True, True, False]
    assert said['compared'][2]['differences'] == ['value 5.5 is now 5']


def test_nothing_of_a_record_reaches_the_terminal_raw(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt(folder, 'Purpose 1.', r'\u001b]0;owned\u0007')
    spoilt(folder, 'x is 4', r'\u001b[2J')
    spoilt(folder, '"text": "5"', r'"text": "\u001b[2J"')
    assert main(['replay', str(folder)]) == 1
    assert '\x1b' not in capsys.readouterr().out


@pytest.mark.parametrize(('file', 'content', 'said'), [
    (FILE, None, 'were not kept'), (FILE, b'\x1f\x8b\x08', 'damaged or cut short'),
    ('transcript.jsonl', None, 'no transcript can be read'),
    ('transcript.jsonl', b'{"event": "question"}\n}\n', 'line 2 is no event'),
    ('transcript.jsonl', b'', 'no question is in it')])
def test_what_cannot_be_read_is_2_and_named(
        folder: Path, capsys: pytest.CaptureFixture[str], file: str, content: bytes | None,
        said: str) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    assert main(['replay', str(folder)]) == 2
    output = capsys.readouterr()
    assert said in output.err and str(folder) in output.err and not output.out


def test_ctrl_c_ends_it_cleanly(folder: Path) -> None:
    spoilt(folder, 'ReturnAnswer(x + 1)', 'while True: pass')
    command = [str(Path(sys.executable).with_name('spatialclaw')), 'replay', str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b'step 1: same')
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b''
    gone, left = psutil.wait_procs(below, timeout=5)
    assert gone and not left
