"""Which frames a query gets, and the frame its geometry is told in."""

import numpy as np
import pytest
from stage import CAMERA
from stage import QUESTION
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.stamps import time_message

ASIDE = np.array([[0.0, 0, 1, 2], [-1, 0, 0, 0.5], [0, -1, 0, 1], [0, 0, 0, 1]])


def test_an_answer_with_its_geometry(stage):
    on = stage()
    stamp = on.see()
    reply = on.client.ask(QUESTION, want_image=True)
    assert reply.is_answered, reply.message
    result = reply.result
    assert reply.value == 0.5
    assert reply.interval == pytest.approx((0.48, 0.52))
    assert result.header.frame_id == result.fixed_frame == 'camera_optical'
    assert result.header.stamp == time_message(stamp)
    assert result.distances[0].to_point.x == 0.5
    assert list(result.distances[0].from_covariance)[::4] == pytest.approx([1e-4, 2e-4, 3e-4])
    assert bytes(result.annotated.data[:2]) == b'\xff\xd8'
    assert result.sandbox == 'none: scripted'
    assert result.evidence_age.sec == 0
    assert {marker.ns for marker in result.markers.markers} == {
        'distances', 'distance_ends', 'distance_values'}
    assert all(marker.lifetime.sec > 0 for marker in result.markers.markers)
    _, window = on.scripted.asked[0]
    assert window.newest.depth[0, 0] == pytest.approx(1.5)
    assert window.newest.image[0, 0].tolist() == [100, 100, 100]
    assert window.up is None


def test_geometry_is_given_in_the_target_frame(stage):
    on = stage(fixed_frame='odom')
    stamp = on.now()
    on.place(stamp, ASIDE)
    base = np.eye(4)
    base[:3, 3] = 1, 2, 3
    on.place(stamp, base, child='base_link')
    on.see(stamp)
    reply = on.client.ask(QUESTION, target_frame='base_link')
    assert reply.is_answered, reply.message
    assert reply.frame == 'base_link'
    assert reply.result.fixed_frame == 'odom'
    place = reply.result.target_in_fixed.pose.position
    assert (place.x, place.y, place.z) == (1.0, 2.0, 3.0)
    found = reply.result.distances[0].from_point
    assert (found.x, found.y, found.z) == (-1.0, -2.0, -2.0)
    _, window = on.scripted.asked[0]
    np.testing.assert_allclose(window.newest.camera_to_world, ASIDE, atol=1e-9)
    np.testing.assert_allclose(window.up, [0, 0, 1])


@pytest.mark.parametrize('name, frame', [
    ('camera', 'camera_optical'), ('world', 'odom'), ('', 'odom')])
def test_camera_and_world_are_names_of_frames(stage, name, frame):
    on = stage(fixed_frame='odom')
    stamp = on.now()
    on.place(stamp, ASIDE)
    on.see(stamp)
    reply = on.client.ask(QUESTION, target_frame=name)
    assert reply.is_answered, reply.message
    assert reply.frame == frame
    point = reply.result.distances[0].from_point
    expected = np.linalg.inv(ASIDE) @ [0, 0, 1, 1] if name == 'camera' else [0, 0, 1, 1]
    assert [point.x, point.y, point.z] == pytest.approx(expected[:3])


def test_a_frame_waits_for_its_transform(stage):
    on = stage(**{'fixed_frame': 'odom', 'tf.wait': 20.0})
    stamp = on.see()
    on.wait(lambda: on.counts().accepted == 1)
    assert on.server._ring.state().frames == 0
    on.place(stamp, ASIDE)
    on.seen()
    assert on.client.ask(QUESTION).is_answered
    np.testing.assert_allclose(on.scripted.asked[0][1].newest.camera_to_world, ASIDE, atol=1e-9)


def test_no_transform_names_frames_and_age(stage):
    on = stage(**{'fixed_frame': 'odom', 'tf.wait': 0.1, 'max_wait': 0.3})
    stamp = on.now()
    on.place(stamp - 2 * 10**9)
    on.see(stamp)
    on.seen()
    reply = on.client.ask(QUESTION)
    assert reply.code is ErrorCode.NO_TRANSFORM
    assert "'camera_optical'" in reply.message
    assert "'odom'" in reply.message
    assert '2.000 s older' in reply.message


def test_an_unknown_target_frame(stage):
    on = stage(max_wait=0.2)
    on.see()
    reply = on.client.ask(QUESTION, target_frame='nowhere')
    assert reply.code is ErrorCode.NO_TRANSFORM
    assert 'nowhere' in reply.message


def test_frames_without_a_common_world_are_not_mixed(stage):
    on = stage(max_wait=0.2)
    on.see()
    on.see(on.now())
    on.seen(2)
    reply = on.client.ask(QUESTION, window=10.0)
    assert reply.code is ErrorCode.NO_TRANSFORM
    assert 'fixed_frame' in reply.message


@pytest.mark.parametrize('moment, reason', [
    ({'info': False}, 'no camera_info on {}/camera/camera_info'),
    ({'depth': None}, 'no depth on {}/camera/depth_registered'),
    ({'depth_size': (12, 16)}, 'depth has 16x12 pixels, the image 32x24; register it'),
    ({'depth_frame': 'depth_optical'}, "depth is in frame 'depth_optical'"),
    ({'frame_id': 'other', 'depth_frame': 'other',
      'camera': CAMERA.__class__('camera', 'x', 16, 12, CAMERA.matrix)}, '16x12'),
    ({'stamp': 0}, 'image without a stamp')])
def test_what_cannot_be_used_is_dropped_with_its_reason(stage, moment, reason):
    on = stage(**{'sync.wait': 0.1, 'max_wait': 0.5})
    if 'camera' in moment:
        moment = {**moment, 'frame_id': 'other'}
    on.see(**moment)
    on.wait(lambda: sum(on.counts().reasons.values()) == 1)
    reply = on.client.ask(QUESTION)
    assert reply.code is ErrorCode.NO_FRAMES
    assert reason.format(on.namespace) in reply.message
    on.wait(lambda: on.see() and on.server._ring.state().frames)
    assert on.client.ask(QUESTION).is_answered


def test_compressed_images_and_depth(stage):
    on = stage(**{'camera.camera.transport': 'compressed',
                  'camera.camera.depth_transport': 'compressed'})
    on.see(value=70)
    assert on.client.ask(QUESTION).is_answered
    frame = on.scripted.asked[0][1].newest
    assert frame.image[0, 0].tolist() == [70, 70, 70]
    assert frame.depth[0, 0] == pytest.approx(1.5)


def test_detections_outside_the_image_are_counted(stage):
    on = stage(**{'camera.camera.detections': 'camera/detections'})
    on.wait(on.detections.get_subscription_count)
    stamp = on.now()
    inside, outside = Detection2D(id='mug'), Detection2D(id='bowl')
    for detection, x in ((inside, 16.0), (outside, 400.0)):
        detection.bbox.center.position.x, detection.bbox.center.position.y = x, 12.0
        detection.bbox.size_x = detection.bbox.size_y = 8.0
    message = Detection2DArray(detections=[inside, outside])
    message.header.stamp = time_message(stamp)
    on.detections.publish(message)
    on.see(stamp)
    assert on.client.ask(QUESTION).is_answered
    [region] = on.scripted.asked[0][1].newest.regions
    assert (region.name, region.box) == ('mug', (12.0, 8.0, 20.0, 16.0))
    assert on.counts().notes == {'detections outside the image': 1}
