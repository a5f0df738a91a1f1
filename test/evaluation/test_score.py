"""When an answer counts as right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.evaluation.table import as_json
from spatialclaw_ros.evaluation.table import as_markdown
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval


def asked(expected, tolerance=None, unit='m'):
    return Asked('q1', 'closest', 'How far?', expected, unit, tolerance)


def number(value, std_dev=0.001, unit='m', low=0.0, high=9.0):
    return Answer(ErrorCode.NONE, value=value, unit=unit, std_dev=std_dev,
                  interval=Interval(low, high))


@pytest.mark.parametrize('answer, right', [
    (number(0.31), True),
    (number(0.33), True),
    (number(0.3301), False),
    (number(0.31, std_dev=0.041), False),
    (number(0.31, std_dev=0.039), True),
    (number(0.31, std_dev=math.nan), True),
    (number(0.31, unit='deg'), False),
    (number(math.nan), False),
    (Answer(ErrorCode.AMBIGUOUS, value=0.31, unit='m', message='two cups'), False),
    (Answer(ErrorCode.GUESSED, value=0.31, unit='m'), False),
])
def test_numbers(answer, right):
    assert score(asked(0.31, 0.02), answer).right is right


@pytest.mark.parametrize(('answer', 'right', 'answered'), [
    (Answer(ErrorCode.GUESSED, value=0.31, unit='m'), True, True),
    (Answer(ErrorCode.GUESSED, value=0.4, unit='m'), False, True),
    (Answer(ErrorCode.AMBIGUOUS, value=0.31, unit='m'), False, False),
])
def test_guesses_are_scored_by_their_value_where_they_are_wanted(answer, right, answered):
    scored = score(asked(0.31, 0.02), answer, guesses=True)
    assert (scored.right, scored.answered) == (right, answered)


def test_a_count_has_no_tolerance():
    assert score(asked(2.0, 0, ''), number(2.0, unit='')).right
    assert not score(asked(2.0, 0, ''), number(3.0, unit='')).right


def test_coverage_is_whether_the_interval_holds_the_truth():
    assert score(asked(0.31, 0.02), number(0.3, low=0.29, high=0.31)).covered is True
    assert score(asked(0.31, 0.02), number(0.3, low=0.29, high=0.309)).covered is False
    assert score(asked(0.31, 0.02), number(0.3, low=math.nan, high=math.nan)).covered is None


@pytest.mark.parametrize('text, right', [
    ('tissue_box', True), ('Tissue box', True), ('the tissue box', True), ('tissue', False),
    ('', False)])
def test_words_are_exact_but_for_spelling(text, right):
    assert score(asked('tissue_box', unit=''), Answer(ErrorCode.NONE, text=text)).right is right


def test_positions_by_distance():
    expected = asked((0.1, 0.2, 0.9), 0.02)
    near = Answer(ErrorCode.NONE, position=np.array([0.1, 0.2, 0.919]))
    far = Answer(ErrorCode.NONE, position=np.array([0.112, 0.212, 0.912]))
    assert score(expected, near).right
    assert not score(expected, far).right
    assert score(expected, far).error == pytest.approx(0.012 * math.sqrt(3))
    assert not score(expected, number(0.9)).right


def test_tables_say_what_is_wrong():
    scores = [score(asked(0.31, 0.02), number(0.4)), score(asked('left', unit=''),
                                                          Answer(ErrorCode.NONE, text='left'))]
    text = as_markdown(scores)
    assert 'off by 0.09, tolerance 0.02' in text
    assert '1 of 2 questions, 0 of 1 numbers, 1 of 1 words' in text
    assert as_json(scores)[0]['error'] == pytest.approx(0.09)
    assert as_json(scores)[1]['error'] is None


@pytest.mark.parametrize(('value', 'unit', 'right'), [
    (0.5, 'm', True), (50, 'cm', True), (500, 'mm', True), (0.5, '', True), (0.5, 'deg', False),
    (0.5, 'cm', False)])
def test_a_number_is_held_against_the_unit_that_was_asked_for(value, unit, right):
    asked = Asked('q', 'gap', 'How far?', 0.5, 'm', 0.01)
    assert score(asked, Answer(ErrorCode.NONE, value=value, unit=unit)).right is right


def test_a_word_may_end_like_a_sentence():
    assert score(Asked('q', 'left_right', 'Which?', 'left'),
                 Answer(ErrorCode.NONE, 'Left.')).right
