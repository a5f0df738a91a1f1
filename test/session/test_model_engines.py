"""What a session sends to engines of another process, and what it takes from them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
import threading

import box_world
import numpy as np
import pytest

from spatialclaw_ros.calls import requests as r
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.session import engines as engines_module
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.engines import ModelReconstruct
from spatialclaw_ros.session.engines import ModelSegment
from spatialclaw_ros.session.handlers import CellYield
from spatialclaw_ros.session.handlers import Handlers
from spatialclaw_ros.session.perception import Choice
from spatialclaw_ros.session.perception import Perception


class Host:
    """An engine host in this process; `reply(call)` answers."""

    def __init__(self, reply):
        self.reply, self.calls = reply, []

    async def answer(self, call):
        self.calls.append(call)
        return self.reply(call)


def geometry(call, **more):
    frames = [f for f in call.frames if f.index in call.request.frames]
    return r.Reconstructed(tuple(r.FrameGeometry(
        f.index, np.ones(f.image.shape[:2], np.float32), f.noise, **more) for f in frames),
        1.0, 'test')


def masks(call):
    found = [box_world.instance(frame, 1, call.request.labels[0])
             for frame in box_world.window().frames if frame.index in call.request.frames]
    return r.Segmented(call.request.frames, tuple(found))


async def answered(request, host, window=None):
    engines = Engines(ModelReconstruct('fused', host), ModelSegment('sam3', host))
    handlers = Handlers(window or box_world.window(), engines, (), None)
    return await handlers.answer(request, CellYield())


async def test_posed_frames_are_sent_as_asked_without_what_the_engine_does_not_need():
    host = Host(geometry)
    reply = await answered(r.Reconstruct((14,)), host)
    call, = host.calls
    assert isinstance(reply, r.Reconstructed)
    assert (call.engine, [f.index for f in call.frames]) == ('fused', [14])
    assert call.frames[0].labels is None and call.frames[0].depth is not None
    assert (call.up == box_world.UP).all()


@pytest.mark.parametrize('lacking', ['depth', 'camera_to_world'])
async def test_a_frame_without_depth_or_pose_brings_others_and_the_newest_along(lacking):
    first = box_world.window().frames[0]
    frames = [replace(first, index=n, stamp=n * 10**8, **(
        {lacking: None} if n == 3 else {})) for n in range(60)]
    host = Host(geometry)
    reply = await answered(r.Reconstruct((3,)), host, box_world.window(frames))
    sent = [f.index for f in host.calls[0].frames]
    assert {3, 59} <= set(sent) and sent == sorted(sent) and 16 <= len(sent) <= 18
    assert [g.frame for g in reply.frames] == [3]


async def test_masks_come_without_sending_depth():
    host = Host(masks)
    reply = await answered(r.SegmentText((10, 20), ('crate',), ('crate',)), host)
    assert [(m.frame, m.label) for m in reply.masks] == [(10, 'crate'), (20, 'crate')]
    assert all(f.depth is None and f.labels is None for f in host.calls[0].frames)


def small(call):
    return r.Reconstructed((r.FrameGeometry(10, np.ones((3, 4), np.float32),
                                            box_world.window().frames[0].noise),), 1.0, '')


def outside(call):
    found = replace(masks(call).masks[0], origin=(10_000, 0))
    return r.Segmented(call.request.frames, (found,))


def deep(call):
    found = masks(call).masks[0]
    return r.Segmented(call.request.frames, (replace(found, mask=found.mask[None]),))


@pytest.mark.parametrize(('request_', 'reply', 'message'), [
    (r.Reconstruct((10,)), small, 'depth for frame 10 as float32[3, 4]'),
    (r.Reconstruct((10, 14)), small, 'replied frames [10], asked were [10, 14]'),
    (r.Reconstruct((10,)), lambda call: r.Segmented((10,), ()), 'Segmented, not Reconstructed'),
    (r.Reconstruct((10,)), lambda call: geometry(call, sigma=np.ones(7, np.float32)),
     'sigma for frame 10 as float32[7]'),
    (r.Reconstruct((10,)), lambda call: geometry(call, source_map=np.ones((480, 640))),
     'source_map for frame 10 as float64[480, 640]; it should be unsigned'),
    (r.Reconstruct((10,)), lambda call: geometry(call, camera_to_world=np.full((4, 4), np.nan)),
     'camera_to_world for frame 10 that is not finite'),
    (r.Reconstruct((10,)), lambda call: geometry(call, matrix=np.eye(4)), 'matrix for frame 10'),
    (r.Reconstruct((10,)), lambda call: replace(geometry(call), up=np.ones(2)), 'up as float64[2]'),
    (r.SegmentText((10,), ('crate',), ('crate',)), outside, 'at (10000, 0) for frame 10'),
    (r.SegmentText((10,), ('crate',), ('crate',)), deep, 'a mask of shape [1, '),
    (r.SegmentText((10,), ('crate',), ('crate',)), geometry, 'Reconstructed, not Segmented'),
])
async def test_a_reply_that_cannot_be_is_an_error(request_, reply, message):
    got = await answered(request_, Host(reply))
    assert got.kind == 'RuntimeError' and message in got.message


@pytest.mark.parametrize(('request_', 'reply'), [
    (r.Reconstruct((20, 10, 14)), geometry),
    (r.SegmentText((20, 10, 14), ('crate',), ('crate',)), masks),
    (r.SegmentBoxes((20, 10, 14), ((300.0, 200.0, 400.0, 300.0),), ('crate',), 14), masks),
    (r.SegmentPoints((20, 10, 14), (np.array([[320.0, 240.0]]),), ((1,),), ('crate',), 14), masks),
])
async def test_frames_are_sent_in_time_order_whatever_the_order_asked(request_, reply):
    host = Host(reply)
    got = await answered(request_, host)
    assert not isinstance(got, r.Failed), got
    stamps = [frame.stamp for frame in host.calls[0].frames]
    assert stamps == sorted(stamps) and len(stamps) == 3


async def test_the_loop_goes_on_while_masks_are_associated(monkeypatch):
    began, ended = threading.Event(), threading.Event()

    def slowly(reply, frames):
        began.set()
        assert ended.wait(10)
        return reply

    monkeypatch.setattr(engines_module, 'merged', slowly)
    asked = asyncio.create_task(answered(
        r.SegmentText((10, 20), ('crate',), ('crate',)), Host(masks)))
    while not began.is_set():
        await asyncio.sleep(0.001)
    asked.cancel()  # its caller is free at once, and so is everyone else
    with pytest.raises(asyncio.CancelledError):
        await asked
    ended.set()


async def test_a_dead_engine_is_told_by_its_name():
    def die(call):
        raise EngineDied('engine fused: killed')

    assert await answered(r.Reconstruct((10,)), Host(die)) == r.Failed(
        'EngineDied', 'engine fused: killed')


async def test_cancelling_a_call_reaches_the_host():
    cancelled = asyncio.Event()

    class Slow(Host):
        async def answer(self, call):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise

    task = asyncio.create_task(answered(r.Reconstruct((10,)), Slow(None)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


async def test_the_choice_gives_every_query_its_engines():
    window = box_world.window()
    plain = Perception()
    assert plain.engines_for(window).reconstruct.name == 'depth_camera'
    assert plain.engines_for(window).segment.name == 'label_image'
    assert await plain.health() is None
    chosen = Perception(Choice('fused', 'sam3', server='http://localhost:1'))
    engines = chosen.engines_for(window)
    assert (engines.reconstruct.name, engines.segment.name) == ('fused', 'sam3')
    assert chosen.engines_for(window).segment is engines.segment
    assert chosen.choice.shown == 'fused and sam3 by http://localhost:1'
    assert Choice(server='http://localhost:1').shown == (
        'auto and auto, none of which runs by http://localhost:1')
    with pytest.raises(BadGoal, match='nonsense'):
        Perception(Choice(server='nonsense'))
    named = Perception(Choice(segment='detections'))
    assert named.engines_for(window).segment.name == 'detections'
    for perception in (plain, chosen, named):
        await perception.close()


@pytest.mark.parametrize(('make', 'message'), [
    (lambda: Choice('da3'), "reconstruct engine 'da3' is not known; there are auto, depth_camera"),
    (lambda: Choice(segment='sam'), "segment engine 'sam' is not known"),
    (lambda: EngineSettings(precision='fp16'), "precision 'fp16'; it may be auto, bfloat16"),
    (lambda: EngineSettings(views=0), 'views 0'),
    (lambda: EngineSettings(edge=10), 'edge 10'),
])
def test_a_choice_that_cannot_be_is_refused(make, message):
    with pytest.raises(BadGoal, match=message):
        make()


async def test_networks_are_loaded_before_the_first_query_and_what_lacks_is_told():
    perception = Perception(Choice('fused', 'sam3', server='http://localhost:1'))

    def load(call):
        assert call.request == r.Load() and call.frames == ()
        if call.engine == 'sam3':
            raise Unanswerable('no weights')
        return r.EngineState('fused', 'tiny', 'Apache-2.0', is_loaded=True)

    perception._host = Host(load)
    fused, sam3 = await perception.load()
    assert fused.is_loaded and not fused.problem
    assert (sam3.name, sam3.problem) == ('sam3', 'no weights')
    assert await Perception().load() == ()
