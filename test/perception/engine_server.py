"""A real engine server in a process of its own, its engines those of `engine_rooms`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import resource
import subprocess
import sys
import threading

from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process.host import EngineProcess


@dataclass(frozen=True)
class Served:
    """Where it listens, and its process."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def served(*, token: str = '', **limits: float) -> Iterator[Served]:
    """Run a server while the block lasts; `limits` are fields of the server's Limits.

    `most_files` among them is how many files the system lets it have open.
    """
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), json.dumps(limits)], text=True,
        stderr=subprocess.PIPE, env=os.environ | {
            'SPATIALCLAW_TOKEN': token, 'PYTHONPATH': os.pathsep.join(sys.path)})
    said = []
    for line in process.stderr:
        said.append(line)
        found = re.search(r'http://\S+?(?=,)', line)
        if found:
            break
    else:
        raise AssertionError(''.join(said))
    # What it says later must be read, or it would stop in the middle of it.
    reading = threading.Thread(target=lambda: said.extend(process.stderr))
    reading.start()
    try:
        yield Served(found.group(), process)
    finally:
        process.terminate()
        process.wait(20)
        reading.join()
        process.stderr.close()


async def main(limits: dict[str, float]) -> None:
    """Serve until the process is told to end."""
    from spatialclaw_ros.perception.web.server import app_of
    from spatialclaw_ros.perception.web.server import Limits
    from spatialclaw_ros.perception.web.serving import listening
    from spatialclaw_ros.perception.web.serving import serve
    token = os.environ['SPATIALCLAW_TOKEN']
    most_files = int(limits.pop('most_files', 0))
    if most_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    host = EngineProcess(EngineSettings(), room='engine_rooms:ObedientRoom',
                         most=int(limits.get('waiting', 8)))
    with listening('127.0.0.1', 0) as sock:
        taken = Limits(**limits)
        await serve(host, app_of(host, token, taken), sock, has_token=bool(token),
                    stall_seconds=taken.stall_seconds)


if __name__ == '__main__':
    asyncio.run(main(json.loads(sys.argv[1])))
