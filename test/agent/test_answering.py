from __future__ import annotations

from dataclasses import replace
import math

from fakes import distance
from fakes import submitted
from fakes import window
import numpy as np
import pytest

from spatialclaw_ros.agent.answering import answer_of
from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma

POSITION = Position('mug', np.array([1.0, 2.0, 3.0]), np.diag([0.01, 0.04, 0.09]) ** 2)
SHIFT = np.array([[0, 1, 0, 0.5], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def test_an_angle_is_told_in_degrees_with_its_whole_spread() -> None:
    angle = Quantity('tilt of the book', math.radians(15), 'rad', Sigma(math.radians(0.3)),
                     Interval(math.radians(14), math.radians(16.5)))
    answer = answer_of(SubmitAnswer('0.261799', angle.value, 'rad', (angle,), 0), window())
    assert answer.value == pytest.approx(15) and answer.unit == 'deg' and answer.text == '15.0'
    assert answer.std_dev == pytest.approx(0.3)
    assert (answer.interval.low, answer.interval.high) == pytest.approx((14, 16.5))
    assert '15.0 deg (95 % interval 14.0 to 16.5)' in answer.explanation
    assert answer.evidence[0].unit == 'rad'


def test_a_length_is_told_in_the_unit_asked_for() -> None:
    tall = Quantity('height of the mug', 0.1234, 'm', Sigma(0.002), Interval(0.12, 0.13))
    answer = answer_of(SubmitAnswer('12.34', 12.34, 'cm', (tall,), 0), window())
    assert (answer.value, answer.unit, answer.text) == (12.34, 'cm', '12.3')
    assert answer.std_dev == pytest.approx(0.2)
    assert (answer.interval.low, answer.interval.high) == pytest.approx((12, 13))
    assert answer.evidence[0].unit == 'm'


def test_a_position_is_given_in_the_target_frame() -> None:
    submitted_position = SubmitAnswer('', None, 'm', (POSITION,), 0)
    moved = answer_of(submitted_position, window(target_frame='base', world_to_target=SHIFT))
    assert moved.position == pytest.approx([2.5, -1, 3]) and moved.frame == 'base'
    assert moved.text == '2.500, -1.000, 3.000' and 'frame "base"' in moved.explanation
    plain = answer_of(submitted_position, window())
    assert plain.position == pytest.approx([1, 2, 3]) and plain.frame == 'odom'


def test_a_position_in_a_cameras_frame_names_the_frame_as_tf_does() -> None:
    seen = window()
    frame = seen.frames[0]
    found = replace(POSITION, frame=f'camera {frame.index}', frames=(frame.index,))
    answer = answer_of(SubmitAnswer('', None, 'm', (found,), 0), seen)
    assert answer.position == pytest.approx([1, 2, 3])
    assert answer.frame == frame.camera.frame_id
    assert f'in the frame "{frame.camera.frame_id}"' in answer.explanation
    assert f'frame {frame.index} of' in answer.explanation


def test_a_coordinate_takes_its_spread_from_the_position_it_is_of() -> None:
    answer = answer_of(SubmitAnswer('2', 2.0, 'm', (POSITION,), None), window())
    assert answer.value == 2.0 and answer.unit == 'm' and answer.std_dev == pytest.approx(0.04)
    assert answer.interval.low == pytest.approx(2 - 1.96 * 0.04, abs=1e-3)
    assert answer.position is None


def test_a_word_names_viewpoint_margin_and_candidates() -> None:
    word = Relation('tape', ('mug', 'tape'), 'camera', 0.1, 0.02, 'm',
                    (('tape', 0.3), ('mug', 0.4)), frames=(1,))
    answer = answer_of(SubmitAnswer('tape', None, '', (word,), 0), window())
    assert answer.text == 'tape' and math.isnan(answer.value) and answer.position is None
    assert 'seen from camera, by 0.1 m ± 0.02; measured tape 0.300, mug 0.400 m' in (
        answer.explanation)


def test_an_answer_without_evidence_is_a_guess_without_sigma() -> None:
    answer = answer_of(SubmitAnswer('0.3', 0.3, 'm', (), None), window())
    assert answer.code is ErrorCode.GUESSED and answer.value == 0.3
    assert math.isnan(answer.std_dev) and 'no geometry' in answer.message


def test_a_number_that_is_not_the_findings_has_no_sigma() -> None:
    found = distance(0.5)
    answer = answer_of(SubmitAnswer('0.7', 0.7, 'm', (found,), 0), window())
    assert answer.value == 0.7 and math.isnan(answer.std_dev)
    assert answer_of(submitted(found), window()).std_dev == pytest.approx(0.005)
