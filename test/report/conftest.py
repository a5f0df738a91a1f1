"""A real session to make pages from, and a browser where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from browser import Browser
from browser import find_browser
from browser import NAMES
import pytest

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.kept_window import keep
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.scripted_writer import ScriptedWriter
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import parse_region
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

TABLE = Path(__file__).parents[1] / 'data' / 'ycb_table_a'
REGIONS = ('banana=0:136,345,268,472', 'drill=0:48,252,277,363')


@pytest.fixture(scope='session')
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the scripted session on a real recording, its frames kept."""
    folder = tmp_path_factory.mktemp('scripted')

    async def asked() -> Path:
        window = open_recording(TABLE).window(None, [parse_region(text) for text in REGIONS])
        nursery = await Nursery.start(TOOLKIT)
        try:
            answer = await ask(
                Question('How far is the banana from the drill?'), window, engines_for(window),
                nursery, limits=Limits(sandbox='available'), transcript_dir=folder,
                writer=ScriptedWriter(ScriptedModel.centroid_revised('banana', 'drill')))
        finally:
            await nursery.close()
        record = file_of(answer.transcript).parent
        keep(record, Kept(window))
        return record

    return asyncio.run(asked())


@pytest.fixture(scope='module')
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless browser without network; the test is skipped where none is installed."""
    program = find_browser()
    if program is None:
        pytest.skip(f'no browser here: none of {", ".join(NAMES)} is installed')
    started = Browser(program, tmp_path_factory.mktemp('profile'))
    yield started
    started.close()
