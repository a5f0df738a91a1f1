from __future__ import annotations

import asyncio
import threading

import pytest

from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.session.engines import Worker


async def test_an_abandoned_call_keeps_its_place_until_it_ends():
    worker, started, go = Worker('slow', most=1), threading.Event(), threading.Event()
    ended = threading.Event()

    def call() -> None:
        started.set()
        go.wait(10)
        ended.set()

    task = asyncio.create_task(worker.run(call))
    await asyncio.to_thread(started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.taken == 1 and not ended.is_set()
    with pytest.raises(Busy, match='slow'):
        await worker.run(lambda: None)
    go.set()
    assert await asyncio.to_thread(ended.wait, 10)
    while worker.taken:
        await asyncio.sleep(0)
    assert await worker.run(lambda: 7) == 7


async def test_calls_run_one_at_a_time_and_errors_come_back():
    worker, running, most = Worker('engine'), 0, 0

    def call() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1

    await asyncio.gather(*(worker.run(call) for _ in range(8)))
    assert most == 1
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 / 0)
    assert worker.taken == 0
