"""The agent as it is asked for an evaluation."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from spatialclaw_ros.evaluation import asking
from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode


@pytest.fixture
def world(monkeypatch):
    """Nurseries that were started, and how the agent was asked."""
    seen = SimpleNamespace(nurseries=[], asked=[])

    class Nursery:
        @classmethod
        async def start(cls, _):
            await asyncio.sleep(0)
            seen.nurseries.append(cls())
            return seen.nurseries[-1]

        def __init__(self):
            self.alive, self.closed = True, False

        async def close(self):
            self.alive, self.closed = False, True

    async def ask(question, window, engines, nursery, *, limits, transcript_dir, **options):
        seen.asked.append((question, nursery, transcript_dir, options))
        return Answer(ErrorCode.NONE)

    monkeypatch.setattr(asking, 'Nursery', Nursery)
    monkeypatch.setattr(asking, 'ask', ask)
    return seen


ASKED = Asked('q1', 'gap', 'How far?', 0.5, 'm', 0.01, target_frame='camera')


async def test_one_nursery_for_all_and_another_when_it_died(world, tmp_path):
    terms = Terms('code', 7.0, 3, True, tmp_path)
    perception = SimpleNamespace(engines_for=lambda window: None)
    async with asking.agent('the model', perception) as answer:
        await asyncio.gather(*(answer(ASKED, None, terms) for _ in range(3)))
        assert len(world.nurseries) == 1
        world.nurseries[0].alive = False
        await asyncio.gather(*(answer(ASKED, None, terms) for _ in range(3)))
    assert [nursery.closed for nursery in world.nurseries] == [True, True]
    assert [nursery for _, nursery, _, _ in world.asked] == [
        world.nurseries[0]] * 3 + [world.nurseries[1]] * 3
    question, _, folder, options = world.asked[0]
    assert (question.text, question.target_frame, question.policy, question.timeout,
            question.max_steps) == ('How far?', 'camera', 'code', 7.0, 3)
    assert (folder, options) == (tmp_path, {'model': 'the model'})


async def test_the_nursery_is_closed_when_the_asking_fails(world):
    with pytest.raises(KeyError):
        async with asking.agent():
            raise KeyError
    assert world.nurseries[0].closed
