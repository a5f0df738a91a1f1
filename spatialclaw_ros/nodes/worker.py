"""One asyncio loop on a thread of its own, where queries are worked on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
import threading
from typing import Any
from typing import TypeVar

T = TypeVar('T')

#: How long `close` waits for what is running to clean up, seconds.
_CLOSING = 1.0


class Worker:
    """Runs coroutines for threads that must not wait."""

    def __init__(self) -> None:
        """Start the thread."""
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name='queries', daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `work`; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        """Result of `work`, waited for at most `timeout` seconds (TimeoutError)."""
        return self.submit(work).result(timeout)

    def close(self) -> None:
        """Cancel what is running, let it clean up, end the thread."""
        if not self._thread.is_alive():
            return
        try:
            self.run(self._cancel_all(), _CLOSING + 0.5)
        except TimeoutError:
            pass
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(_CLOSING)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)
