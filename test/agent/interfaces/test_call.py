"""Calls become cells of one line, and are shown again in exactly the JSON that made them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from spatialclaw_ros.agent.interfaces.call import CallInterface
from spatialclaw_ros.agent.interfaces.call import code_of
from spatialclaw_ros.agent.steps import BadReply
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.models.conversation import Reply
from spatialclaw_ros.models.conversation import Usage

TEXTS = '**Purpose**\nA\n\n**Reasoning**\nB\n\n**Next Goal**\nC\n\n**Call**\n'


def reply(text='', arguments='', cut=False):
    return Reply(text, Usage(), 'm', 0.0, arguments, cut)


@pytest.mark.parametrize(('call', 'code'), [
    ({'tool': 'tools.SAM3.segment_image_by_text',
      'args': {'image': '$InputImages[0]', 'prompt': 'the $5 mug'}},
     "result_3 = tools.SAM3.segment_image_by_text(image=InputImages[0], prompt='the $5 mug')\n"
     'print(result_3)'),
    ({'tool': 'result_1.get_masked_points', 'args': {'recon': '$result_2', 'object': 0}},
     'result_3 = result_1.get_masked_points(recon=result_2, object=0)\nprint(result_3)'),
    ({'tool': '$result_2[0].top()'}, 'result_3 = result_2[0].top\nresult_3 = result_3() if '
     'callable(result_3) else result_3\nprint(result_3)'),
    ({'tool': 'Geometry.height', 'args': {'a': '$result_1'}, 'id': 7},
     'result_3 = Geometry.height(a=result_1)\nprint(result_3)'),
    ({'tool': 'show', 'args': {'image': ['$result_1', '$InputImages[0:2]'], 'label': 'both'}},
     "show([result_1, InputImages[0:2]], label='both')"),
    ({'tool': 'ReturnAnswer', 'args': {'answer': '$result_2', 'evidence': ['$result_2']}},
     'ReturnAnswer(answer=result_2, evidence=[result_2])'),
    ({'tool': 'ReturnAnswer', 'args': {'answer': 0}}, 'ReturnAnswer(answer=0)'),
    ({'tool': 'tools.Geometry.plane', 'args': {'points_or_mask': '$result_1.points[-1]',
                                              'frame': None, 'level': True}},
     'result_3 = tools.Geometry.plane(points_or_mask=result_1.points[-1], frame=None, level=True)\n'
     'print(result_3)'),
])
def test_a_call_becomes_one_line(call, code):
    assert code_of(call, 3) == code


@pytest.mark.parametrize(('call', 'words'), [
    ({'tool': 'os.system', 'args': {}}, 'no tool'), ({'tool': 'tools'}, 'no tool'),
    ({'tool': 'tools.__class__', 'args': {}}, 'no tool'), ({'tool': 7}, 'no tool'),
    ({}, 'no tool'),
    ({'tool': 'result_1.x', 'args': [1]}, 'not an object of arguments'),
    ({'tool': 'result_1.x', 'args': {'a b': 1}}, 'no name of an argument'),
    ({'tool': 'result_1.x', 'args': {'a': '$f(1)'}}, 'nothing that is called or computed'),
    ({'tool': 'result_1.x', 'args': {'a': '$a.__class__'}}, 'nothing that is called'),
    ({'tool': 'result_1.x', 'args': {'a': '$a + 1'}}, 'nothing that is called or computed'),
    ({'tool': 'result_1.x', 'args': {'a': '$'}}, 'no value'),
    ({'tool': 'result_1.x', 'args': {'a': '$[x for x in y]'}}, 'nothing that is called'),
    ({'tool': 'ReturnAnswer', 'args': {'answer': 'result_6'}},
     'is text; as a value write "\\$result_6"'),
    ({'tool': 'show', 'args': {'x': '-$result_2.up'}}, 'is text; as a value'),
])
def test_what_is_no_call_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        code_of(call, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10**6, 10**6) | st.floats(-1e6, 1e6) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                                max_size=3), max_leaves=8)


@pytest.mark.parametrize('native', [False, True])
@given(texts=st.tuples(*[st.from_regex(r'[A-Za-z][A-Za-z .]{0,30}[a-z]', fullmatch=True)] * 3),
       arguments=st.dictionaries(st.sampled_from(['image', 'prompt', 'a']), json_values.filter(
           lambda value: '$' not in json.dumps(value))))
def test_what_the_history_shows_can_be_written_as_it_stands(native, texts, arguments):
    """The published comparison lost a third of its turns to a history that could not be."""
    interface = CallInterface(native=native)
    call = json.dumps({'tool': 'tools.SAM3.segment_image_by_text', 'args': arguments})
    purpose, reasoning, next_goal = texts
    if native:
        first = reply(arguments=json.dumps({
            'purpose': purpose, 'reasoning': reasoning, 'next_goal': next_goal,
            **json.loads(call)}))
    else:
        first = reply(f'**Purpose**\n{purpose}\n**Reasoning**\n{reasoning}\n**Next Goal**\n'
                      f'{next_goal}\n**Call**\n```json\n{call}\n```')
    step = interface.parse(first, 1)
    shown = interface.as_written(step)
    again = interface.parse(reply(''.join(map(str, shown.parts)), shown.call), 1)
    assert again == step
    assert (step.purpose, step.next_goal) == (purpose, next_goal)


@pytest.mark.parametrize(('given_reply', 'words'), [
    (reply(TEXTS + '```python\nresult_1 = tools.SAM3.x()\n```'), 'the call is no JSON'),
    (reply(TEXTS + '```json\n[1]\n```'), 'no JSON|a JSON list'), (reply("I'm sorry"), 'no JSON'),
    (reply(TEXTS + '```json\n{"tool": "too', cut=True), 'cut off at its limit'),
    (reply(arguments='{"tool": "os.system"}'), 'no tool that can be called')])
def test_a_bad_reply_says_what_to_write(given_reply, words):
    with pytest.raises(BadReply, match=words) as caught:
        CallInterface(native=True).parse(given_reply, 1)
    assert '{"tool":' in str(caught.value)
    assert caught.value.reply


def test_arguments_may_come_as_text():
    step = CallInterface(native=True).parse(reply(arguments=json.dumps(
        {'tool': 'show', 'args': json.dumps({'x': '$a'})})), 1)
    assert step.code == 'show(a)'
    assert json.loads(step.call) == {'tool': 'show', 'args': {'x': '$a'}}


@pytest.mark.parametrize('value', ['$' + 'a' + '.b' * 5000, '$' + '[' * 500 + ']' * 500])
def test_what_is_nested_beyond_measure_is_a_bad_reply(value):
    with pytest.raises(BadReply):
        CallInterface(native=True).parse(reply(arguments=json.dumps(
            {'tool': 'result_1.x', 'args': {'a': value}})), 1)


def test_lists_within_lists_beyond_measure_are_a_bad_reply():
    deep = '[' * 900 + ']' * 900
    with pytest.raises(BadReply):
        CallInterface(native=True).parse(reply(
            arguments='{"tool": "result_1.x", "args": {"a": ' + deep + '}}'), 1)


@pytest.mark.parametrize('written', [
    '{"tool": "show", "args": {"x": "$a"}}', '[{"tool": "show", "args": {"x": "$a"}}]',
    '<tool_call>{"name": "show", "arguments": {"x": "$a"}}</tool_call>',
    'Then:\n{"tool": "show", "args": {"x": "$a"}}\nand that is all.',
    '`{"tool": "show", "args": {"x": "$a"}}`'])
def test_a_call_is_found_whatever_stands_around_it(written):
    for text in (written, TEXTS + written):
        assert CallInterface(native=False).parse(reply(text), 1).code == 'show(a)'


@pytest.mark.parametrize('given_reply', [
    reply('**Unanswerable**\nno mug'),
    reply(arguments='{"tool": "Unanswerable", "args": {"reason": "no mug"}}'),
    reply(arguments='{"tool": "Unanswerable", "args": "no mug"}')])
def test_images_that_cannot_answer_end_the_query(given_reply):
    verdict = CallInterface(native=True).parse(given_reply, 1)
    assert isinstance(verdict, Verdict)
    assert (verdict.code, verdict.message) == (
        ErrorCode.UNANSWERABLE, 'the images cannot answer this: no mug')
