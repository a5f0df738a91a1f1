from __future__ import annotations

from protocol_server import REPLIES
import pytest

from spatialclaw_ros.agent.interfaces.code import CodeInterface
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.cleaning import cleaned
from spatialclaw_ros.models.conversation import Reply
from spatialclaw_ros.models.conversation import Usage

#: Of the ways in which models write, those that hold no step, and what they are told.
BAD = ('refusal', 'empty', 'json')


def reply(text, cut=False):
    return Reply(cleaned(text), Usage(), 'm', 0.0, cut=cut)


@pytest.mark.parametrize('name', sorted(set(REPLIES) - set(BAD)))
def test_a_step_is_read_however_it_is_written(name):
    step = CodeInterface().parse(reply(REPLIES[name]), 1)
    assert isinstance(step, Step)
    assert step.code.strip() == "gap = 1.25\nprint(f'{gap:.2f} m')"
    assert step.purpose == 'Measure the gap between the heater and the door.'


@pytest.mark.parametrize('comment', [
    '# Answer with x', '#Answer', '# Purpose: look', '# Code', '    # Call it', '**Code**',
    '# </think> is a tag', 'Code: 1'])
def test_a_comment_that_looks_like_a_header_is_code(comment):
    code = f'{comment}\nx = 5\n{comment}\nReturnAnswer(str(x))'
    text = f'**Purpose**\nA\n**Reasoning**\nB\n**Next Goal**\nC\n**Code**\n```python\n{code}\n```'
    step = CodeInterface().parse(reply(text), 1)
    assert step.code == code
    assert (step.purpose, step.next_goal) == ('A', 'C')


@pytest.mark.parametrize('name', BAD)
def test_a_reply_without_a_step_is_told_what_it_lacks(name):
    with pytest.raises(BadReply, match='no Code section'):
        CodeInterface().parse(reply(REPLIES[name]), 1)


def test_a_reply_that_was_cut_is_told_so():
    with pytest.raises(BadReply, match='cut off at its limit of tokens'):
        CodeInterface().parse(reply('<think>\nand so on', cut=True), 1)


def test_images_that_cannot_answer_end_the_query():
    verdict = CodeInterface().parse(reply(
        '**Purpose**\nEnd.\n**Reasoning**\nNo door.\n**Next Goal**\nNone.\n'
        '**Unanswerable**\nThere is no\ndoor.'), 4)
    assert verdict == Verdict(ErrorCode.UNANSWERABLE,
                              'the images cannot answer this: There is no door.')


def test_a_step_is_shown_as_it_can_be_written():
    step = Step('A', 'B', 'C', 'x = 1\nprint(x)')
    (text,) = CodeInterface().as_written(step).parts
    assert CodeInterface().parse(reply(text), 1) == step
