"""What set-up tells the person who waits for it, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
import subprocess
import sys
import time


class SetupError(Exception):
    """Set-up cannot go on; the message says what is missing and what to do."""


def say(text: str) -> None:
    """Print one line of progress."""
    print(f'[setup] {text}', file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path], what: str, log: Path, env: Mapping[str, str] | None = None,
    expect: str = '',
) -> None:
    """
    Run a command quietly, its output going to `log`, with a line every 15 seconds while it runs.

    `expect` says beforehand how long it usually takes. Raises SetupError with the last lines of
    the output when the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    say(f'{what}{f" ({expect})" if expect else ""} ...')
    started = time.monotonic()
    with log.open('w') as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, env=dict(env) if env is not None else None)
        try:
            while True:
                try:
                    status = process.wait(timeout=15)
                    break
                except subprocess.TimeoutExpired:
                    say(f'{what}: {time.monotonic() - started:.0f} s, {_last_line(log)}')
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        tail = ''.join(log.read_text(errors='replace').splitlines(keepends=True)[-25:])
        raise SetupError(f'{what} failed (exit {status}). Full output: {log}\n{tail}')


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors='replace').splitlines()]
    return next((line[:90] for line in reversed(lines) if line), 'no output yet')
