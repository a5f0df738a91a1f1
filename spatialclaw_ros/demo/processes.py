"""Nodes in processes of their own, as a user would start them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import signal
import subprocess
import sys

_END = 5.0


@dataclass(frozen=True)
class Process:
    """A node that runs; its output goes to `log`."""

    popen: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise RuntimeError with the end of the log when the node has ended."""
        if self.popen.poll() is not None:
            said = self.log.read_text('utf-8', 'replace')[-500:].strip()
            raise RuntimeError(f'a node ended with {self.popen.returncode}: {said}')


@contextmanager
def node(module: str, parameters: Mapping[str, object], log: Path) -> Iterator[Process]:
    """Run node `module` with ROS `parameters` while the block lasts; its output goes to `log`."""
    arguments = [part for name, value in parameters.items() for part in (
        '-p', f'{name}:={str(value).lower() if isinstance(value, bool) else value}')]
    with open(log, 'w', encoding='utf-8') as output:
        process = subprocess.Popen(
            [sys.executable, '-m', f'spatialclaw_ros.nodes.{module}', '--ros-args', *arguments],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            yield Process(process, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, then SIGKILL to the whole session when that is not heard."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
