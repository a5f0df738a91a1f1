"""Totals of the contestants, and their tables."""

from __future__ import annotations

import json

import pytest

from spatialclaw_ros.evaluation.comparison import as_json
from spatialclaw_ros.evaluation.comparison import as_markdown
from spatialclaw_ros.evaluation.totals import by_family
from spatialclaw_ros.evaluation.totals import contestants
from spatialclaw_ros.evaluation.totals import totals


@pytest.fixture
def rows(make_row):
    code = {'policy': 'code', 'model': 'm'}
    return [
        make_row(id='q1', error=0.5), make_row(id='q2', right=False, error=3.0),
        make_row(id='q3', right=True, error=None, family='left'),
        make_row(id='q4', right=False, status='UNANSWERABLE', error=None, endings={}, steps=0),
        make_row(id='q1', **code, status='GUESSED', error=0.4, tokens=1000, steps=5,
                 seconds=2.5, endings={'ok': 2, 'name': 1, 'format': 2}),
        make_row(id='q2', **code, status='GUESSED', right=False, error=9.0, tokens=2000,
                 endings={'ok': 1, 'nothing found': 1}),
        make_row(id='q3', **code, right=False, status='MODEL_ERROR', error=None, endings={},
                 family='left')]


def test_what_each_policy_did(rows):
    of = contestants(rows)
    assert list(of) == ['code', 'recipes']
    code, recipes = totals('code', of['code']), totals('recipes', of['recipes'])
    assert (recipes.asked, recipes.right, recipes.wrong, recipes.refused) == (4, 2, 1, 1)
    assert (recipes.measured, recipes.mean_error, recipes.median_error) == (2, 1.75, 1.75)
    assert (recipes.guessed, recipes.broken, recipes.mean_steps) == (0, 0, 1.5)
    assert (code.asked, code.right, code.wrong, code.refused) == (3, 1, 1, 1)
    assert (code.guessed, code.guessed_right, code.broken) == (2, 1, 1)
    assert (code.mean_tokens, code.mean_steps) == (1000, 3)
    assert code.mean_seconds == pytest.approx(3.5 / 3)
    assert (code.steps, code.failed) == (7, {'format': 2, 'name': 1})


def test_several_models_of_a_policy_are_told_apart(rows, make_row):
    other = make_row(policy='code', model='n')
    assert list(contestants([*rows, other])) == ['code (m)', 'code (n)', 'recipes']
    assert list(contestants([make_row(policy='auto', model=m) for m in ('', 'm')])) == [
        'auto (no model)', 'auto (m)']


def test_families(rows):
    assert by_family(contestants(rows)) == {
        'gap': {'code': (1, 2), 'recipes': (1, 3)}, 'left': {'code': (0, 1), 'recipes': (1, 1)}}


def test_tables_for_people(rows):
    text = as_markdown(rows)
    assert ('| code | 3 | 1 (33%) | 1 | 1 | 2 (1 right) | 4.70 | 4.70 | 3.0 | 1000 | 1.2 | '
            '3 of 7 (43%): format 2, name 1 |') in text
    assert '| recipes | 4 | 2 (50%) | 1 | 1 | 0 | 1.75 | 1.75 | 1.5 | 0 | 0.5 | 0 of 6 |' in text
    assert '| code | recipes | 3 | 1 | 0 | 1 | 1 | -33.3 % | ' in text
    assert '| left | 0/1 | 1/1 |' in text
    assert '1 of the refused ended in an error' in text and '--retry-errors' in text
    assert as_markdown([]) == 'No question has been asked yet.'


def test_tables_for_programs(rows):
    tables = json.loads(json.dumps(as_json(rows), allow_nan=False))
    assert [one['name'] for one in tables['policies']] == ['code', 'recipes']
    pair = tables['pairs'][0]
    assert (pair['first'], pair['asked'], pair['only_second'], pair['p_value']) == ('code', 3, 1, 1)
    assert pair['interval'][0] < pair['difference'] < pair['interval'][1]
    assert tables['families']['gap']['recipes'] == {'right': 1, 'asked': 3}
