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


@pytest.mark.parametrize('name', ['Purpose', 'Reasoning', 'Next Goal', 'Code'])
def test_a_missing_section_is_named(name: str) -> None:
    text = (HEAD + '```python\nx\n```').replace(f'**{name}**', '')
    with pytest.raises(BadReply, match=f'no {name} section'):
        parse_reply(text)
