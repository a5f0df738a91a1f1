"""Nothing that a cell tries gets out, courtesy check or not; without walls each would."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
import socket
import subprocess
import sys
import threading

from attacks import ATTACKS
from attacks import MAY_FAIL_ANYWAY
from attacks import PRELUDE
import psutil
import pytest

from spatialclaw_ros.kernel.host import CellOutcome
from spatialclaw_ros.kernel.host import Nursery

TOKEN = 'the-secret-of-the-host'
LIMITS = {'check': False, 'memory_bytes': 512 << 20}


class Aims:
    """What attacks aim at, and whether one has hit."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.secret, self.canary, self.out = (folder / name for name in ('secret', 'canary', 'out'))
        self.folder = folder
        self.secret.write_text(TOKEN)
        self.canary.write_text('as it was')
        self.before = self._state()
        self.victim = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],
                                       start_new_session=True)
        self.memory = ctypes.create_string_buffer(TOKEN.encode())
        self.tcp = socket.create_server(('127.0.0.1', 0))
        self.port = self.tcp.getsockname()[1]
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(folder / 'socket'))
        self.unix.listen()
        self.answering = threading.Thread(target=self._answer, daemon=True)
        self.answering.start()

    def cell(self, attack: str) -> str:
        return PRELUDE + (
            f'SECRET, CANARY, OUT = {str(self.secret)!r}, {str(self.canary)!r}, '
            f'{str(self.out)!r}\nPORT, SOCKET = {self.port}, {str(self.folder / "socket")!r}\n'
            f'VICTIM, HOST = {self.victim.pid}, {os.getpid()}\n'
            f'ADDRESS, LENGTH = {ctypes.addressof(self.memory)}, {len(TOKEN)}\n') + attack

    def harm(self, outcome: CellOutcome, nursery: Nursery) -> list[str]:
        """What has happened that must not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.victim.wait(0.05)
        said = outcome.stdout + outcome.error
        running = psutil.Process(nursery.pid).children(recursive=True) if nursery.alive else []
        news = {'it did what it wanted': 'HARM' in outcome.stdout,
                'a secret was read': TOKEN in said,
                'a file was changed': self._state() != self.before,
                'a file was made': any(self.folder.glob('out*')),
                'a process was killed': self.victim.poll() is not None,
                'a process was left': len(running) > 1,
                'the nursery died': not nursery.alive}
        return [what for what, happened in news.items() if happened]

    def close(self) -> None:
        self.victim.kill()
        self.victim.wait()
        self.tcp.close()
        self.unix.close()

    def _state(self) -> tuple:
        if not self.canary.exists():
            return ()
        seen = self.canary.stat()
        return (self.canary.read_text(), seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns)

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            connection.sendall(b'not http\r\n\r\n')
            connection.close()


@pytest.fixture
def aims(tmp_path):
    made = Aims(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize('name', ATTACKS)
async def test_an_attack_does_no_harm(aims, bench, name):
    await bench.open(**LIMITS)
    outcome = await bench.run(aims.cell(ATTACKS[name]), seconds=10)
    assert not aims.harm(outcome, bench.nursery), outcome
    assert (await bench.run('print(1 + 1)')).stdout == '2\n'


@pytest.mark.parametrize('name', sorted(ATTACKS))
async def test_without_walls_the_attack_does_harm(aims, unwalled, name):
    await unwalled.open(**LIMITS)
    outcome = await unwalled.run(aims.cell(ATTACKS[name]), seconds=10)
    harm = aims.harm(outcome, unwalled.nursery)
    if not harm and name in MAY_FAIL_ANYWAY:
        pytest.skip('this machine refuses it to anybody')
    assert harm, outcome
