"""What the system itself must have: compiler, headers, libraries. Probed, never assumed."""

from __future__ import annotations

from collections.abc import Mapping
import ctypes
import importlib.util
import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig

from .distribution import Distribution
from .distribution import missing_modules
from .distribution import NEEDED
from .progress import run
from .progress import say
from .progress import SetupError

# Libraries that wheels load but do not bring along, and the Debian package of each.
_LIBRARIES = {
    'libEGL.so.1': 'libegl1',
    'libGL.so.1': 'libgl1',
    'libX11.so.6': 'libx11-6',
    'libgomp.so.1': 'libgomp1',
    'libseccomp.so.2': 'libseccomp2',
    'libudev.so.1': 'libudev1',
    'libusb-1.0.so.0': 'libusb-1.0-0',
}


def provide(sourced: Distribution | None, build_dir: Path) -> bool:
    """
    Install the system packages that are missing; says whether there were any.

    Raises SetupError with one line to paste where that takes a password or another system.
    """
    missing = missing_packages(sourced, os.environ)
    if not missing:
        return False
    line = f'apt-get install -y --no-install-recommends {" ".join(missing)}'
    prefix = _root_prefix()
    if prefix is None or not shutil.which('apt-get'):
        raise SetupError(
            'this system lacks some packages. Install them, then run the same command again:\n'
            f'    sudo apt-get update && sudo {line}')
    say(f'installing system packages: {" ".join(missing)}')
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    run([*prefix, 'apt-get', 'update'], 'apt-get update', build_dir / 'apt-update.log', env)
    run([*prefix, *line.split()], 'apt-get install', build_dir / 'apt-install.log', env)
    still = missing_packages(sourced, os.environ)
    if still:
        raise SetupError(
            f'apt-get installed {" ".join(missing)}, yet still missing: {" ".join(still)}')
    return True


def missing_packages(sourced: Distribution | None, environ: Mapping[str, str]) -> list[str]:
    """Return the Debian packages that bring what this system was found to lack."""
    missing = []
    if not shutil.which('c++') and not shutil.which('g++'):
        missing.append('g++')
    for program in ('cmake', 'make'):
        if not shutil.which(program):
            missing.append(program)
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    if not importlib.util.find_spec('ensurepip') or not importlib.util.find_spec('venv'):
        missing.append(f'python{version}-venv')
    if not (Path(sysconfig.get_paths()['include']) / 'Python.h').is_file():
        missing.append(f'python{version}-dev')
    missing += [package for library, package in _LIBRARIES.items() if not _loads(library)]
    if sourced:
        missing += [_package_of(module, sourced.name)
                    for module in missing_modules(NEEDED, environ, sys.executable)]
    return missing


def _package_of(module: str, distribution: str) -> str:
    return 'python3-opencv' if module == 'cv2' else (
        f'ros-{distribution}-{module.replace("tf2_ros", "tf2_ros_py").replace("_", "-")}')


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _root_prefix() -> list[str] | None:
    """Return what to put before a command to run it as root; None where a password is needed."""
    if os.geteuid() == 0:
        return []
    if shutil.which('sudo'):
        asked = subprocess.run(['sudo', '-n', 'true'], capture_output=True, check=False)
        if asked.returncode == 0:
            return ['sudo', '-n']
    return None
