"""What an installation of the package holds."""

from __future__ import annotations

from configparser import ConfigParser
import importlib
from pathlib import Path
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARE = 'share/spatialclaw_ros'


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    source = tmp_path_factory.mktemp('source')
    for folder in ('config', 'launch', 'resource', 'spatialclaw_ros'):
        shutil.copytree(ROOT / folder, source / folder,
                        ignore=shutil.ignore_patterns('__pycache__'))
    for file in ('LICENSE', 'package.xml', 'setup.cfg', 'setup.py'):
        shutil.copy(ROOT / file, source)
    subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation',
         '--no-index', '--wheel-dir', source / 'made', source], check=True)
    return zipfile.ZipFile(next((source / 'made').glob('*.whl')))


def installed(wheel: zipfile.ZipFile, marker: str) -> set[str]:
    """Return what lies behind `marker` in the names of the wheel's files."""
    return {name.split(marker, 1)[1] for name in wheel.namelist() if marker in name}


def below(folder: Path) -> set[str]:
    return {str(p.relative_to(ROOT)) for p in folder.rglob('*')
            if p.is_file() and '__pycache__' not in p.parts}


def test_every_file_of_the_package_is_installed(wheel):
    inside = {name for name in wheel.namelist() if name.startswith('spatialclaw_ros/')}
    assert inside == below(ROOT / 'spatialclaw_ros')


def test_launch_and_config_files_are_installed(wheel):
    expected = below(ROOT / 'launch') | below(ROOT / 'config') | {'package.xml'}
    assert {'launch', 'config'} <= {Path(name).parts[0] for name in expected}
    assert installed(wheel, f'.data/data/{SHARE}/') == expected


def test_the_package_is_registered(wheel):
    assert 'packages/spatialclaw_ros' in installed(wheel, 'share/ament_index/resource_index/')


def test_the_commands_lead_somewhere(wheel):
    points = ConfigParser()
    points.read_string(wheel.read(
        next(name for name in wheel.namelist() if name.endswith('entry_points.txt'))).decode())
    commands = points['console_scripts']
    assert set(commands) == {'player', 'server', 'simulator', 'spatialclaw'}
    for place in commands.values():
        module, function = place.split(':')
        assert callable(getattr(importlib.import_module(module), function))
