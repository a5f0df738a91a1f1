"""Which questions are found, chosen, and told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spatialclaw_ros.evaluation.plan import chosen
from spatialclaw_ros.evaluation.plan import digest
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import suites_in
from spatialclaw_ros.evaluation.plan import tasks
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import SpatialError


@pytest.fixture
def folder(tmp_path, make_recording):
    make_recording(tmp_path / 'b', ['q1', 'q2', 'q3'])
    make_recording(tmp_path / 'group' / 'a', ['q1', 'q4'])
    make_recording(tmp_path / 'one' / 'two' / 'three', ['q5'])
    return tmp_path


def test_recordings_are_found_two_levels_deep_and_named_by_their_path(folder):
    found = {suite.name: [asked.id for asked in suite.questions] for suite in suites_in(folder)}
    assert found == {'b': ['q1', 'q2', 'q3'], 'group/a': ['q1', 'q4']}


def test_a_recording_is_named_by_its_folder(folder):
    assert [suite.name for suite in suites_in(folder / 'group' / 'a')] == ['a']


def test_the_first_of_each_recording_and_those_that_are_named(folder):
    def ids(suites):
        return [(suite.name, asked.id) for suite in suites for asked in suite.questions]

    suites = suites_in(folder)
    assert ids(chosen(suites, limit=1)) == [('b', 'q1'), ('group/a', 'q1')]
    assert ids(chosen(suites, ['q4', 'q3'])) == [('b', 'q3'), ('group/a', 'q4')]
    assert ids(chosen(suites, ['q3', 'q2'], limit=1)) == [('b', 'q2')]
    with pytest.raises(BadGoal, match=r'q9.*there are q1, q2'):
        chosen(suites, ['q1', 'q9'])


def test_a_question_is_asked_by_all_policies_before_the_next(folder):
    suites = chosen(suites_in(folder), limit=1)
    assert [task.key for task in tasks(suites, ['code', 'recipes'], 'm')] == [
        Key('b', 'q1', 'code', 'm'), Key('b', 'q1', 'recipes', ''),
        Key('group/a', 'q1', 'code', 'm'), Key('group/a', 'q1', 'recipes', '')]


def test_a_question_with_another_truth_is_another_question(folder):
    asked = suites_in(folder)[0].questions[0]
    assert digest(asked) == digest(replace(asked))
    assert digest(asked) != digest(replace(asked, tolerance=0.02))
    assert digest(asked) != digest(replace(asked, frames=(1,)))


@pytest.mark.parametrize(('questions', 'words'), [
    (None, 'no question'), ([], 'no question'), (['q1', 'q2', 'q1'], "'q1' is there twice")])
def test_what_cannot_be_asked(tmp_path, make_recording, questions, words):
    if questions is not None:
        make_recording(tmp_path / 'a', questions)
    with pytest.raises(BadGoal, match=words):
        suites_in(tmp_path)


def test_a_folder_with_questions_but_no_recording(tmp_path, make_recording):
    make_recording(tmp_path / 'a', ['q1'])
    (tmp_path / 'b').mkdir()
    (tmp_path / 'a' / 'questions.json').rename(tmp_path / 'b' / 'questions.json')
    with pytest.raises(SpatialError, match=r'no recording that can be read'):
        suites_in(tmp_path)
    with pytest.raises(BadGoal, match=r'nowhere: no such folder'):
        suites_in(tmp_path / 'nowhere')
