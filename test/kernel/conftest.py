from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
from typing import Any

import pytest

from spatialclaw_ros.kernel.host import CellOutcome
from spatialclaw_ros.kernel.host import Kernel
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery


async def _unanswered(body: bytes) -> tuple[bytes, Sequence[int]]:
    raise AssertionError(f'unexpected call {body!r}')


class Bench:
    """Opens kernels and runs cells in them, noting what is streamed."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery
        self.limits = Limits()
        self.kernels: list[Kernel] = []
        self.streamed: list[str] = []
        self._news = asyncio.Event()

    async def open(self, opening: bytes = b'', fds: Sequence[int] = (), **limits: Any) -> Kernel:
        limited = dataclasses.replace(self.limits, **limits)
        kernel = await self.nursery.open(opening, fds, limited)
        self.kernels.append(kernel)
        return kernel

    async def run(self, code: str, on_call: Callable = _unanswered,
                  seconds: float | None = None) -> CellOutcome:
        """Run a cell in the kernel that was opened last, which is opened if there is none."""
        kernel = self.kernels[-1] if self.kernels else await self.open()
        return await kernel.run(code, on_output=self._hear, on_call=on_call,
                                seconds=seconds)

    async def said(self, word: str) -> None:
        """Wait until a running cell has printed `word`."""
        while word not in ''.join(self.streamed):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 60)

    def _hear(self, text: str) -> None:
        self.streamed.append(text)
        self._news.set()


async def _bench(preload: str) -> AsyncIterator[Bench]:
    nursery = await Nursery.start(preload)
    bench = Bench(nursery)
    yield bench
    for kernel in bench.kernels:
        await kernel.close()
    await nursery.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async for made in _bench('tiny_workshop'):
        yield made


@pytest.fixture
async def walled_off() -> AsyncIterator[Bench]:
    """A bench on a system where one wall cannot be raised."""
    async for made in _bench('filterless_workshop'):
        yield made


@pytest.fixture
async def unwalled() -> AsyncIterator[Bench]:
    """A bench whose kernels have no walls."""
    async for made in _bench('unwalled_workshop'):
        yield made
