from __future__ import annotations

import math

import numpy as np
import pytest

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.toolkit.answer import submission

DISTANCE = Distance('a', 'b', 'CLOSEST', np.zeros(3), np.ones(3), 1.732050807)


@pytest.mark.parametrize(('answer', 'text', 'value'), [
    (0, '0', 0.0), (0.0, '0', 0.0), (np.float32(0.5), '0.5', 0.5), (np.int64(3), '3', 3.0),
    (np.array(2.5), '2.5', 2.5), (True, 'yes', None), (np.bool_(False), 'no', None),
    (' left ', 'left', None), (np.str_('b'), 'b', None), (1 / 3, '0.333333', 1 / 3),
    (DISTANCE, '1.73205', 1.732050807), (Quantity('n', 4.0, ''), '4', 4.0),
    (Relation('left', ('a', 'b')), 'left', None),
    (Position('a', np.array([1., 2., 3.]), np.eye(3)), '1.0000, 2.0000, 3.0000', None),
])
def test_what_can_be_an_answer(answer, text, value):
    sent = submission(answer, (), None)
    assert (sent.text, sent.value) == (text, value)
    assert type(sent.text) is str


@pytest.mark.parametrize(('answer', 'error', 'message'), [
    ('', ValueError, 'empty'), (float('nan'), ValueError, 'nothing was measured'),
    (Quantity('h', float('nan'), 'm'), ValueError, 'nothing was measured'),
    (None, TypeError, 'NoneType'), ([1, 2], TypeError, 'list'), (np.zeros(3), TypeError, 'ndarray'),
])
def test_what_cannot(answer, error, message):
    with pytest.raises(error, match=message):
        submission(answer, (), None)


def test_a_finding_is_its_own_evidence_once():
    plane = Plane3D(np.array([0, 0, 1.]), 0.0, np.zeros((3, 3)), name='floor')
    sent = submission(DISTANCE, [[plane], None, {'again': DISTANCE}], None)
    assert [type(e).__name__ for e in sent.evidence] == ['FoundPlane', 'Distance']
    assert sent.main == 1 and sent.unit == 'm'
    assert submission(DISTANCE, (), None).main == 0
    assert submission(0.3, [DISTANCE], 'm').main is None


def test_units(bench):
    assert submission(0.3, (), 'rad').unit == 'rad'
    tilt = submission(Quantity('tilt', 0.3, 'rad'), (), 'deg')
    assert tilt.unit == 'deg' and tilt.value == pytest.approx(math.degrees(0.3))
    sent = submission(DISTANCE, (), 'cm')
    assert sent.unit == 'cm' and sent.value == pytest.approx(DISTANCE.value * 100)
    with pytest.raises(ValueError, match="in 'm', it cannot be given in 'rad'"):
        submission(DISTANCE, (), 'rad')
    with pytest.raises(TypeError, match='evidence is findings'):
        submission(1, [3.5], None)


def test_an_object_may_be_the_answer(bench):
    made = bench()
    made.run("""
recon = tools.Reconstruct.Reconstruct()
crate, carton = recon.objects(tools.SAM3.segment_video_by_text(['crate', 'carton']))
ReturnAnswer(crate, evidence=[carton, crate])
after = 1
""")
    sent = made.cell.answer
    assert sent.text == 'crate' and [e.name for e in sent.evidence] == ['carton', 'crate']
    assert isinstance(sent.evidence[sent.main], Found) and sent.evidence[sent.main].name == 'crate'
    assert 'after' not in made.names
