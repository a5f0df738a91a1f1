"""The server as a node: lifecycle, what it publishes, diagnostics, clock."""

from dataclasses import replace
import json
import math

from builtin_interfaces.msg import Duration
from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from stage import distance_answer
from stage import QUESTION
from std_msgs.msg import String
from visualization_msgs.msg import Marker
from visualization_msgs.msg import MarkerArray

from spatialclaw_interfaces.msg import Answer as AnswerMessage
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.client import ServerUnavailable
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.query import feedback_of
from spatialclaw_ros.nodes.stamps import time_message


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
