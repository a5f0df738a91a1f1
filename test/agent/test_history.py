"""A history stays small by the rules that it states, and never teaches what may not be written."""

from __future__ import annotations

from dataclasses import replace

from fakes import ran
import numpy as np
import pytest

from spatialclaw_ros.agent.briefing import Briefing
from spatialclaw_ros.agent.history import condensed
from spatialclaw_ros.agent.history import History
from spatialclaw_ros.agent.interfaces.code import CodeInterface
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.findings.errors import OutOfBudget
from spatialclaw_ros.kernel.outcome import Variable
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.session.cell_result import Picture

IMAGE = np.zeros((280, 280, 3), np.uint8)  # 100 tokens
STEP = Step('Measure the mug.', 'Because.', 'Answer.', 'a = 1\nb = c\nprint(b)')
FAILED = ('Traceback (most recent call last):\n  File "<cell 4>", line 2, in <module>\n'
          "    b = c\nNameError: name 'c' is not defined")


def history(room=100_000, pictures=2):
    briefing = Briefing('Question: How far?', (('frame 0', IMAGE),) * pictures)
    return History(CodeInterface(), briefing, Profile(), room)


def step(number=0, output='done', shown=0, status='ok', error=''):
    result = ran(status, stdout=output, error=error, variables=(Variable('seg', 'masks'),),
                 shown=tuple(Picture(f'p{number}.{i}', IMAGE) for i in range(shown)))
    return Ran(replace(STEP, purpose=f'Find {number}.'), result,
               f'Step {number}: [{status}]\n{output}{error}')


def told(made, past, plan='', allowed=None):
    messages, left_out = made.conversation(
        plan, past, [100] * len(past) if allowed is None else allowed)
    return messages, left_out


def texts(messages):
    return '\n'.join(part for message in messages for part in message.parts
                     if isinstance(part, str))


def pictures(messages):
    return sum(not isinstance(part, str) for message in messages for part in message.parts)


def test_the_turns_are_question_cell_result_in_order():
    messages, left_out = told(history(), [step(1, 'one'), step(2, 'two')], 'First look.')
    assert [m.role for m in messages] == ['system', 'user', 'assistant', 'user', 'assistant',
                                          'user']
    assert 'First look.' in texts(messages[1:2]) and pictures(messages[1:2]) == 2
    assert 'Find 1.' in texts(messages[2:3]) and 'two' in texts(messages[5:])
    assert left_out == ''


def test_what_was_said_stays_word_for_word_so_that_servers_can_keep_it():
    past = [step(1, 'one', shown=1), step(2, 'two')]
    before, _ = told(history(), past[:1])
    after, _ = told(history(), past)
    for old, new in zip(before, after, strict=False):
        assert old.role == new.role
        assert all(a is b or a == b for a, b in zip(old.parts, new.parts, strict=True)
                   if isinstance(a, str))


def test_a_failed_step_ends_with_the_line_that_failed_once_another_followed():
    failed = step(1, '', status='error', error=FAILED)
    alone = texts(told(history(), [failed])[0][1:])
    assert 'print(b)' in alone
    later = texts(told(history(), [failed, step(2)])[0][1:])
    assert later.count('print(b)') == 1 and 'b = c\n# this line failed' in later
    assert "NameError: name 'c' is not defined" in later


def test_where_the_line_is_not_known_the_code_stays():
    assert condensed(STEP, 'Crashed: the kernel exited') == STEP
    assert condensed(STEP, FAILED.replace('line 2', 'line 3')) == STEP


def test_a_reply_without_a_step_is_forgotten_once_another_came():
    bad = Ran(None, None, 'the reply has no Code section', 'I am sorry. ' * 200)
    first, _ = told(history(), [bad])
    assert 'I am sorry.' in texts(first) and len(texts(first[2:3])) < 700
    later = texts(told(history(), [bad, step(2)])[0])
    assert 'sorry' not in later and 'no Code section' not in later


def test_the_newest_pictures_stay_and_older_ones_are_their_captions():
    past = [step(n, shown=5) for n in range(4)]
    messages, _ = told(history(pictures=0), past)
    assert [pictures([m]) for m in messages if m.role == 'user'][1:] == [0, 2, 5, 5]
    assert '5 pictures of this step are not sent' in texts(messages)


def test_no_more_pictures_are_sent_than_the_budget_allows():
    messages, _ = told(history(pictures=0), [step(1, shown=5)], allowed=[3])
    assert pictures(messages) == 3
    assert '2 pictures of this step are not sent' in texts(messages)


def test_what_is_too_long_is_shortened_step_by_step_and_said():
    past = [step(n, 'x' * 4000, shown=3) for n in range(8)]
    sizes, words = [], []
    for room in (60_000, 16_000, 15_000, 8_500, 7_500):
        messages, left_out = told(history(room, pictures=8), past, 'A plan. ' * 300)
        assert history().tokens(messages) <= room
        sizes.append(history().tokens(messages))
        words.append(left_out)
    assert sizes == sorted(sizes, reverse=True)
    assert words[0] == '' and 'pictures of the last two steps only' in words[1]
    assert 'but the last' in words[-1]
    assert 'Find 7.' in texts(messages)
    assert '- Step 0: Find 0.: ok; made seg' in texts(messages)


def test_what_cannot_be_short_enough_is_out_of_budget():
    with pytest.raises(OutOfBudget, match='context_tokens'):
        told(history(1000), [step(1)])
