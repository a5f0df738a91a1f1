from __future__ import annotations

import asyncio
import threading

import pytest

from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.session.worker import Worker


async def test_an_abandoned_call_keeps_its_place_until_it_ends():
    started, go = threading.Event(), threading.Event()
    worker = Worker('slow', most=2)

    def call():
        started.set()
        return go.wait(20)

    running = asyncio.create_task(worker.run(call))
    await asyncio.to_thread(started.wait, 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert worker.taken == 1
    waiting = asyncio.create_task(worker.run(lambda: 7))
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="engine 'slow' has 2 calls to do"):
        await worker.run(lambda: 8)
    go.set()
    assert await waiting == 7
    assert await worker.run(lambda: 9) == 9


async def test_an_error_of_a_call_frees_its_place():
    worker = Worker('bad', most=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda: 1 / 0)
