import pytest

from spatialclaw_ros.perception.names import close
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.perception.names import normalized


@pytest.mark.parametrize(('text', 'name'), [
    ('joke book', 'joke_book'), ('Joke-Book', 'joke_book'), ('the mugs', 'mug'),
    ('boxes', 'box'), ('mice', 'mouse'), ('batteries', 'battery'), ('shelves', 'shelf'),
    ('glass', 'glasses'), ('CokeCan', 'coke can'), ('cases', 'case'), ('vases', 'vase'),
])
def test_same_name_in_other_spelling(text, name):
    assert matching(text, ['sink', name]) == [name]


@pytest.mark.parametrize(('text', 'name'), [
    ('book', 'joke_book'), ('glass', 'glas'), ('bus', 'bu'), ('mug', 'jug'), ('pan', 'span'),
])
def test_other_names_do_not_match(text, name):
    assert matching(text, [name]) == []


def test_a_name_of_only_an_article_keeps_it():
    assert normalized('A') == 'a'


def test_close_names_come_closest_first():
    names = [name for name, _ in close('soup can', ['sink', 'can', 'soup_cans', 'door'])]
    assert names == ['soup_cans', 'can']
