"""What every test runs under: a ROS domain of its own, checked fields, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
import fcntl
import os
from pathlib import Path
import signal
import tempfile
from typing import IO

import psutil
import pytest


def _claim_domain() -> tuple[int, IO[str]]:
    """Take a ROS domain that no other run here holds; it is ours while the file is open."""
    for offset in range(100):
        domain = 1 + (os.getpid() + offset) % 100
        lock = (Path(tempfile.gettempdir()) / f'ros_test_domain_{domain}.lock').open('a')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return domain, lock
    raise RuntimeError('all 100 ROS domains are held by other test runs')


_domain, _domain_lock = _claim_domain()
# Before any message is imported, and inherited by every process a test starts.
os.environ.update(
    ROS_DOMAIN_ID=str(_domain),
    ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST',
    ROS_PYTHON_CHECK_FIELDS='1',
    MPLBACKEND='Agg',
)
os.environ.pop('ROS_LOCALHOST_ONLY', None)
# Networks as small as those of the tests run three times as fast on one thread as on two.
os.environ.setdefault('OMP_NUM_THREADS', '1')
# What is started in the background, or under nohup, ignores Ctrl-C, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='session', autouse=True)
def _ros_logs(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ['ROS_LOG_DIR'] = str(tmp_path_factory.mktemp('ros_logs'))


@pytest.fixture(scope='session', autouse=True)
def _no_process_left() -> Iterator[None]:
    """Fail the run when a test leaves a process behind."""
    yield
    left = psutil.Process().children(recursive=True)
    _, alive = psutil.wait_procs(left, timeout=5)
    described = [f'{p.pid} {" ".join(p.cmdline())[:120]}' for p in alive if p.is_running()]
    for process in alive:
        process.kill()
    assert not described, f'the tests left processes behind: {described}'
