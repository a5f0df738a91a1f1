"""The frames of a query come back from their file exactly, and a damaged file says so."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
from pathlib import Path
import pickle
import time
from typing import Any

import numpy as np
import pytest

from spatialclaw_ros.agent import kept_window
from spatialclaw_ros.agent.kept_window import FILE
from spatialclaw_ros.agent.kept_window import keep
from spatialclaw_ros.agent.kept_window import keeping
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.transcript import UnreadableRecord
from spatialclaw_ros.memory import seal
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import parse_region
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.scene import Region

TABLE = Path(__file__).parents[1] / 'data' / 'ycb_table_a'
MATRIX = np.array([[9.5, 0, 4], [0, 9.5, 3], [0, 0, 1]])


def unlike(first: Any, second: Any, path: str = 'window') -> list[str]:
    """Where two values are not exactly the same; arrays bit by bit."""
    if isinstance(first, np.ndarray):
        same = (isinstance(second, np.ndarray) and first.dtype == second.dtype
                and first.shape == second.shape and first.tobytes() == second.tobytes())
        return [] if same else [path]
    if type(first) is not type(second):
        return [path]
    if dataclasses.is_dataclass(first):
        return [place for field in dataclasses.fields(first) for place in unlike(
            getattr(first, field.name), getattr(second, field.name), f'{path}.{field.name}')]
    if isinstance(first, tuple):
        return [path] * (len(first) != len(second)) + [
            place for index, pair in enumerate(zip(first, second, strict=False))
            for place in unlike(*pair, f'{path}[{index}]')]
    return [] if first == second else [path]


def everything() -> FrameWindow:
    """A window with a value in every field."""
    rng = np.random.default_rng(5)
    camera = Camera('head', 'head_optical', 8, 6, MATRIX, 'plumb_bob', (0.1, -0.2, 0, 0, 0.01))
    depth = rng.uniform(0.5, 3, (6, 8)).astype(np.float32)
    depth[0, :3] = np.nan, np.inf, -np.inf
    image, shared_depth = seal([rng.integers(0, 256, (6, 8, 3)).astype(np.uint8), depth])
    pose = np.eye(4)
    pose[:3, 3] = rng.normal(size=3)
    regions = (Region('mug', 7, (0.25, 1, 5, 5.5), score=0.75),
               Region('tüte', 7, points=np.array([[1.5, 2], [3, 4]]), point_labels=(1, 0)),
               Region('tape', 7, mask=rng.random((6, 8)) > 0.5))
    first = Frame(7, 17_000_000_001, camera, image, shared_depth, pose, PoseSigma(0.002, 0.004),
                  regions, LabelImage(rng.integers(0, 3, (6, 8)).astype(np.uint16),
                                      {0: 'nothing', 2: 'crate'}))
    second = dataclasses.replace(first, index=9, depth=None, camera_to_world=None, labels=None)
    return FrameWindow(
        (first, second), 'odom', np.array([0, 0, 1.0]), 'base_link', pose @ pose, (0.001, 0.002),
        True, 'base_link', np.linalg.inv(pose))


@pytest.mark.parametrize('window', [
    everything(), FrameWindow((), 'world'),
    open_recording(TABLE).window(None, [parse_region('drill=0:48,252,277,363')])],
    ids=['everything', 'empty', 'recorded'])
def test_a_window_comes_back_as_it_was(tmp_path: Path, window: FrameWindow) -> None:
    keep(tmp_path, Kept(window))
    assert unlike(window, read_kept(tmp_path).window) == []
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_else_a_cell_sees_is_kept(tmp_path: Path) -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    keep(tmp_path, Kept(everything(), (picture,), True, 2.0, 'fused', 'sam3'))
    kept = read_kept(tmp_path)
    assert unlike(kept.reference_images, (picture,)) == []
    assert kept.has_model and kept.cell_seconds == 2.0


def test_a_file_with_a_byte_missing_or_changed_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, Kept(everything()))
    file = tmp_path / FILE
    whole = file.read_bytes()
    cut = [whole[:length] for length in range(0, len(whole), 61)]
    changed = [whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1:]
               for place in range(10, len(whole), 61)]
    for damaged in [*cut, *changed]:
        file.write_bytes(damaged)
        with pytest.raises(UnreadableRecord, match=str(file)):
            read_kept(tmp_path)


@pytest.mark.parametrize('content', [
    b'', pickle.dumps(everything().up), kept_window._FORMAT,
    kept_window._FORMAT + b'\xff' * 8, kept_window._FORMAT + b'\x01' + b'\x00' * 7 + b'\xc0',
    kept_window._FORMAT + b'\x01' + b'\x00' * 7 + b'\x80'])
def test_a_whole_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(gzip.compress(content))
    with pytest.raises(UnreadableRecord, match=str(tmp_path / FILE)):
        read_kept(tmp_path)


def test_frames_that_were_not_kept_are_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecord, match='were not kept'):
        read_kept(tmp_path)


async def test_frames_are_kept_while_the_query_runs(tmp_path: Path) -> None:
    async with keeping(tmp_path, Kept(everything(), cell_seconds=3.0)):
        deadline = time.monotonic() + 20
        while not (tmp_path / FILE).exists() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert read_kept(tmp_path).cell_seconds == 3.0
    async with keeping(None, Kept(everything())):
        pass


@pytest.mark.parametrize('error', [KeyError, asyncio.CancelledError])
async def test_frames_are_kept_of_a_query_that_fails(
        tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        async with keeping(tmp_path, Kept(everything())):
            raise error
    assert unlike(everything(), read_kept(tmp_path).window) == []


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fills(_file: gzip.GzipFile, _data: bytes) -> int:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(gzip.GzipFile, 'write', fills)


@pytest.mark.usefixtures('full_disk')
async def test_an_answer_outlives_a_full_disk(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with keeping(tmp_path, Kept(everything())):
        pass
    assert 'No space left' in caplog.text and str(tmp_path) in caplog.text


@pytest.mark.usefixtures('full_disk')
def test_a_disk_that_fills_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match='No space left'):
        keep(tmp_path, Kept(everything()))
    assert list(tmp_path.iterdir()) == []
