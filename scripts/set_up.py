"""
Make `.venv` from a bare clone: packages, ROS 2, interfaces, commands. Run by `make`.

What is up to date is skipped. Standard library only: nothing is installed yet.
"""

from __future__ import annotations

import argparse
import fcntl
import os
from pathlib import Path
import shutil
import sys
import time

from setup_steps import commands
from setup_steps import distribution
from setup_steps import environment
from setup_steps import interfaces
from setup_steps import system
from setup_steps.progress import say
from setup_steps.progress import SetupError

ROOT = Path(__file__).resolve().parent.parent
_GIB = 1 << 30


def main() -> int:
    """Set up; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--engines', action='store_true', help='what perception models need too')
    parser.add_argument('--test', action='store_true', help='all that tests and lint need too')
    parser.add_argument('--bench', action='store_true', help='what the benchmarks compare with too')
    options = parser.parse_args()
    options.engines |= options.test
    extras = [name for name in environment.EXTRAS if getattr(options, name)]
    started = time.monotonic()
    build_dir = ROOT / 'build' / 'setup'
    try:
        _check_place(ROOT)
        build_dir.mkdir(parents=True, exist_ok=True)
        with (build_dir / 'lock').open('w') as lock:
            _wait_for_turn(lock.fileno())
            worked = set_up(ROOT, build_dir, extras)
    except SetupError as error:
        print(f'[setup] {error}', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'[setup] {error.filename or "the disk"}: {error.strerror}', file=sys.stderr)
        return 1
    if worked:
        say(f'ready after {time.monotonic() - started:.0f} s')
    return 0


def set_up(root: Path, build_dir: Path, extras: list[str]) -> bool:
    """Bring `.venv` up to date; says whether there was anything to do."""
    venv, requirements = root / '.venv', root / 'requirements'
    sourced = distribution.find(os.environ)
    worked = [
        system.provide(sourced, build_dir),
        environment.create(venv, root, sourced, build_dir),
        environment.install(venv, requirements, sourced, build_dir),
    ]
    worked += [environment.install_extra(extra, venv, requirements, build_dir) for extra in extras]
    build_environment = distribution.build_environment(os.environ, venv, sourced)
    worked += [
        interfaces.build_all(_packages(root, sourced), venv, build_environment, build_dir),
        commands.install(venv, root, sourced, build_dir),
    ]
    return any(worked)


def _packages(root: Path, sourced: distribution.Distribution | None) -> list[list[Path]]:
    """Return the interface packages to build, in levels: each needs only those before it."""
    own = [root / 'spatialclaw_interfaces']
    if sourced:
        return [own]
    underlay = root / 'underlay' / 'interfaces'
    return [[underlay / 'tf2_msgs', underlay / 'vision_msgs'], own]


def _check_place(root: Path) -> None:
    """Refuse folders that the build tools cannot handle, and disks that are nearly full."""
    forbidden = sorted(set(str(root)) & set(':;"\'$\\\n'))
    if forbidden:
        raise SetupError(
            f'the path {root} contains {" ".join(map(repr, forbidden))}, which the build tools '
            'cannot handle; move the clone to another folder')
    free = shutil.disk_usage(root).free
    if not (root / '.venv').exists() and free < 3 * _GIB:
        raise SetupError(
            f'{free / _GIB:.1f} GiB are free where {root} lies; the environment needs 3 GiB')


def _wait_for_turn(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('another set-up of this clone is running; waiting for it ...')
        fcntl.flock(lock, fcntl.LOCK_EX)


if __name__ == '__main__':
    sys.exit(main())
