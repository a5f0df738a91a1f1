from __future__ import annotations

import pytest

from spatialclaw_ros.session.choices import chosen


@pytest.mark.parametrize(('text', 'named'), [
    ('B', 'B. left of the sink'), ('b', 'B. left of the sink'), ('(B)', 'B. left of the sink'),
    ('left of the sink', 'B. left of the sink'), ('B. left of the sink', 'B. left of the sink'),
    ('It is left of the sink, clearly.', 'B. left of the sink'), ('left', None), ('E', None),
    ('left of the sink or right', None), ('', None), ('sin', None),
])
def test_lettered_choices(text, named):
    assert chosen(text, ('A. right', 'B. left of the sink', 'C. behind')) == named


@pytest.mark.parametrize(('text', 'named'), [
    ('2', '2'), ('22', '22'), ('2 chairs', '2'), ('3', None), ('2 or 22', None), ('2.', '2'),
])
def test_numbers(text, named):
    assert chosen(text, ('2', '22', '1')) == named


def test_the_longer_of_two_that_contain_each_other():
    assert chosen('the red book', ('book', 'red book')) == 'red book'
    assert chosen('Yes', ('yes', 'no')) == 'yes'
    assert chosen('yes and no', ('yes', 'no')) is None
