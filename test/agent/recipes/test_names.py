"""Names that hold words of the grammar, numbers, or a noun that several share."""

from __future__ import annotations

from brief import brief
import pytest

from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.resolve import interpret
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.errors import UnknownObject

KNOWN = Names(('side table', 'space_heater', 'night_stand', 'chair_1', 'chair_2', 'hand_soap',
               'photo frame', '3D printer', 'salt and pepper', 'left speaker', 'right_speaker',
               'tape measure', 'door', 'door handle', 'box A', 'box B'))


@pytest.mark.parametrize(('question', 'asks'), [
    ('How far is the side table from the door?', 'distance closest side table door'),
    ('How far are the side tables from the door?', 'distance closest side table door'),
    ('How far is the space heater from the night stand?',
     'distance closest space_heater night_stand'),
    ('How tall is the photo frame?', 'size height photo frame'),
    ('Where is the 3D printer?', 'position 3D printer'),
    ('Is the salt and pepper left of the hand soap?', 'direction salt and pepper hand_soap left?'),
    ('Is the door handle right of the right speaker?',
     'direction door handle right_speaker right?'),
    ('Measure how long the tape measure is', 'size longest tape measure'),
    ('Is the left speaker on the side table?', 'support left speaker side table'),
    ('How far is chair 2 from box A?', 'distance closest chair_2 box A'),
    ('How many chairs are there?', 'count chair_1,chair_2'),
    ('How far apart are the two chairs?', 'distance closest chair_1 chair_2'),
    ('How far apart are the speakers?', 'distance closest left speaker right_speaker'),
    ('Which of the boxes is taller?', 'which tall box A,box B'),
    ('On which side of the side table is the door?', 'direction door side table')])
def test_a_name_may_hold_words_of_the_grammar(question: str, asks: str) -> None:
    assert brief(interpret(question, KNOWN)) == asks


@pytest.mark.parametrize(('question', 'error'), [
    ('How tall is the chair?', Ambiguous), ('How tall is the left chair?', Ambiguous),
    ('How far is the chair on the left from the door?', Ambiguous),
    ('How tall is chair 3?', UnknownObject),
    ('How tall is the first chair?', Unanswerable), ('How tall is the door bell?', Unanswerable),
    ('How far is the heater of the space from the door?', Unanswerable)])
def test_a_name_is_never_guessed(question: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        interpret(question, KNOWN)


def test_without_any_name_the_refusal_says_how_to_give_one() -> None:
    with pytest.raises(UnknownObject, match='give regions with the question'):
        interpret('How tall is the mug?', Names(()))
