"""`spatialclaw report` as a user runs it: where the page lands, and what it does without."""

from __future__ import annotations

from pathlib import Path
import sys

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
    folder = records.write(tmp_path / 'kept', records.QUESTION, records.step(1), records.result(1))
    keep(folder, Kept(open_recording(TABLE).window(None, [])))
    return folder


def test_the_page_is_written_beside_the_transcript_and_named(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['report', str(folder)]) == 0
    output = capsys.readouterr()
    assert output.out == f'{folder / "report.html"}\n' and not output.err
    page = (folder / 'report.html').read_text('utf-8')
    assert page.startswith('<!DOCTYPE html>') and 'id="view"' in page
    assert f'spatialclaw replay {folder}' in page


def test_the_page_can_be_written_elsewhere(folder: Path, tmp_path: Path) -> None:
    assert main(['report', str(folder / 'transcript.jsonl'), '-o', str(tmp_path / 'x.html')]) == 0
    assert 'How far is the mug' in (tmp_path / 'x.html').read_text('utf-8')
    assert not (folder / 'report.html').exists()


@pytest.mark.parametrize(('content', 'said'), [
    (None, 'the frames were not kept'), (b'\x1f\x8b', 'damaged or cut short')])
def test_without_frames_there_is_a_page_that_says_so(
        folder: Path, capsys: pytest.CaptureFixture[str], content: bytes | None,
        said: str) -> None:
    (folder / FILE).unlink()
    if content is not None:
        (folder / FILE).write_bytes(content)
    assert main(['report', str(folder)]) == 0
    assert said in capsys.readouterr().err
    page = (folder / 'report.html').read_text('utf-8')
    assert said in page and 'spatialclaw replay' not in page and '<img' not in page


def test_without_plotly_there_is_a_page_that_says_how_to_get_it(
        folder: Path, capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*filter(lambda name: name.split('.')[0] == 'plotly', sys.modules), 'plotly']:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(['report', str(folder)]) == 0
    assert 'pip install plotly' in capsys.readouterr().err
    page = (folder / 'report.html').read_text('utf-8')
    assert 'pip install plotly' in page and '<script' not in page and 'frame 0' in page


def test_a_transcript_that_cannot_be_read_is_2(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['report', str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_2(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['report', str(folder), '-o', str(folder / 'no' / 'x.html')]) == 2
    assert 'x.html' in capsys.readouterr().err
