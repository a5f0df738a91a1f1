"""A nursery with the toolkit for tests that run whole questions; also puts fakes.py in reach."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from spatialclaw_ros.kernel.host import Nursery


@pytest_asyncio.fixture
async def nursery() -> AsyncIterator[Nursery]:
    """A nursery as the command line starts one."""
    started = await Nursery.start('spatialclaw_ros.toolkit.cell')
    yield started
    await started.close()
