"""Waiting for something for a time, without losing a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar('T')


async def in_time(waited: Awaitable[T], seconds: float) -> T:
    """What is `waited` for; asyncio.TimeoutError after `seconds`, when it is cancelled and over.

    Before Python 3.12 asyncio.wait_for loses a cancel that comes just when what it waits for ends.
    """
    task = asyncio.ensure_future(waited)
    try:
        await asyncio.wait({task}, timeout=max(seconds, 0.0))
        if task.done():
            return task.result()
        raise asyncio.TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # of one that nobody waits for any more, it is seen here
