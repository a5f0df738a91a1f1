"""The package itself and its commands, usable from any directory with nothing sourced."""

from __future__ import annotations

from pathlib import Path

from .distribution import Distribution
from .progress import run
from .stamps import digest
from .stamps import Stamp

# Restores what sourcing the distribution had set, where a Python starts without it. The dynamic
# loader reads its path at the start of a process only, hence the second start. The guard is that
# of the ROS wheels, so that a process that needs no ROS can decline either with one variable.
_BOOTSTRAP = '''\
"""Written by set-up: makes the ROS distribution it found available in every start of Python."""

import os
import sys

_GUARD = '_ROS_WHEELS_BOOTSTRAP_COMPLETE'
_RECORDED = {recorded!r}
_LIBRARIES = {libraries!r}

if not os.environ.get(_GUARD):
    for key, value in _RECORDED.items():
        os.environ.setdefault(key, value)
    paths = [_LIBRARIES, *os.environ.get('LD_LIBRARY_PATH', '').split(':')]
    os.environ['LD_LIBRARY_PATH'] = ':'.join(dict.fromkeys(filter(None, paths)))
    os.environ[_GUARD] = '1'
    os.execv(sys.executable, sys.orig_argv)
'''


def install(venv: Path, root: Path, sourced: Distribution | None, build_dir: Path) -> bool:
    """Make the package importable where it lies, with its commands in `.venv/bin`."""
    inputs = [root / name for name in ('setup.py', 'setup.cfg', 'package.xml')]
    stamp = Stamp(
        venv / 'stamps' / 'commands.sha256',
        digest([*inputs, Path(__file__)], repr(sourced)))
    if stamp.fresh():
        return False
    stamp.clear()
    site = next(venv.glob('lib/python3.*/site-packages'))
    run([venv / 'bin' / 'python', '-m', 'pip', 'install', '--no-deps', '--no-build-isolation',
         '--no-index', '--progress-bar', 'off', '--editable', root],
        'the package and its commands', build_dir / 'editable.log')
    standins = site / 'spatialclaw_underlay.pth'
    # The name sorts before the wheels' own bootstrap, and before nothing else that matters.
    bootstrap = site / '_spatialclaw_ros_bootstrap.pth'
    if sourced:
        standins.unlink(missing_ok=True)
        (site / '_spatialclaw_ros_bootstrap.py').write_text(bootstrap_module(sourced, venv))
        bootstrap.write_text('import _spatialclaw_ros_bootstrap\n')
    else:
        bootstrap.unlink(missing_ok=True)
        standins.write_text(f'{root / "underlay" / "python"}\n')
    stamp.write()
    return True


def bootstrap_module(sourced: Distribution, venv: Path) -> str:
    """Return the source of the module that every start of Python imports first."""
    return _BOOTSTRAP.format(recorded=dict(sourced.variables), libraries=str(venv / 'lib'))
