from __future__ import annotations

import asyncio

import pytest

from spatialclaw_ros.agent.timing import in_time


async def at_once():
    return 'done'


async def test_what_comes_in_time_is_given_and_what_it_raises_raised():
    async def faulty():
        raise KeyError('mug')

    assert await in_time(at_once(), 5) == 'done'
    with pytest.raises(KeyError, match='mug'):
        await in_time(faulty(), 5)


async def test_what_does_not_is_cancelled_and_over():
    ended = []

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    with pytest.raises(asyncio.TimeoutError):
        await in_time(slow(), 0.01)
    assert ended


async def test_a_cancel_that_comes_just_when_it_ends_is_not_lost():
    async def asked():
        asyncio.current_task().cancel()  # as Ctrl-C does while something runs without an await
        return await in_time(at_once(), 5)

    task = asyncio.ensure_future(asked())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_cancel_ends_what_is_waited_for():
    ended = asyncio.Event()

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.ensure_future(in_time(slow(), 30))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
