from __future__ import annotations

import pytest

from spatialclaw_ros.agent.reply import parse_reply
from spatialclaw_ros.agent.steps import BadReply

HEAD = '**Purpose**\nA\n**Reasoning**\nB\n**Next Goal**\nC\n**Code**\n'


@pytest.mark.parametrize('code', [
    '```python\nx = 1\n```', '```\nx = 1\n```\nthen\n```python\ny = 2\n```', '```python\nx = 1',
    'x = 1'])
def test_the_first_block_of_code_counts(code: str) -> None:
    found = parse_reply(HEAD + code)
    assert found.code.strip() == 'x = 1'
    assert (found.purpose, found.reasoning, found.next_goal) == ('A', 'B', 'C')


def test_headings_may_be_written_as_headings_and_in_any_order() -> None:
    found = parse_reply('## Code\n```py\nx\n```\n## Purpose\nA\n## next_goal:\nC\n**Reasoning:** B')
    assert (found.code, found.purpose, found.reasoning, found.next_goal) == ('x', 'A', 'B', 'C')


@pytest.mark.parametrize('name', ['Purpose', 'Reasoning', 'Next Goal'])
def test_code_alone_is_enough(name: str) -> None:
    found = parse_reply((HEAD + '```python\nx\n```').replace(f'**{name}**\n', ''))
    assert found.code == 'x'
    assert '' in (found.purpose, found.reasoning, found.next_goal)


def test_without_code_the_format_is_told() -> None:
    with pytest.raises(BadReply, match='no Code section') as caught:
        parse_reply(HEAD)
    assert caught.value.reply == HEAD


@pytest.mark.parametrize('form', [
    '**{}**', '**{}:**', '**{}**:', '## {}', '### {}:', '## **{}**', '1. **{}**', '{}:'])
def test_headers_are_known_by_any_mark(form: str) -> None:
    lines = [('Purpose', 'A'), ('Reasoning', 'B'), ('Next Goal', 'C'), ('Code', '```\nx\n```')]
    found = parse_reply('\n'.join(f'{form.format(name)}\n{body}' for name, body in lines))
    assert (found.code, found.purpose.strip(), found.next_goal.strip()) == ('x', 'A', 'C')


def test_prose_that_begins_with_a_word_is_no_header() -> None:
    found = parse_reply(HEAD.replace('B', 'B\nCode it is then\npurpose is clear\nanswer me')
                        + '```\nx\n```')
    assert 'purpose is clear' in found.reasoning
