"""Which frames a goal gets from the ring."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import numpy as np
import pytest

from spatialclaw_ros.nodes.evidence import Evidence
from spatialclaw_ros.nodes.goal import FrameRequest
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene.capture import Payload
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame_ring import FrameRing

CAMERA = Camera('front', 'front_optical', 4, 3, np.array([[4.0, 0, 2], [0, 4.0, 1.5], [0, 0, 1]]))
SECOND = 10**9


def sighting(seconds: float, whole: bool) -> Sighting:
    return Sighting(round(seconds * SECOND), CAMERA, Payload(bytes(36), 'rgb8', 3, 4, 12),
                    is_whole=whole)


class Asked:
    """A ring of one camera, and what a goal without wishes gets of it."""

    def __init__(self) -> None:
        self.ring = FrameRing(1.0, 20.0)
        world = SimpleNamespace(window=lambda frames, target: frames)
        self.evidence = Evidence(self.ring, world, ('front',), lambda: 'report')

    async def stamps(self, max_wait: float) -> list[float]:
        frames = await self.evidence.window(FrameRequest(0, 0, 0, max_wait, (), '', ()))
        return [frame.stamp / SECOND for frame in frames]


@pytest.fixture
def asked():
    return Asked()


async def test_the_first_image_without_its_labels_is_waited_for_to_have_a_whole_one(asked):
    """At the start an image may come before the label image or its class map does."""
    asked.ring.add(sighting(10.0, whole=False))
    answer = asyncio.create_task(asked.stamps(5.0))
    await asyncio.sleep(0.1)
    assert not answer.done()
    asked.ring.add(sighting(10.2, whole=True))
    assert await asyncio.wait_for(answer, 2) == [10.2]


async def test_where_none_comes_the_image_is_used_without(asked):
    asked.ring.add(sighting(10.0, whole=False))
    before = time.monotonic()
    assert await asked.stamps(0.2) == [10.0]
    assert time.monotonic() - before < 5


async def test_a_whole_image_is_not_waited_for(asked):
    asked.ring.add(sighting(10.0, whole=True))
    assert await asyncio.wait_for(asked.stamps(60.0), 5) == [10.0]
