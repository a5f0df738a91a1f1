"""Goals that a server refuses, waits with, interrupts or ends with a code."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rclpy.task import Future
from stage import distance_answer
from stage import QUESTION
from stage import SIZE

from spatialclaw_interfaces.msg import Region as RegionMessage
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import Region


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


def test_a_goal_whose_turn_comes_too_late(stage):
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
    assert 'waited for others until its timeout of 0.3 s' in reply.message


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
