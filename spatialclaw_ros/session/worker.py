"""A bounded worker: one thread that runs the calls of one engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import threading
from typing import TypeVar

from spatialclaw_ros.findings.errors import Busy

T = TypeVar('T')


class Worker:
    """One thread that runs one engine's calls in turn; what is too much is refused.

    A call whose awaiter is cancelled runs on unseen and keeps its place until it ends.
    """

    def __init__(self, name: str, most: int = 8) -> None:
        """At most `most` calls wait or run at a time."""
        self._name, self._most = name, most
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f'engine-{name}')
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Calls that wait or run, abandoned ones included."""
        return self._taken

    async def run(self, call: Callable[[], T]) -> T:
        """Result of `call()` on the worker's thread; raises Busy when it is full."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(f'engine {self._name!r} has {self._taken} calls to do; try again later')
            self._taken += 1
        future = self._executor.submit(call)
        future.add_done_callback(lambda _: self._free())
        return await asyncio.wrap_future(future)

    def _free(self) -> None:
        with self._lock:
            self._taken -= 1
