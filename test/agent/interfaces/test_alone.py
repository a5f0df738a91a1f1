from __future__ import annotations

import pytest

from spatialclaw_ros.agent.interfaces.alone import AloneInterface
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.conversation import Reply
from spatialclaw_ros.models.conversation import Usage


def parsed(text):
    return AloneInterface().parse(Reply(text, Usage(), 'm', 0.0), 1)


@pytest.mark.parametrize(('text', 'code'), [
    ('It is near.\n\n**Answer**\n1.25 m', "ReturnAnswer(1.25, unit='m')"),
    ('**Answer**: 40 cm.', "ReturnAnswer(40.0, unit='cm')"),
    ('So \\boxed{30^\\circ}', "ReturnAnswer(30.0, unit='deg')"),
    ('So \\boxed{30\\text{ degrees}}', "ReturnAnswer(30.0, unit='deg')"),
    ('about\n**left**', "ReturnAnswer('left')"), ('**Answer**\n0', 'ReturnAnswer(0.0)'),
    ('**Answer**\n~2.5 metres', "ReturnAnswer(2.5, unit='m')"),
    ('**Answer**\n3 mugs', "ReturnAnswer('3 mugs')"),
    ('## Answer the question\nhm\n\n**Answer**\n\\boxed{2.3 m}', "ReturnAnswer(2.3, unit='m')"),
    ('**Answer**\nabout 2.3 m', "ReturnAnswer(2.3, unit='m')"),
    ('**Answer**\n2.3 m (roughly)', "ReturnAnswer(2.3, unit='m')"),
    ('**Answer**\n1,200 mm', "ReturnAnswer(1200.0, unit='mm')"),
    ('I think.\nAnswer: 2.3 m', "ReturnAnswer(2.3, unit='m')"),
    ("**Answer**\nthe robot's left", 'ReturnAnswer("the robot\'s left")')])
def test_the_answer_is_found(text, code):
    assert parsed(text).code == code


def test_unanswerable_is_an_outcome():
    verdict = parsed('I see no door.\n\n**Answer**\nunanswerable: no door is in view')
    assert isinstance(verdict, Verdict)
    assert verdict.code is ErrorCode.UNANSWERABLE
    assert 'no door is in view' in verdict.message


def test_nothing_is_no_answer():
    with pytest.raises(BadReply, match='empty'):
        parsed('  ')
