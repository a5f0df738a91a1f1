import math

import numpy as np
import pytest
from visualization_msgs.msg import Marker

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_interfaces.msg import Distance as DistanceMessage
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.nodes.results import for_planners
from spatialclaw_ros.nodes.results import in_target
from spatialclaw_ros.nodes.results import result_of
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

CAMERA = Camera('front', 'front_optical', 64, 48, np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]))
# A quarter turn about z, then a metre along x: world x becomes target y.
TURN = np.array([[0.0, -1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
ANY_ANGLE = math.pi**2 / 3
EVIDENCE = (
    Distance('a', 'b', 'GAP_ALONG_AXIS', np.array([1.0, 0, 2]), np.array([2.0, 0, 2]), 1.0,
             Sigma(0.01, 0.02, 0.02, 0.04), Interval(0.9, 1.1), np.diag([1.0, 4, 9]),
             np.diag([1.0, 4, 9]), frames=(3,)),
    Found('mug', np.array([1.0, 2, 3]), np.array([0.1, 0.2, 0.3]), np.eye(3), np.full(3, 0.01),
          np.diag([1.0, 4, 9, 16, 25, ANY_ANGLE]), np.array([[1.0, 2, 2.9], [1.1, 2, 2.9]]), 0.8,
          False, ('front',), (3,), 0.9),
    FoundPlane('table', np.array([1.0, 0, 0]), 2.0, np.array([[2.0, 0, 0], [2, 1, 0], [2, 1, 1]]),
               0.01, 0.002),
    Track('cart', np.array([10**9, 2 * 10**9]), np.array([[0.0, 0, 1], [1, 0, 1]]),
          np.array([0.1, 0.1]), np.array([1.0, 0, 0]), np.array([0.1, 0.2, 0.3])),
    Position('mug', np.array([1.0, 0, 0]), np.eye(3)),
    Quantity('height of mug', 0.1, 'm', points=np.array([[1.0, 2, 3]])),
    Relation('left', ('a', 'b'), points=np.array([[1.0, 2, 3], [np.nan] * 3])),
)


def window(**changes):
    frames = tuple(Frame(index, index * 10**9, CAMERA, np.zeros((48, 64, 3), np.uint8),
                         camera_to_world=np.eye(4)) for index in (3, 5))
    return FrameWindow(frames, 'odom', target_frame='base', world_to_target=TURN, **changes)


def answer(**changes):
    return Answer(**{'code': ErrorCode.NONE, 'text': '1.000', 'value': np.float64(1.0),
                     'unit': 'm', 'evidence': EVIDENCE, 'elapsed': 2.0,
                     'seconds': {'kernel': 1.0, 'perception': 5.0}, **changes})


@pytest.fixture(scope='module')
def result():
    return result_of(answer(), window(), 30.0, True, now=7 * 10**9)


def xyz(message):
    return [message.x, message.y, message.z]


def test_an_answer_that_is_no_place_has_none(result):
    assert np.isnan(xyz(result.position)).all()
    assert np.isnan(result.position_covariance).all()
    assert not result.position_frame


def test_a_place_carries_its_frame_and_covariance():
    found = Position('mug', np.array([1.0, 0, 0]), np.diag([1.0, 4, 9]))
    told = result_of(answer(value=np.nan, evidence=(found,), position=np.array([1.0, 1, 0]),
                            frame='base'), window(), 30.0, False, now=7 * 10**9)
    assert xyz(told.position) == [1, 1, 0]
    assert told.position_frame == 'base'
    np.testing.assert_allclose(
        np.reshape(told.position_covariance, (3, 3)), np.diag([4.0, 1, 9]), atol=1e-12)


def test_the_header_is_target_frame_at_the_newest_evidence(result):
    assert result.header.frame_id == 'base'
    assert result.header.stamp.sec == 3
    assert result.fixed_frame == 'odom'
    assert result.evidence_age.sec == 4
    place = result.target_in_fixed.pose
    assert xyz(place.position) == pytest.approx([0, 1, 0])


def test_points_and_covariances_turn_together(result):
    distance = result.distances[0]
    assert distance.kind == DistanceMessage.GAP_ALONG_AXIS
    assert xyz(distance.from_point) == pytest.approx([1, 1, 2])
    assert list(distance.from_covariance)[::4] == pytest.approx([4, 1, 9])
    assert distance.std_dev == pytest.approx(0.05)
    found = result.objects[0]
    assert xyz(found.pose.pose.position) == pytest.approx([-1, 1, 3])
    assert xyz(found.bbox.center.position) == xyz(found.pose.pose.position)
    assert list(found.pose.covariance)[::7] == pytest.approx([4, 1, 9, 25, 16, ANY_ANGLE])
    assert found.pose.pose.orientation.z == pytest.approx(math.sqrt(0.5))
    assert found.id == 'mug'
    assert found.cameras == ['front']
    assert found.stamps[0].sec == 3


def test_planes_and_tracks(result):
    plane, track = result.planes[0], result.tracks[0]
    assert xyz(plane.normal) == pytest.approx([0, 1, 0])
    assert plane.offset == pytest.approx(2.0)
    assert all(point.y == pytest.approx(2.0) for point in plane.polygon.points)
    assert xyz(track.velocity) == pytest.approx([0, 1, 0])
    assert xyz(track.velocity_std_dev) == pytest.approx([0.2, 0.1, 0.3])
    assert track.is_moving and xyz(track.heading) == pytest.approx([0, 1, 0])
    assert list(track.poses[0].covariance)[::7][3:] == pytest.approx([ANY_ANGLE] * 3)


def test_shares_are_shares(result):
    assert result.kernel_share == 0.5
    assert result.perception_share == 1.0
    assert result.model_share == 0.0


def test_every_marker_can_be_drawn(result):
    markers = result.markers.markers
    assert len({(marker.ns, marker.id) for marker in markers}) == len(markers)
    for marker in markers:
        assert marker.header == result.header
        assert marker.lifetime.sec == 30
        assert marker.color.a > 0
        turn = marker.pose.orientation
        assert turn.x**2 + turn.y**2 + turn.z**2 + turn.w**2 == pytest.approx(1)
        scale = {Marker.LINE_STRIP: [marker.scale.x],
                 Marker.ARROW: [marker.scale.x, marker.scale.y],
                 Marker.TEXT_VIEW_FACING: [marker.scale.z]}
        assert min(scale.get(marker.type, xyz(marker.scale))) > 0
        assert all(math.isfinite(value) for point in marker.points for value in xyz(point))
    assert {marker.type for marker in markers} >= {
        Marker.ARROW, Marker.LINE_STRIP, Marker.TEXT_VIEW_FACING, Marker.CUBE}


def test_planners_get_the_fixed_frame_where_the_target_moves():
    moving = for_planners(answer(), window(target_moves=True))
    assert moving.header.frame_id == 'odom'
    assert moving.of(Distance)[0].from_point.tolist() == [1, 0, 2]
    still = for_planners(answer(), window())
    assert still.header == in_target(answer(), window()).header
    assert still.header.frame_id == 'base'


def test_two_objects_of_one_name_have_ids_that_differ():
    mugs = tuple(e for e in EVIDENCE if isinstance(e, Found)) * 2
    result = result_of(answer(evidence=mugs), window(), 1.0, False, 0)
    assert [found.id for found in result.objects] == ['mug', 'mug 2']
    assert [found.name for found in result.objects] == ['mug', 'mug']


def test_codes_of_the_action_are_those_of_the_code():
    for code in ErrorCode:
        assert getattr(SpatialQuery.Result, code.name) == code.value
