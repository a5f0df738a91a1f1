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
#: The variables that the child gets, for it runs code of models: what finds libraries, devices,
#: caches and the hub, and tunes them. Of secrets only HF_TOKEN, for gated weights, and what a proxy
#: asks for are among them.
_PASSED = re.compile('|'.join((
    r'PATH|HOME|USER|LOGNAME|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|TEMP|TMP|XDG_CACHE_HOME|PYTHON\w+',
    r'LD_LIBRARY_PATH|LD_PRELOAD|GLIBC_TUNABLES|MALLOC_\w+|_ROS_WHEELS_BOOTSTRAP_COMPLETE',
    r'(HF|HUGGINGFACE|HUGGING_FACE|TRANSFORMERS|SAFETENSORS)_\w+|DO_NOT_TRACK|DISABLE_TELEMETRY',
    r'(TORCH|TORCHINDUCTOR|PYTORCH|TRITON|XFORMERS)_\w+',
    r'(CUDA|CUDNN|CUBLAS|HIP|HSA|ROCR)_\w+|NVIDIA_(VISIBLE_DEVICES|DRIVER_\w+|TF32_OVERRIDE)',
    r'(OMP|GOMP|KMP|MKL|OPENBLAS|NUMEXPR)_\w+',
    r'(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|SSL_CERT_\w+|(REQUESTS|CURL)_CA_BUNDLE')))
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
    """The child's variables: those of `mine` that it needs, and the places of its modules."""
    passed = {name: value for name, value in mine.items() if _PASSED.fullmatch(name)}
    path = os.pathsep.join(filter(None, sys.path))
    return _HEAP | passed | {'PYTHONPATH': path, 'PYTHONSAFEPATH': '1', 'PYTHONUNBUFFERED': '1'}
