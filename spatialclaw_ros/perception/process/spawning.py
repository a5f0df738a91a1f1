"""How the child process of the model engines is started."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
import os
import re
import socket
import sys

from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.perception.process.ending import Said

_CHILD = 'spatialclaw_ros.perception.process.child'
#: Variables that hold secrets, and those of them that the hub's client needs for gated weights.
_SECRET = re.compile(r'.*_(KEY|TOKEN|SECRET|PASSWORD)', re.IGNORECASE)
_NEEDED = ('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN')
#: Arrays of up to 32 MB come from glibc's heap, which keeps what is freed: each page had anew from
#: the system costs a fault. The operator's own choice goes before it.
_HEAP = {'GLIBC_TUNABLES': ('glibc.malloc.mmap_threshold=33554432:'
                            'glibc.malloc.trim_threshold=268435456')}


@dataclass(frozen=True)
class Spawned:
    """A process that has been started, the host's end of its channel, and what it says."""

    process: asyncio.subprocess.Process
    sock: socket.socket
    said: Said


async def spawn(room: str) -> Spawned:
    """Start a child whose engines are those of `room`, 'module:Class'; never forks Python.

    It finds modules where this process does, and is in a session of its own, so that Ctrl-C does
    not reach it. Raises EngineDied where the system starts none.
    """
    ours, theirs = socket.socketpair()
    read, write = os.pipe2(os.O_CLOEXEC)
    said = Said(read)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, '-m', _CHILD, str(theirs.fileno()), str(os.getpid()), room,
            env=environment(os.environ), start_new_session=True, pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL, stdout=write, stderr=write)
    except BaseException as error:
        ours.close()
        said.close()
        if isinstance(error, OSError):
            raise EngineDied(f'the engine process could not be started: {error}') from error
        raise
    finally:
        theirs.close()
        os.close(write)
    return Spawned(process, ours, said)


def environment(mine: Mapping[str, str]) -> dict[str, str]:
    """The child's variables: `mine` without secrets, and with the places of this one's modules."""
    kept = {name: value for name, value in mine.items()
            if name in _NEEDED or not _SECRET.fullmatch(name)}
    path = os.pathsep.join(filter(None, sys.path))
    return _HEAP | kept | {'PYTHONPATH': path, 'PYTHONSAFEPATH': '1', 'PYTHONUNBUFFERED': '1'}
