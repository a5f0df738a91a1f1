"""The layers of the design, and that what holds them would notice."""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / 'lint-imports', '--no-cache'], cwd=folder,
        env={'PYTHONPATH': str(folder), 'PATH': '/usr/bin:/bin',
             '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'},
        capture_output=True, text=True, check=False)


def test_the_layers_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(('module', 'line'), [
    ('geometry/noise.py', 'import rclpy'),
    ('kernel/check.py', 'import spatialclaw_ros.scene'),
    ('calls/codec.py', 'import spatialclaw_ros.toolkit'),
    ('session/session.py', 'import torch'),
    ('toolkit/cell.py', 'import spatialclaw_ros.perception'),
])
def test_a_breach_is_found(tmp_path, module, line):
    shutil.copytree(ROOT / 'spatialclaw_ros', tmp_path / 'spatialclaw_ros',
                    ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(ROOT / 'pyproject.toml', tmp_path)
    with (tmp_path / 'spatialclaw_ros' / module).open('a') as file:
        file.write(f'\n{line}\n')
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    importer = 'spatialclaw_ros.' + module.removesuffix('.py').replace('/', '.')
    assert f'{importer} -> {line.removeprefix("import ")}' in done.stdout
