"""What a vision model said is said again, to the same question only."""

from __future__ import annotations

import pytest

from spatialclaw_ros.agent.record import RecordedReply
from spatialclaw_ros.agent.recorded_model import RecordedModel


async def test_replies_are_given_in_order_and_numbers_may_move_a_little() -> None:
    model = RecordedModel()
    model.begin([RecordedReply('locate', 'the mug at 0.25?', 'first'),
                 RecordedReply('ask', 'what is it?', 'second')])
    assert await model.look('locate', [], 'the mug at 0.25000001?') == 'first'
    assert await model.look('ask', [], 'what is it?') == 'second'
    with pytest.raises(RuntimeError, match=r'no further reply to vlm\.ask'):
        await model.look('ask', [], 'what is it?')


@pytest.mark.parametrize(('kind', 'question'), [('ask', 'the mug?'), ('locate', 'the tape?')])
async def test_another_question_is_not_answered_and_takes_nothing(
        kind: str, question: str) -> None:
    model = RecordedModel()
    model.begin([RecordedReply('locate', 'the mug?', 'there')])
    with pytest.raises(RuntimeError, match=r"a reply to vlm\.locate 'the mug\?' here"):
        await model.look(kind, [], question)
    assert await model.look('locate', [], 'the mug?') == 'there'


async def test_a_recorded_failure_fails_again_and_a_new_cell_starts_anew() -> None:
    model = RecordedModel()
    model.begin([RecordedReply('ask', 'a', '', 'the server is down'),
                 RecordedReply('ask', '', '', 'no one knows what was asked'),
                 RecordedReply('ask', 'left over', 'x')])
    with pytest.raises(RuntimeError, match='the server is down'):
        await model.look('ask', [], 'a')
    with pytest.raises(RuntimeError, match='no one knows'):
        await model.look('ask', [], 'whatever')
    model.begin([RecordedReply('ask', 'b', 'y')])
    assert await model.look('ask', [], 'b') == 'y'
