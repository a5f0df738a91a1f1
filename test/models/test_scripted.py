from __future__ import annotations

import pytest

from spatialclaw_ros.agent.reply import parse_reply
from spatialclaw_ros.models.scripted import ScriptedModel
from spatialclaw_ros.models.scripted import ScriptEnded


async def test_replies_come_in_order_and_what_was_told_is_kept() -> None:
    model = ScriptedModel(['a', 'b'])
    assert [await model.reply('x'), await model.reply('y')] == ['a', 'b']
    with pytest.raises(ScriptEnded):
        await model.reply('z')
    assert model.heard == ['x', 'y', 'z']


def test_a_script_needs_replies_and_all_its_names() -> None:
    with pytest.raises(ValueError, match='reply'):
        ScriptedModel.from_text('a comment')
    with pytest.raises(ValueError, match="'first'"):
        ScriptedModel.from_text('=== reply ===\n{{first}}')


async def test_the_bundled_session_is_whole_and_says_that_it_is_scripted() -> None:
    model = ScriptedModel.centroid_revised('heater', 'door')
    codes = [parse_reply(await model.reply('')).code for _ in range(4)]
    assert 'KDTree' in codes[2] and 'ReturnAnswer' in codes[3]
    assert all('{{' not in code for code in codes)
    for code in codes:
        compile(code, 'cell', 'exec')
