"""Measure, check, revise: what the recipes write, and what failures mean."""

from __future__ import annotations

import ast

from brief import brief
from fakes import distance
from fakes import FakeSession
from fakes import ran
from fakes import submitted
from fakes import window
import numpy as np
from phrasings import COVERED
from phrasings import NAMES
import pytest

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.loop import run_loop
from spatialclaw_ros.agent.recipes.cells import check_cell
from spatialclaw_ros.agent.recipes.cells import first_cell
from spatialclaw_ros.agent.recipes.cells import revision_cell
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import recipe_for
from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.resolve import interpret
from spatialclaw_ros.agent.recipes.writer import RecipeWriter
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.status import ErrorCode

KNOWN = Names(NAMES, ('camera', 'world', 'base_link', 'odom'))


def writer(question: str = 'How far is the mug from the tape?') -> RecipeWriter:
    return RecipeWriter(question, KNOWN, window())


async def answered(session: FakeSession, question: str = 'How far is the mug from the tape?'
                   ) -> Answer:
    return await run_loop(session, writer(question), Spending(Budget()), Transcript(None))


async def test_a_check_that_agrees_answers_in_two_cells() -> None:
    session = FakeSession(ran(), ran(answer=submitted(distance())))
    answer = await answered(session)
    assert answer.code is ErrorCode.NONE and answer.steps == 2
    assert 'closest_distance(mug, tape)' in session.cells[0]
    assert 'ReturnAnswer' not in session.cells[0]
    assert 'agrees' in session.cells[1] and 'ReturnAnswer(result' in session.cells[1]


@pytest.mark.parametrize(('question', 'only_some'), [
    ('How far is the mug from the tape?', True),
    ('How far is the centre of the mug from the centre of the tape?', False)])
def test_a_frame_that_cannot_see_both_ends_does_not_check_a_closest_distance(
        question: str, only_some: bool) -> None:
    recipe = recipe_for(interpret(question, KNOWN), window())
    assert ('recon.could_see' in check_cell(recipe).code) is only_some


async def test_a_check_that_contradicts_makes_a_third_cell_widen_the_interval() -> None:
    session = FakeSession(ran(), ran(), ran(answer=submitted(distance())))
    answer = await answered(session)
    assert answer.code is ErrorCode.NONE and answer.steps == 3
    assert 'reconcile' in session.cells[2] and 'widened' in answer.explanation


async def test_measures_that_cannot_be_reconciled_are_ambiguous() -> None:
    contradiction = ran('error', error_type='Ambiguous',
                        error='Ambiguous: 0.31 m and 0.52 m exclude each other')
    answer = await answered(FakeSession(ran(), ran(), contradiction))
    assert answer.code is ErrorCode.AMBIGUOUS
    assert answer.message == '0.31 m and 0.52 m exclude each other'


async def test_a_check_without_evidence_leaves_the_measure_and_says_so() -> None:
    blind = ran('error', error_type='NotVisible', error='NotVisible: no support is seen')
    session = FakeSession(ran(), blind, ran(answer=submitted(distance())))
    answer = await answered(session)
    assert answer.code is ErrorCode.NONE and 'No second evidence' in answer.explanation
    assert session.cells[2].startswith('ReturnAnswer(result')


async def test_a_check_that_finds_a_moving_thing_ends_the_query() -> None:
    moving = ran('error', error_type='Moving', error='Moving: mug moved 0.1 m')
    answer = await answered(FakeSession(ran(), moving))
    assert answer.code is ErrorCode.MOVING


async def test_words_that_contradict_are_ambiguous_without_a_third_cell() -> None:
    session = FakeSession(ran(), ran(stdout='check:\nleft\nthe check contradicts\n'))
    answer = await answered(session, 'Is the mug left or right of the tape?')
    assert answer.code is ErrorCode.AMBIGUOUS and answer.steps == 2
    assert 'cannot be told for sure: the check contradicts; left' in answer.message


@pytest.mark.parametrize(('kind', 'text', 'code', 'candidates'), [
    ('NoCommonWorld', 'NoCommonWorld: frames 0 and 1', ErrorCode.NO_TRANSFORM, ()),
    ('TooClose', 'TooClose: 30 % of mug', ErrorCode.TOO_CLOSE, ()),
    ('Moving', 'Moving: mug moved', ErrorCode.MOVING, ()),
    ('NotVisible', 'NotVisible: no support', ErrorCode.NOT_VISIBLE, ()),
    ('KeyError', "KeyError: object 'mug' names several: the labels are ['mug_0', 'mug_1', 'tape']",
     ErrorCode.AMBIGUOUS, ('mug_0', 'mug_1', 'tape')),
    ('KeyError', "KeyError: object 'mug' is not there: the labels are ['tape'] (no depth)",
     ErrorCode.NOT_VISIBLE, ()),
    ('ValueError', "ValueError: 2 of mug are asked about, 1 found: ['mug']",
     ErrorCode.NOT_VISIBLE, ()),
    ('ValueError', "ValueError: 2 of mug are asked about, 3 found: ['mug_0', 'mug_1', 'mug_2']",
     ErrorCode.AMBIGUOUS, ()),
    ('ValueError', "ValueError: the answer '0.3' is none of the choices: 'yes', 'no'; return one "
     'of them', ErrorCode.UNANSWERABLE, ()),
    ('ZeroDivisionError', 'ZeroDivisionError: division by zero', ErrorCode.INTERNAL, ())])
async def test_an_error_of_a_cell_becomes_its_code(
        kind: str, text: str, code: ErrorCode, candidates: tuple[str, ...]) -> None:
    answer = await answered(FakeSession(ran('error', error_type=kind, error=text)))
    assert answer.code is code and answer.candidates == candidates
    assert answer.message and kind not in answer.message


async def test_two_things_of_one_name_are_ambiguous_unless_the_question_says_the_two() -> None:
    session = FakeSession(ran(), ran(answer=submitted(distance())))
    answer = await answered(session, 'How far are the two mugs apart?')
    assert answer.code is ErrorCode.NONE
    assert 'segment_video_by_text(labels' in session.cells[0]
    assert "labels = ['mug']" in session.cells[0] and 'mug_0, mug_1 = ' in session.cells[0]


def cells(question: str, **facts: object) -> str:
    query = interpret(question, KNOWN)
    return '\n'.join(cell(recipe_for(query, window(**facts))).code
                     for cell in (first_cell, check_cell))


def test_the_unit_of_the_question_is_that_of_the_answer() -> None:
    assert "unit='cm'" in cells('How far is the mug from the tape in centimetres?')
    assert 'unit=' not in cells('How far is the mug from the tape?')


def test_the_second_nearest_is_the_nearest_of_those_left_once_the_first_is_told_apart() -> None:
    code = cells('Which of the mug, the tape and the door is the second nearest to the heater?')
    assert 'first.margin < first.margin_sigma' in code
    assert 'if thing.name != first.word]' in code


def test_higher_is_told_along_up_and_taller_above_the_own_support() -> None:
    up = np.array([0, 0, 1.0])
    assert 'Geometry.end(thing, recon.up)' in cells('Is the mug higher than the tape?', up=up)
    assert 'Geometry.height(thing)' in cells('Is the mug taller than the tape?', up=up)


def test_a_rank_seen_from_the_robot_is_measured_from_the_robot() -> None:
    pose = np.eye(4)
    pose[:3, 3] = [1, 2, 3]
    robot = {'viewpoint': 'base_link', 'viewpoint_to_world': pose}
    nearer = 'Seen from the robot, which is nearer, the mug or the tape?'
    assert 'nearest(np.array([1.0, 2.0, 3.0]), [mug, tape])' in cells(nearer, **robot)
    left = "From the robot's perspective, which is further left, the mug or the tape?"
    assert 'across = np.array([0.0, -1.0, 0.0])' in cells(left, **robot)
    with pytest.raises(Unanswerable, match='where the robot is'):
        cells(nearer)


def test_what_hangs_on_hidden_sides_is_refused_with_the_reason() -> None:
    with pytest.raises(Unanswerable, match='not seen; ask for its height'):
        cells('How thick is the joke book?')


@pytest.mark.parametrize('question', [
    'How many objects are on the table?', 'How many things are there?', 'Is there an object?'])
def test_nothing_is_counted_where_nothing_has_a_name(question: str) -> None:
    with pytest.raises(Unanswerable, match='no name is known: give regions'):
        recipe_for(interpret(question, Names((), ('camera', 'world'))), window())


def test_variables_are_names_and_all_different() -> None:
    assert variables(['coke can', 'coke_can', '2 cups', 'class', 'tools', 'Étui']) == [
        'coke_can', 'coke_can_2', 'the_2_cups', 'the_class', 'the_tools', 'étui']


@pytest.mark.parametrize('question', COVERED)
def test_every_covered_question_gives_cells_that_parse_or_says_what_is_missing(
        question: str) -> None:
    query = interpret(question, KNOWN)
    try:
        recipe = recipe_for(query, window(up=np.array([0, 0, 1.0])))
    except Unanswerable as error:
        assert any(word in str(error) for word in ('robot', 'region', 'base_link')), brief(query)
        return
    for cell in (first_cell, check_cell, revision_cell):
        step: Step = cell(recipe)
        ast.parse(step.code)
        assert step.purpose and step.reasoning and step.next_goal
        assert all(len(line) <= 110 for line in step.code.splitlines()), step.code
