"""The layers of the design, and that what holds them would notice."""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]
BREACHES = [
    ('geometry/noise.py', 'rclpy'),
    ('kernel/check.py', 'spatialclaw_ros.scene'),
    ('calls/codec.py', 'spatialclaw_ros.toolkit'),
    ('session/session.py', 'torch'),
    ('toolkit/cell.py', 'spatialclaw_ros.perception'),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / 'lint-imports', '--no-cache'], cwd=folder,
        env={'PYTHONPATH': str(folder), 'PATH': '/usr/bin:/bin',
             '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'},
        capture_output=True, text=True, check=False)


def test_the_layers_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_breaches_are_found(tmp_path):
    shutil.copytree(ROOT / 'spatialclaw_ros', tmp_path / 'spatialclaw_ros',
                    ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(ROOT / 'pyproject.toml', tmp_path)
    for module, imported in BREACHES:
        with (tmp_path / 'spatialclaw_ros' / module).open('a') as file:
            file.write(f'\nimport {imported}\n')
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    for module, imported in BREACHES:
        importer = 'spatialclaw_ros.' + module.removesuffix('.py').replace('/', '.')
        assert f'{importer} -> {imported}' in done.stdout
