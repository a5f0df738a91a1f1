"""The whole way: player and server processes, a client, and the same question asked directly."""

import asyncio
import json
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
from processes import interrupt
from processes import node
import pytest
import rclpy
from rclpy.node import Node
from std_srvs.srv import Trigger

from spatialclaw_interfaces.msg import Region as RegionMessage
from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import regions_from
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

DATA = Path(__file__).parents[1] / 'data'
#: A loaded machine may take long over a burst of images; none may be given up.
PATIENT = {'buffer.rate': 0.0, 'buffer.seconds': 300.0, 'sync.wait': 20.0, 'tf.wait': 20.0}
RELIABLE = {f'qos_overrides./{{0}}/camera/{topic}.subscription.reliability': 'reliable'
            for topic in ('image', 'camera_info', 'depth_registered')}


def questions_of(scene):
    """Every closest distance, and the first question of each other type."""
    questions = json.loads((DATA / scene / 'questions.json').read_text())['questions']
    firsts = {question['type']: question['id'] for question in reversed(questions)}
    return [question for question in questions
            if question['type'] == 'gap' or question['id'] == firsts[question['type']]]


class Stepper:
    """Steps a player and remembers the stamp of each frame."""

    def __init__(self, namespace):
        self.node = Node('stepper', namespace=namespace)
        self.client = self.node.create_client(Trigger, 'spatialclaw_player/step')
        assert self.client.wait_for_service(30)

    def play(self, count):
        stamps = {}
        for _ in range(count):
            future = self.client.call_async(Trigger.Request())
            rclpy.spin_until_future_complete(self.node, future, timeout_sec=20)
            words = future.result().message.split()
            stamps[int(words[1])] = int(words[3])
        return stamps

    def wait_for_subscribers(self, topics):
        deadline = time.monotonic() + 30
        while not all(self.node.count_subscribers(topic) for topic in topics):
            assert time.monotonic() < deadline
            rclpy.spin_once(self.node, timeout_sec=0.05)


def drawn(question, stamps):
    messages = []
    for name, places in question['regions'].items():
        for place in places:
            message = RegionMessage(name=name, box=[float(x) for x in place['box']])
            message.header.stamp = time_message(stamps[place['frame']])
            messages.append(message)
    return messages


async def ask_directly(scene, questions):
    recording = open_recording(DATA / scene)
    nursery = await Nursery.start(TOOLKIT)
    answers = []
    try:
        for question in questions:
            regions = regions_from(question['regions'])
            frames = sorted({region.frame for region in regions}) or [question['frame']]
            window = recording.window(frames, regions)
            answers.append(await ask(
                Question(question['question']), window, engines_for(window), nursery,
                limits=Limits(), transcript_dir=None))
    finally:
        await nursery.close()
    return answers


def assert_same(reply, wanted, told):
    """Numbers and coordinates within 1 mm and 1 %, words to the letter."""
    if np.isfinite(wanted.value):
        assert abs(reply.value - wanted.value) <= max(0.001, 0.01 * abs(wanted.value)), told
        assert reply.result.unit == wanted.unit, told
    elif wanted.position is not None:
        place = reply.result.position
        np.testing.assert_allclose(
            [place.x, place.y, place.z], wanted.position, atol=0.001, err_msg=str(told))
        assert np.all(np.isfinite(reply.result.position_covariance)), told
    else:
        assert reply.answer == wanted.text, told


@pytest.mark.parametrize('scene', ['ycb_table_a', 'apc_shelf_bin'])
def test_an_answer_over_dds_is_that_of_the_recording(scene):
    namespace = f'/dds_{scene}'
    recording = open_recording(DATA / scene)
    has_poses = recording.frame(recording.frame_indices[0]).camera_to_world is not None
    up = [0.0, 0.0, 0.0] if recording.up is None else np.asarray(recording.up, float).tolist()
    questions = questions_of(scene)
    direct = asyncio.run(ask_directly(scene, questions))
    reliable = {key.format(namespace[1:]): value for key, value in RELIABLE.items()}
    with node('serve', namespace, fixed_frame=recording.world_frame if has_poses else "''",
              up=up, **PATIENT, **reliable) as server, \
            node('player', namespace, recording=DATA / scene, rate=0.0, loop=True):
        stepper = Stepper(namespace)
        stepper.wait_for_subscribers(['/tf', *(f'{namespace}/camera/{topic}' for topic in (
            'image', 'camera_info', 'depth_registered'))])
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            # What is played before player and server have found each other is lost: one round
            # goes before, and the next one counts once something has arrived.
            for _ in range(10):
                stepper.play(len(recording.frame_indices))
                if client.ask('Ready?', max_wait=2.0).code is not ErrorCode.NO_FRAMES:
                    break
            stamps = stepper.play(len(recording.frame_indices))
            assert list(stamps) == list(recording.frame_indices)
            for question, wanted in zip(questions, direct, strict=True):
                regions = drawn(question, stamps)
                reply = client.ask(question['question'], regions=regions, max_wait=20.0,
                                   stamp=0 if regions else stamps[question['frame']])
                told = question['id'], reply.message, wanted.message
                assert reply.code is wanted.code, told
                if wanted.code is not ErrorCode.NONE:
                    continue
                assert_same(reply, wanted, told)
                assert reply.frame == (
                    recording.world_frame if has_poses else recording.frame(0).camera.frame_id)
                for distance in reply.result.distances[:question['type'] == 'gap']:
                    ends = [[p.x, p.y, p.z] for p in (distance.from_point, distance.to_point)]
                    assert np.linalg.norm(np.subtract(*ends)) == pytest.approx(
                        distance.value, abs=0.02)
        finally:
            client.close()
            stepper.node.destroy_node()
        assert interrupt(server) == 0


def test_regions_come_as_detections_at_a_rate(tmp_path):
    namespace = '/dds_detections'
    question = next(q for q in questions_of('ycb_table_a') if q['type'] == 'gap')
    [wanted] = asyncio.run(ask_directly('ycb_table_a', [question]))
    regions = tmp_path / 'regions.json'
    regions.write_text(json.dumps(question['regions']))
    reliable = {key.format(namespace[1:]): value for key, value in RELIABLE.items()}
    with node('serve', namespace, **{'camera.camera.detections': 'camera/detections'},
              **reliable), \
            node('player', namespace, recording=DATA / 'ycb_table_a', rate=4.0, loop=True,
                 regions=regions):
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            reply = client.ask(question['question'], max_wait=30.0, target_frame='camera')
            assert reply.is_answered, reply.message
            assert reply.value == pytest.approx(wanted.value, abs=0.001, rel=0.01)
        finally:
            client.close()


def test_the_player_names_what_is_wrong_with_a_recording(tmp_path):
    with node('player', '/dds_broken', recording=tmp_path / 'nothing') as process:
        assert process.wait(30) == 1


def test_the_server_names_a_parameter_that_cannot_be(capfd):
    with node('serve', '/dds_bad', **{'kernel.sandbox': 'open'}) as process:
        assert process.wait(60) == 1
    assert 'kernel.sandbox' in capfd.readouterr().err
    with node('serve', '/dds_bad', timeout=300) as process:
        assert process.wait(60) == 1
    assert 'write it with a decimal point' in capfd.readouterr().err


def test_the_server_warns_of_a_parameter_that_it_does_not_have(capfd):
    told = ''
    with node('serve', '/dds_misspelt', **{'engine.segment': 'sam3'}) as process:
        for _ in range(300):
            told += ''.join(capfd.readouterr())
            if 'active:' in told:
                break
            time.sleep(0.1)
        assert interrupt(process) == 0
    assert 'parameter engine.segment is set, and there is none of this name' in told


def test_a_simulated_cameras_label_image_answers_a_question_of_the_command_line():
    namespace = '/dds_simulated'
    labels = {'camera.camera.labels': 'camera/labels', 'camera.camera.label_info':
              'camera/label_info'}
    with node('serve', namespace, fixed_frame='world', **labels) as server, \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        asked = subprocess.run(
            [sys.executable, '-m', 'spatialclaw_ros.cli', 'ask', 'How high is the camera above '
             'the table?', '--live', '--namespace', namespace, '--json', '--timeout', '40'],
            capture_output=True, text=True, timeout=90, check=False)
        assert asked.returncode == 0, asked.stdout + asked.stderr
        told = json.loads(asked.stdout)
        assert told['status'] == 'ANSWERED' and told['unit'] == 'm'
        assert told['interval'][0] < told['value'] < told['interval'][1]
        assert interrupt(server) == 0


def test_a_namespace_that_cannot_be_is_named():
    asked = subprocess.run(
        [sys.executable, '-m', 'spatialclaw_ros.cli', 'ask', 'How tall is the mug?', '--live',
         '--namespace', 'not a name', '--json'],
        capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode != 0
    told = json.loads(asked.stdout)
    assert told['status'] == 'BAD_GOAL' and 'not a name' in told['explanation']
