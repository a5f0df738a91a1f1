from __future__ import annotations

import pytest

from spatialclaw_ros.models.cleaning import cleaned

REPLY = '**Purpose**\nMeasure.\n**Code**\n```python\nx = 1\n```'


@pytest.mark.parametrize('written', [
    REPLY, f'<think>a\n**Code**\nb</think>\n{REPLY}', f'a\n</think>\n\n{REPLY}',
    f'<think>\n</think>\n{REPLY}', f'<Thinking>a</Thinking>{REPLY}',
    f'thought\nsome thinking\n\n{REPLY}', f'<|channel>thought\na\n<channel|>{REPLY}',
    f'<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>{REPLY}',
    f'{REPLY}<|im_end|>', f'{REPLY}<end_of_turn>\n', f'{REPLY}</s>'])
def test_what_is_not_the_answer_is_dropped(written):
    assert cleaned(written) == REPLY


def test_a_tag_in_code_is_code():
    text = '**Code**\n```python\nx = "</think>"\n```'
    assert cleaned(text) == text


def test_a_lying_server_costs_little():
    assert cleaned('<think>' * 60_000) == ''
    assert cleaned('<|channel>' * 60_000 + 'x') == ''
    assert cleaned('<think></think>' * 30_000 + 'x') == 'x'


def test_thinking_without_an_end_is_no_answer():
    assert cleaned('<think>I wonder\n**Code**\n```python\nx\n```') == ''


def test_code_that_speaks_of_thought_is_left_alone():
    text = 'A thought about it.\n**Code**\n```python\nthought = 1\n```'
    assert cleaned(text) == text
