"""Which policies may be named."""

from __future__ import annotations

import pytest

from spatialclaw_ros.agent import ask
from spatialclaw_ros.evaluation.policies import POLICIES
from spatialclaw_ros.evaluation.policies import policies_of
from spatialclaw_ros.findings.errors import BadGoal


def test_each_policy_once_in_the_order_given():
    assert policies_of('recipes, auto,recipes', with_model=False) == ('recipes', 'auto')
    assert policies_of('no_tool,code', with_model=True) == ('no_tool', 'code')


def test_without_a_word_all_that_can_be_asked():
    assert policies_of(None, with_model=False) == ('recipes',)
    assert policies_of(None, with_model=True) == (
        'code', 'tool_call', 'single_pass', 'no_tool', 'recipes')


@pytest.mark.parametrize('text', ['code,magic,recipes', 'magic', ','])
def test_an_unknown_name_lists_the_known(text):
    with pytest.raises(BadGoal) as caught:
        policies_of(text, with_model=True)
    assert all(name in str(caught.value) for name in POLICIES)
    assert 'magic' in str(caught.value) or text == ','


def test_what_needs_a_model_is_named():
    with pytest.raises(BadGoal, match=r'code and no_tool cannot .* without a model.*--model-url'):
        policies_of('code,recipes,no_tool', with_model=False)


def test_every_policy_of_the_agent_can_be_compared():
    assert set(POLICIES) == set(ask.POLICIES)
