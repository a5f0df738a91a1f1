"""What counts as the same when a cell is run again."""

from __future__ import annotations

from typing import Any

import pytest

from spatialclaw_ros.agent.likeness import text_difference
from spatialclaw_ros.agent.likeness import tree_difference


@pytest.mark.parametrize(('recorded', 'replayed'), [
    ('', ''), ('a\nb\n', 'a\nb'), ('gap 0.2500001 m', 'gap 0.25000011 m'),
    ('[ 1.25e+00 -3.]', '[ 1.250000e+00 -3.0000001]'), ('1e-17', '-3e-18'),
    ('<object at 0x7f0011223344>', '<object at 0x7faabbccddee>'), ('nan inf', 'nan inf')])
def test_texts_that_are_the_same(recorded: str, replayed: str) -> None:
    assert text_difference(recorded, replayed) == ''


@pytest.mark.parametrize(('recorded', 'replayed', 'said'), [
    ('gap 0.250 m', 'gap 0.251 m', "line 1: 'gap 0.250 m' is now 'gap 0.251 m'"),
    ('a\nb', 'a\nc', "line 2: 'b' is now 'c'"), ('a', 'a\nb', "line 2: nothing is now 'b'"),
    ('3 mugs', '4 mugs', "'3 mugs' is now '4 mugs'"), ('frame 10000001', 'frame 10000002', 'line'),
    ('x 1.0', 'y 1.0', "'x 1.0' is now 'y 1.0'"), ('1.0 2.0', '1.0', "'1.0 2.0'"),
    ('at 0x7f0011223344', 'at 1', 'line 1'), ('1e999', '1.0', 'line 1'),
    ('\x1b[31mred', '\x1b[32mred', r"'\x1b[31mred' is now '\x1b[32mred'")])
def test_the_first_line_that_differs_is_shown(recorded: str, replayed: str, said: str) -> None:
    assert said in text_difference(recorded, replayed)


def test_a_long_line_is_cut() -> None:
    assert len(text_difference('a' * 10_000, 'b' * 10_000)) < 200


@pytest.mark.parametrize('value', [
    None, True, 'x', 1, 0.5, [], {}, [{'a': [1, None]}, 'b'], {'shape': [6000, 3]}])
def test_a_tree_is_like_itself(value: Any) -> None:
    assert tree_difference(value, value) == ''


@pytest.mark.parametrize(('recorded', 'replayed', 'said'), [
    ([{'value': 0.25}], [{'value': 0.2501}], '[0].value 0.25 is now 0.2501'),
    ({'a': 1}, {'a': 2}, 'a 1 is now 2'), ({'a': 1}, {}, 'a 1 is now nothing'),
    ({}, {'b': 1}, 'b nothing is now 1'), ([1], [1, 2], 'has 2 items, not 1'),
    ({'on': True}, {'on': 1}, 'on True is now 1'), (None, 0.0, 'nothing is now 0'),
    ({'note': 'seen 3 times'}, {'note': 'seen 4 times'}, "note 'seen 3 times' is now")])
def test_the_first_value_that_differs_is_named(recorded: Any, replayed: Any, said: str) -> None:
    assert said in tree_difference(recorded, replayed)


def test_numbers_of_a_tree_may_differ_in_the_seventh_place() -> None:
    assert tree_difference({'value': 0.25}, {'value': 0.25 * (1 + 9e-7)}) == ''
    assert tree_difference({'value': 0.25}, {'value': 0.25 * (1 + 2e-6)})
    assert tree_difference({'value': 1.0}, {'value': 1}) == ''
