"""Engine rooms that sleep, crash and count, in place of networks: what a prompt says is done."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
import signal
import sys
import time
from typing import Any

import numpy as np

from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings import errors
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process.host import EngineProcess
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame


def frame(index: int = 0, size: tuple[int, int] = (48, 64), seed: int = 0) -> Frame:
    """A frame of noise with depth and pose; `size` is height, width."""
    height, width = size
    rng = np.random.default_rng(seed)
    matrix = np.array([[60.0, 0, width / 2], [0, 60.0, height / 2], [0, 0, 1]])
    return Frame(
        index, index * 10**9, Camera('front', 'front_optical', width, height, matrix),
        rng.integers(0, 256, (height, width, 3), np.uint8),
        rng.uniform(0.5, 4, (height, width)).astype(np.float32), np.eye(4))


def order(words: str, engine: str = 'fake', frames: tuple[Frame, ...] = ()) -> EngineCall:
    """A call that has the room do what `words` say."""
    return EngineCall(engine, SegmentText(
        tuple(one.index for one in frames), (words,), ('x',)), frames)


async def said(host: EngineHost, words: str) -> str:
    """What the fake engine says to `words`."""
    reply = await host.answer(order(words))
    assert isinstance(reply, Segmented)
    return reply.reason


@asynccontextmanager
async def engines(room: str = 'ObedientRoom', **options: Any) -> AsyncIterator[EngineProcess]:
    """A process of a room of this file, closed at the end; `options` are EngineProcess's."""
    host = EngineProcess(EngineSettings(device='cpu'), room=f'engine_rooms:{room}', **options)
    try:
        yield host
    finally:
        await host.close()


def depth_call(*frames: Frame, engine: str = 'fake') -> EngineCall:
    """A call for the geometry of `frames`."""
    return EngineCall(engine, Reconstruct(tuple(one.index for one in frames)), frames)


class ObedientRoom:
    """Does what the first prompt says, and replies with what came of it as the reason.

    'say WORDS', 'pid', 'seen' (how many calls were cancelled while they ran), 'sleep S',
    'until cancelled', 'exit N', 'leave N' (as sys.exit), 'signal NAME', 'raise NAME WORDS',
    'print WORDS', 'env NAME', 'where' (module paths). A Reconstruct adds a metre to the depth of
    its frames, in place, and returns it. A Load of the engine 'slow' takes half a second.
    """

    def __init__(self, settings):
        self.settings = settings
        self.seen = 0

    def answer(self, call, cancelled=lambda: False):
        try:
            if isinstance(call.request, Load):
                time.sleep(0.5 * (call.engine == 'slow'))
                return EngineState(call.engine, 'none', 'none', is_loaded=True)
            if isinstance(call.request, Reconstruct):
                return self._reconstructed(call)
            word, _, rest = call.request.prompts[0].partition(' ')
            said = getattr(self, f'_{word}')(rest, cancelled)
            return Segmented(call.request.frames, (), str(said))
        except Exception as error:
            return failed_of(error)

    def health(self, waiting):
        return EngineHealth('0', self.settings.device, 8, 4, waiting, (
            EngineState('fake', 'none', 'none', is_loaded=True),))

    def _reconstructed(self, call):
        for one in call.frames:
            one.depth[:] = one.depth + 1
        return Reconstructed(tuple(FrameGeometry(
            one.index, one.depth, DepthNoise(), np.full_like(one.depth, 0.1),
            np.ones_like(one.depth)) for one in call.frames), 1.0, 'fake')

    def _say(self, rest, cancelled):
        return rest

    def _pid(self, rest, cancelled):
        return os.getpid()

    def _seen(self, rest, cancelled):
        return self.seen

    def _sleep(self, rest, cancelled):
        time.sleep(float(rest))
        return rest

    def _until(self, rest, cancelled):
        while not cancelled():
            time.sleep(0.002)
        self.seen += 1
        raise CallCancelled

    def _exit(self, rest, cancelled):
        print('the last straw', file=sys.stderr)
        os._exit(int(rest))

    def _leave(self, rest, cancelled):
        raise SystemExit(rest)

    def _signal(self, rest, cancelled):
        os.kill(os.getpid(), getattr(signal, rest))
        time.sleep(5)

    def _raise(self, rest, cancelled):
        name, _, words = rest.partition(' ')
        cls = getattr(errors, name, None) or getattr(builtins, name, None)
        raise (cls or type(name, (Exception,), {}))(words)

    def _print(self, rest, cancelled):
        print(rest)
        return rest

    def _env(self, rest, cancelled):
        return os.environ.get(rest)

    def _where(self, rest, cancelled):
        return sys.path


class Stillborn:
    """Cannot be made."""

    def __init__(self, settings):
        raise RuntimeError('no such luck')


class Sleeper:
    """Is never made."""

    def __init__(self, settings):
        time.sleep(60)


class Sender(ObedientRoom):
    """Replies what cannot be sent."""

    def answer(self, call, cancelled=lambda: False):
        if isinstance(call.request, Reconstruct):
            return Reconstructed((np.array([object()]),), 1.0, 'a stranger')
        return super().answer(call, cancelled)
