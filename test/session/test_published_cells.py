"""Twenty cells written blind for the published kernel run in ours as they are."""

from __future__ import annotations

import box_world
from published_cells import Published
from published_cells import SESSIONS
import pytest
import pytest_asyncio

from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

LIMITS = Limits(cell_seconds=20)
#: Camera 2 stands to the right of camera 1, so both boxes lie further left in its picture.
TWO_CAMERAS = (box_world.frame(10), box_world.frame(11, box_world.pose(y=-0.3), name='side'))


@pytest_asyncio.fixture(scope='module', loop_scope='module')
async def nursery():
    started = await Nursery.start('spatialclaw_ros.toolkit.cell')
    yield started
    await started.close()


@pytest.mark.asyncio(loop_scope='module')
@pytest.mark.parametrize('published', SESSIONS, ids=lambda published: published.name)
async def test_every_cell_of_the_session_runs_and_the_answer_is_right(
        nursery: Nursery, published: Published) -> None:
    model = box_world.SaysModel(*published.says)
    session = await Session.open(
        nursery, Question(published.name, published.choices),
        box_world.window(TWO_CAMERAS if published.cameras == 2 else ()),
        box_world.engines(), LIMITS, model=model)
    try:
        for cell in published.cells:
            result = await session.run_cell(cell)
            assert result.status == 'ok', result.feedback('')
    finally:
        await session.close()
    assert model.texts == [], 'the model was asked less than it had to say'
    answer = result.answer
    assert answer is not None, result.feedback('')
    if isinstance(published.expected, str):
        assert answer.text == published.expected, result.feedback('')
    else:
        value = float(answer.text) if answer.value is None else answer.value
        assert value == pytest.approx(published.expected, abs=published.tolerance), \
            result.feedback('')


def test_there_are_twenty_cells() -> None:
    assert sum(len(published.cells) for published in SESSIONS) == 20
