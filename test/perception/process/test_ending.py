"""What a child says last, and that its end is told though this process can say nothing."""

import asyncio
import contextlib
import io
import os
import sys

from engine_rooms import engines
from engine_rooms import said
import pytest

from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.perception.process import ending


def closed():
    file = io.StringIO()
    file.close()
    return file


def unread():
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, 'w', buffering=1)


@pytest.mark.parametrize('broken', [lambda: None, closed, unread])
async def test_a_death_is_told_where_nothing_can_be_written_to_stderr(monkeypatch, broken):
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    stderr = broken()
    monkeypatch.setattr(sys, 'stderr', stderr)
    async with engines() as host:
        assert await said(host, 'print words of a library') == 'words of a library'
        with pytest.raises(EngineDied, match=r'status 3.*said last: the last straw'):
            await asyncio.wait_for(said(host, 'exit 3'), 10)
        assert await said(host, 'say next') == 'next'
    assert not faults
    with contextlib.suppress(AttributeError, OSError):
        stderr.close()


async def test_those_who_wait_are_told_even_if_the_end_cannot_be_described(monkeypatch):
    def fail(said):
        raise RuntimeError('a fault of our own')

    async with engines() as host:
        await said(host, 'pid')
        monkeypatch.setattr(ending.Said, 'close', fail)
        with pytest.raises(EngineDied, match='is no longer watched'):
            await asyncio.wait_for(said(host, 'exit 3'), 10)
        with pytest.raises(RuntimeError, match='a fault of our own'):
            await host._child.gone
        monkeypatch.undo()
        host._child._said.close()
        assert await said(host, 'say next') == 'next'
