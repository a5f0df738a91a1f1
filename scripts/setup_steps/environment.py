"""The virtual environment and the Python packages in it."""

from __future__ import annotations

import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from .distribution import Distribution
from .distribution import missing_modules
from .progress import run
from .progress import say
from .progress import SetupError
from .stamps import digest
from .stamps import Stamp

#: Sets of packages beyond the product's own, by their file in requirements, and what they are.
EXTRAS = {
    'engines': 'what the perception models need', 'test': 'tools of tests and lint',
    'bench': 'what the benchmarks compare with'}
# With a sourced distribution these stay as the system has them: its compiled modules need that.
_KEPT = {'numpy': 'numpy', 'scipy': 'scipy', 'opencv': 'cv2'}
_NO_NETWORK = re.compile(
    r'NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Temporary failure in name resol'
    r'|Network is unreachable|ProxyError|No route to host', re.IGNORECASE)


def create(venv: Path, root: Path, sourced: Distribution | None, build_dir: Path) -> bool:
    """Create the environment, anew where it was made by another Python or elsewhere."""
    kind = f'system-site-packages of {sourced.name}' if sourced else 'wheels'
    stamp = Stamp(
        venv / 'stamps' / 'environment.sha256',
        digest([], sys.version, sys.prefix, str(root), kind))
    if stamp.fresh():
        return False
    if venv.exists():
        say('the virtual environment was made by another Python or in another place: anew')
        shutil.rmtree(venv)
    options = ['--system-site-packages'] if sourced else []
    run([sys.executable, '-m', 'venv', *options, venv],
        f'virtual environment with Python {sys.version.split()[0]}', build_dir / 'venv.log')
    stamp.write()
    return True


def install(
    venv: Path, requirements: Path, sourced: Distribution | None, build_dir: Path,
) -> bool:
    """Install what the product, the demo and the build need."""
    if sourced:
        return _complement(venv, requirements / 'distribution.txt', sourced, build_dir)
    return _install_pins(
        venv, requirements / 'base.txt', 'Python packages, ROS 2 among them',
        'a minute or two', build_dir)


def install_extra(extra: str, venv: Path, requirements: Path, build_dir: Path) -> bool:
    """Install one of `EXTRAS`."""
    worked = extra == 'engines' and _install_torch(venv, requirements, build_dir)
    return _install_pins(
        venv, requirements / f'{extra}.txt', EXTRAS[extra], 'half a minute', build_dir) or worked


def _install_torch(venv: Path, requirements: Path, build_dir: Path) -> bool:
    """Install torch with what its build needs, and what must come without dependencies."""
    worked = _install_pins(venv, requirements / 'torch.txt', 'torch',
                           'a minute, longer for a CUDA build', build_dir, alone=False)
    return _install_pins(venv, requirements / 'depth_anything_3.txt', 'Depth Anything 3',
                         'seconds', build_dir) or worked


def _install_pins(venv: Path, pins: Path, what: str, expect: str, build_dir: Path, *,
                  alone: bool = True) -> bool:
    """Install the pins of a file; `alone`, as is usual, when it holds all that they need."""
    stamp = Stamp(venv / 'stamps' / f'{pins.stem}.sha256', digest([pins]))
    if stamp.fresh():
        return False
    stamp.clear()
    options = ['--no-deps'] if alone else []
    _pip(venv, [*options, '-r', pins], what, build_dir / f'pip-{pins.stem}.log', expect)
    stamp.write()
    return True


def _complement(
    venv: Path, requirements: Path, sourced: Distribution, build_dir: Path,
) -> bool:
    """Install what the system lacks of `requirements`, lines `package==version  # module`."""
    stamp = Stamp(
        venv / 'stamps' / 'distribution.sha256', digest([requirements], sourced.name))
    if stamp.fresh():
        return False
    stamp.clear()
    python = str(venv / 'bin' / 'python')
    lines = [line for line in requirements.read_text().splitlines() if '==' in line]
    by_module = {line.split('#')[1].strip(): line.split('#')[0].strip() for line in lines}
    missing = missing_modules(tuple(by_module), os.environ, python)
    if missing:
        constraints = build_dir / 'constraints.txt'
        constraints.write_text(_versions_to_keep(python))
        _pip(venv, [*(by_module[module] for module in missing), '-c', constraints],
             f'Python packages that ROS {sourced.name} lacks', build_dir / 'pip-distribution.log',
             'a minute')
    stamp.write()
    return True


def _versions_to_keep(python: str) -> str:
    """Return constraints that keep the system's numpy, scipy and OpenCV."""
    code = (
        'import importlib, sys\n'
        'for pair in sys.argv[1:]:\n'
        '    package, module = pair.split("=")\n'
        '    try:\n'
        '        print(f"{package}=={importlib.import_module(module).__version__}")\n'
        '    except ImportError:\n'
        '        pass\n')
    return subprocess.run(
        [python, '-c', code, *(f'{p}={m}' for p, m in _KEPT.items())],
        check=True, capture_output=True, text=True).stdout


def _pip(venv: Path, arguments: list[str | Path], what: str, log: Path, expect: str) -> None:
    env = {**os.environ, 'PIP_USER': '0', 'PIP_DISABLE_PIP_VERSION_CHECK': '1'}
    try:
        run([venv / 'bin' / 'python', '-m', 'pip', 'install', '--progress-bar', 'off',
             *arguments], what, log, env, expect)
    except SetupError as error:
        text = log.read_text(errors='replace')
        if 'No space left on device' in text:
            raise SetupError(f'{what}: the disk is full where {venv} or /tmp lies') from error
        if _NO_NETWORK.search(text):
            raise SetupError(
                f'{what}: the package index cannot be reached. Check the network (or the proxy, '
                f"pip's own settings apply) and run the same command again. Output: {log}"
            ) from error
        raise
