"""What the grammar takes, what it refuses, and that it swallows no word."""

from __future__ import annotations

from brief import brief
from hypothesis import assume
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from phrasings import COVERED
from phrasings import NAMES
import pytest
from refusals import AMBIGUOUS
from refusals import UNANSWERABLE
from refusals import UNKNOWN

from spatialclaw_ros.agent.recipes import nouns
from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.resolve import interpret
from spatialclaw_ros.agent.recipes.words import split
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.errors import UnknownObject

KNOWN = Names(NAMES, ('camera', 'world', 'base_link'))


@pytest.mark.parametrize('question', COVERED)
def test_a_covered_question_asks_for_what_it_says(question: str) -> None:
    assert brief(interpret(question, KNOWN)) == COVERED[question]


@pytest.mark.parametrize('name', [
    'space heater', 'lamp stand', 'hand drill', 'picture frame', 'side table', 'foot stool'])
def test_a_name_may_hold_words_that_the_grammar_uses_itself(name: str) -> None:
    label = name.replace(' ', '_')
    query = interpret(f'How far is the {name} from the mug?', Names((label, 'mug'), ()))
    assert brief(query) == f'distance closest {label} mug'


@pytest.mark.parametrize('question', UNANSWERABLE)
def test_a_question_with_a_word_too_many_is_unanswerable(question: str) -> None:
    with pytest.raises(Unanswerable):
        interpret(question, KNOWN)


@pytest.mark.parametrize('question', UNKNOWN)
def test_a_name_that_nothing_has_lists_the_known(question: str) -> None:
    with pytest.raises(UnknownObject, match='known: mug, tape') as caught:
        interpret(question, KNOWN)
    assert caught.value.candidates == NAMES  # type: ignore[attr-defined]


@pytest.mark.parametrize('question', AMBIGUOUS)
def test_a_name_that_several_have_lists_them(question: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        interpret(question, KNOWN)
    assert caught.value.candidates == AMBIGUOUS[question]  # type: ignore[attr-defined]


def test_the_refusal_names_the_families_and_how_to_get_more() -> None:
    with pytest.raises(Unanswerable, match=r'(?s)tilt or lean.*model.*configured'):
        interpret('How heavy is the mug?', KNOWN)


GRAMMAR_WORDS = {word for question in COVERED for word in split(question)}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(COVERED)), st.from_regex(r'[a-z]{5,9}', fullmatch=True), st.data())
def test_an_unknown_word_anywhere_but_before_a_name_is_never_swallowed(
        question: str, word: str, data: st.DataObject) -> None:
    assume(word not in GRAMMAR_WORDS | nouns.ADJECTIVES | nouns.CLASS_NOUNS | nouns.CONTAINERS)
    said = question.split()
    place = data.draw(st.integers(0, len(said)))
    changed = ' '.join([*said[:place], word, *said[place:]])
    try:
        query = interpret(changed, KNOWN)
    except SpatialError:
        return
    # The only words that may be passed over describe a thing that has exactly one name.
    following = split(' '.join(said[place:]))
    before_a_name = any(nouns.singular(w) in n.split('_') for w in following[:3] for n in NAMES)
    assert before_a_name, query


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(COVERED)), st.sampled_from(sorted(
    {'not', 'minus', 'twice', 'tomorrow', 'yesterday', 'if', 'without', 'except', 'other'})),
    st.data())
def test_a_word_that_changes_the_meaning_is_never_swallowed(
        question: str, word: str, data: st.DataObject) -> None:
    said = question.split()
    place = data.draw(st.integers(0, len(said)))
    with pytest.raises(SpatialError):
        interpret(' '.join([*said[:place], word, *said[place:]]), KNOWN)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        interpret(text, KNOWN)
    except SpatialError as error:
        assert str(error)
