import asyncio
from dataclasses import replace
import json
import math
from types import SimpleNamespace

from builtin_interfaces.msg import Duration
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from stage import CAMERA
from stage import distance_answer
from stage import SIZE
from std_msgs.msg import String
from vision_msgs.msg import Detection2D
from vision_msgs.msg import Detection2DArray
from visualization_msgs.msg import Marker
from visualization_msgs.msg import MarkerArray

from spatialclaw_interfaces.msg import Answer as AnswerMessage
from spatialclaw_interfaces.msg import Region as RegionMessage
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.client import ServerUnavailable
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.query import feedback_of
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import Region

QUESTION = 'How far is a from b?'
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


@pytest.mark.parametrize('goal, code, words', [
    ({'question': '   '}, ErrorCode.BAD_GOAL, 'empty'),
    ({'timeout': -1.0}, ErrorCode.BAD_GOAL, 'negative'),
    ({'window': -1.0}, ErrorCode.BAD_GOAL, 'negative'),
    ({'cameras': ['rear']}, ErrorCode.BAD_GOAL, 'rear'),
    ({'stamp': 5, 'not_before': 6}, ErrorCode.BAD_GOAL, 'not_before'),
    ({'stamp': 5 * 10**9, 'window': 1.0}, ErrorCode.NO_FRAMES, 'up to 5.000 s within 1 s'),
    ({'regions': [RegionMessage(name='a')]}, ErrorCode.BAD_GOAL, 'exactly one'),
    ({'regions': [RegionMessage(name='a', box=[1.0, 1.0, 2.0, 2.0], points=[1.0, 1.0],
                                point_labels=[1])]}, ErrorCode.BAD_GOAL, 'exactly one'),
    ({'regions': [RegionMessage(name='a', box=[1.0, 1.0, 2.0])]}, ErrorCode.BAD_GOAL, 'four'),
    ({'regions': [RegionMessage(name='', box=[1.0, 1.0, 2.0, 2.0])]}, ErrorCode.BAD_GOAL, 'name'),
    ({'regions': [Region('a', 0, box=(100, 100, 120, 120))]}, ErrorCode.BAD_GOAL, 'outside'),
    ({'regions': [Region('a', 0, box=(5, 5, 5, 9))]}, ErrorCode.BAD_GOAL, 'no area'),
    ({'regions': [Region('a', 0, mask=np.zeros(SIZE, bool))]}, ErrorCode.BAD_GOAL, 'empty')])
def test_goals_that_cannot_be_answered_say_why(stage, goal, code, words):
    on = stage(max_wait=0.2)
    on.see()
    on.seen()
    reply = on.client.ask(**{'question': QUESTION, **goal})
    assert reply.code is code
    assert words in reply.message
    assert on.client.ask(QUESTION).is_answered


def test_regions_come_with_their_frame(stage):
    on = stage()
    first = on.see(value=10)
    on.see(first + 10**8, value=20)
    on.seen(2)
    mask = np.zeros(SIZE, bool)
    mask[3:5, 6:9] = True
    reply = on.client.ask(QUESTION, regions=[
        Region('a', 0, box=(1, 2, 3, 4)), Region('b', 0, mask=mask),
        Region('c', 0, points=np.array([[4.0, 5.0], [6, 7]]), point_labels=(1, 0))])
    assert reply.is_answered, reply.message
    frame = on.scripted.asked[0][1].newest
    assert frame.stamp == first + 10**8
    assert [region.name for region in frame.regions] == ['a', 'b', 'c']
    assert all(region.frame == frame.index for region in frame.regions)
    np.testing.assert_array_equal(frame.regions[1].mask, mask)
    assert frame.regions[2].point_labels == (1, 0)


def test_a_region_chooses_the_image_it_was_drawn_on(stage):
    on = stage()
    first = on.see(value=10)
    on.see(first + 10**8, value=20)
    on.seen(2)
    region = RegionMessage(name='a', box=[1.0, 1.0, 5.0, 5.0])
    region.header.stamp = time_message(first)
    assert on.client.ask(QUESTION, regions=[region]).is_answered
    frames = on.scripted.asked[0][1].frames
    assert [frame.stamp for frame in frames] == [first]
    region.header.stamp = time_message(first - 1)
    reply = on.client.ask(QUESTION, regions=[region])
    assert reply.code is ErrorCode.STALE
    assert 'not held' in reply.message


def test_a_region_waits_for_its_image_to_arrive(stage):
    on = stage(max_wait=20.0)
    stamp = on.now()
    region = RegionMessage(name='a', box=[1.0, 1.0, 5.0, 5.0])
    region.header.stamp = time_message(stamp)
    on.client.send(QUESTION, regions=[region])
    on.wait(lambda: on.server._queries.held == 1)
    on.see(stamp)
    on.wait(on.client.is_done)
    assert on.client.reply().is_answered, on.client.reply().message


def test_not_before_waits_for_a_new_frame(stage):
    on = stage(max_wait=10.0)
    old = on.see()
    on.seen()
    on.client.send(QUESTION, not_before=old + 1)
    on.wait(lambda: on.server._queries.held == 1)
    assert not on.scripted.asked
    new = on.see(old + 10**9)
    on.wait(on.client.is_done)
    assert on.client.reply().is_answered
    assert [frame.stamp for frame in on.scripted.asked[0][1].frames] == [new]


def test_cancel_in_the_middle_of_a_query(stage):
    on = stage()

    async def never(question, window, tell):
        tell(Progress('running', 1, 'measure', 'x' * 9000))
        await asyncio.Event().wait()

    on.scripted.play = never
    on.see()
    on.client.send(QUESTION)
    on.wait(lambda: on.client.is_done() or (
        on.client.feedback is not None and on.client.feedback.stage == 'running'))
    assert on.client.feedback.step == 1
    assert len(on.client.feedback.last_line) <= 400
    assert on.client.cancel()
    on.wait(on.client.is_done)
    assert on.client.reply().code is ErrorCode.CANCELED
    assert on.client._result.result().status == 5
    assert on.scripted.canceled.is_set()
    on.scripted.play = None
    assert on.client.ask(QUESTION).is_answered


def test_a_goal_whose_acceptance_is_lost_is_sent_again(stage, monkeypatch):
    on = stage()
    on.see()
    monkeypatch.setattr('spatialclaw_ros.nodes.client._ACCEPTANCE', 0.2)
    send, lost = on.client._client.send_goal_async, []

    def send_goal(*arguments):
        if lost:
            return send(*arguments)
        lost.append(Future())
        return lost[0]

    monkeypatch.setattr(on.client._client, 'send_goal_async', send_goal)
    assert on.client.ask(QUESTION).is_answered
    late = SimpleNamespace(accepted=True, canceled=False)
    late.cancel_goal_async = lambda: setattr(late, 'canceled', True)
    lost[0].set_result(late)
    assert late.canceled


def test_a_goal_beyond_the_queue_is_busy(stage):
    on = stage(**{'queries.waiting': 0})
    gate = asyncio.Event()

    async def wait(question, window, tell):
        await gate.wait()
        return distance_answer()

    on.scripted.play = wait
    on.see()
    on.client.send(QUESTION)
    on.wait(on.scripted.begun.is_set)
    second = SpatialClient(namespace=on.namespace)
    try:
        reply = second.ask(QUESTION)
    finally:
        second.close()
    assert reply.code is ErrorCode.BUSY
    on.worker.loop.call_soon_threadsafe(gate.set)
    on.wait(on.client.is_done)
    assert on.client.reply().is_answered


def test_a_query_that_takes_too_long(stage):
    on = stage(**{'queries.waiting': 1})

    async def never(question, window, tell):
        await asyncio.Event().wait()

    on.scripted.play = never
    on.see()
    on.client.send(QUESTION)
    on.wait(on.scripted.begun.is_set)
    second = SpatialClient(namespace=on.namespace)
    try:
        reply = second.ask(QUESTION, timeout=0.3)
    finally:
        second.close()
    assert reply.code is ErrorCode.OUT_OF_BUDGET


@pytest.mark.parametrize('error, code', [
    (Unanswerable('no model'), ErrorCode.UNANSWERABLE), (KeyError('x'), ErrorCode.INTERNAL)])
def test_what_the_answerer_raises_becomes_a_code(stage, error, code):
    on = stage()

    async def fail(question, window, tell):
        raise error

    on.scripted.play = fail
    on.see()
    reply = on.client.ask(QUESTION)
    assert reply.code is code
    assert str(error) in reply.message
    assert reply.frame == 'camera_optical'
    assert on.client._result.result().status == 6


def test_a_guess_succeeds_only_where_allowed(stage):
    on = stage()
    on.scripted.answer = replace(distance_answer(), code=ErrorCode.GUESSED, evidence=())
    on.see()
    on.client.ask(QUESTION)
    assert on.client._result.result().status == 6
    on.client.ask(QUESTION, allow_guess=True)
    assert on.client._result.result().status == 4


def test_an_inactive_server_rejects(stage):
    on = stage()
    on.change('deactivate')
    with pytest.raises(ServerUnavailable, match='not active'):
        on.client.ask(QUESTION)
    on.change('activate')
    on.wait(lambda: on.image.get_subscription_count())
    on.see()
    assert on.client.ask(QUESTION).is_answered


def test_every_transition_of_the_lifecycle(stage):
    on = stage()
    topics = on.server.get_publisher_names_and_types_by_node('spatialclaw', on.namespace)
    for _ in range(2):
        on.change('deactivate')
        assert on.server._ring.state().frames == 0
        on.change('cleanup')
        left = {publisher.topic_name for publisher in on.server.publishers}
        assert not left & {'/diagnostics', *(f'{on.namespace}/{topic}' for topic in (
            'answer', 'markers', 'object_points', 'spatialclaw/query/cells'))}
        on.change('configure')
        on.change('activate')
    assert on.server.get_publisher_names_and_types_by_node(
        'spatialclaw', on.namespace) == topics
    on.wait(lambda: on.image.get_subscription_count() == 1)
    on.see()
    # The client of before may still hold the endpoints of the first server for ready.
    client = SpatialClient(namespace=on.namespace)
    try:
        assert client.ask(QUESTION).is_answered
    finally:
        client.close()
    on.change('shutdown')
    assert not list(on.server.subscriptions)


def test_feedback_stays_under_four_kilobytes_in_any_script():
    long = '\U0001f916' * 5000
    message = feedback_of(Progress(long, 3, long, last_line=long, best_unit=long), 1.0)
    assert len(serialize_message(message)) < 4000


def test_answers_are_published_too(stage):
    on = stage()
    heard = []
    on.node.create_subscription(AnswerMessage, 'answer', heard.append, 10)
    on.wait(lambda: on.node.count_publishers(f'{on.namespace}/answer') == 1)
    on.wait(lambda: on.server.count_subscribers(f'{on.namespace}/answer') == 1)
    on.see()
    assert on.client.ask(QUESTION).is_answered
    on.wait(lambda: heard)
    assert heard[0].question == QUESTION
    assert heard[0].value == 0.5
    assert len(heard[0].goal_id) == 32


def test_diagnostics_tell_what_was_dropped(stage):
    on = stage(**{'sync.wait': 0.05})
    heard = []
    on.node.create_subscription(DiagnosticArray, '/diagnostics', heard.append, 10)
    name = f'{on.namespace[1:]}/spatialclaw'
    on.see(info=False)
    on.wait(lambda: on.counts().reasons)
    on.see()

    def reported(part):
        return [{value.key: value.value for value in status.values}
                for array in heard for status in array.status if status.name == f'{name}: {part}']

    on.wait(lambda: any(values['kept'] == '1' for values in reported('camera camera')))
    values = reported('camera camera')[-1]
    assert values['images'] == '2'
    assert values['dropped'] == '1'
    assert values[f'dropped: no camera_info on {on.namespace}/camera/camera_info'] == '1'
    assert reported('buffer')[-1]['frames'] == '1'
    assert reported('queries')[-1]['kernel alive'] == 'True'


def test_a_backward_jump_of_sim_time_flushes_the_buffer(stage):
    on = stage(use_sim_time=True)
    clock = on.node.create_publisher(Clock, '/clock', 10)
    on.wait(lambda: clock.get_subscription_count() >= 1)

    def tick(seconds):
        clock.publish(Clock(clock=time_message(seconds * 10**9)))
        on.wait(lambda: on.server.get_clock().now().nanoseconds == seconds * 10**9)

    tick(100)
    on.see(100 * 10**9)
    on.seen()
    assert on.client.ask(QUESTION).is_answered
    tick(50)
    on.wait(lambda: on.server._ring.state().frames == 0)
    reply = on.client.ask(QUESTION, max_wait=0.2)
    assert reply.code is ErrorCode.NO_FRAMES
    on.see(50 * 10**9)
    reply = on.client.ask(QUESTION)
    assert reply.is_answered
    assert reply.result.header.stamp.sec == 50


def test_values_that_are_no_numbers_stay_nan(stage):
    on = stage()
    on.scripted.answer = replace(distance_answer(), value=math.nan, text='left', evidence=())
    on.see()
    reply = on.client.ask(QUESTION)
    assert reply.answer == 'left'
    assert math.isnan(reply.value)
    assert json.dumps(reply.result.answer) == '"left"'
    assert isinstance(reply.result.elapsed, Duration)


def test_cells_pictures_and_findings_of_a_running_query(stage):
    on = stage()
    heard = {'query/cells': [], 'query/image/compressed': [], 'query/markers': []}
    kinds = {'query/cells': String, 'query/image/compressed': CompressedImage,
             'query/markers': MarkerArray}
    for topic, messages in heard.items():
        on.node.create_subscription(kinds[topic], f'spatialclaw/{topic}', messages.append, 10)
        on.wait(lambda topic=topic: on.server.count_subscribers(
            f'{on.namespace}/spatialclaw/{topic}') == 1)
    found = distance_answer().evidence

    async def work(question, window, tell):
        tell(Progress('running', 1, 'measure', code='x = 1'))
        tell(Progress('running', 1, 'measure', code='x = 1', last_line='1'))
        tell(Progress('running', 1, 'measure', code='x = 1',
                      pictures=(('mask', window.newest.image),)))
        tell(Progress('looking', 1, 'measure', code='x = 1', findings=found))
        return on.scripted.answer

    on.scripted.play = work
    on.see()
    assert on.client.ask(QUESTION).is_answered
    on.wait(lambda: heard['query/cells'] and heard['query/image/compressed'] and len(
        heard['query/markers']) >= 2)
    goal_id = bytes(on.client._handle.goal_id.uuid).hex()
    assert [json.loads(message.data) for message in heard['query/cells']] == [
        {'goal_id': goal_id, 'step': 1, 'purpose': 'measure', 'code': 'x = 1'}]
    assert heard['query/image/compressed'][0].header.frame_id == f'{goal_id}/mask'
    deletion, drawn = heard['query/markers'][:2]
    assert deletion.markers[0].action == Marker.DELETEALL
    assert {marker.ns.split('/')[0] for marker in drawn.markers} == {goal_id}
