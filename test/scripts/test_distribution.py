"""Whether set-up takes a sourced ROS distribution or the wheels."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest
from setup_steps import commands
from setup_steps import distribution

PLAIN = Path(sys.base_prefix) / 'bin' / f'python{sys.version_info.major}.{sys.version_info.minor}'


@pytest.fixture
def sourced(tmp_path: Path) -> dict[str, str]:
    """Return what sourcing a distribution in `tmp_path` would set."""
    modules = tmp_path / 'lib' / 'python3' / 'site-packages'
    (modules / 'rclpy').mkdir(parents=True)
    (modules / 'rclpy' / '__init__.py').write_text('')
    return {'ROS_DISTRO': 'jazzy', 'ROS_VERSION': '2', 'AMENT_PREFIX_PATH': f'{tmp_path}:/other',
            'PYTHONPATH': str(modules), 'LD_LIBRARY_PATH': f'{tmp_path}/lib', 'PATH': '/usr/bin',
            'HOME': '/nowhere'}


def test_a_sourced_distribution_is_found(sourced, tmp_path):
    found = distribution.find(sourced, str(PLAIN))
    assert found is not None
    assert found.name == 'jazzy'
    assert found.prefixes == (str(tmp_path), '/other')
    assert found.variables['PYTHONPATH'] == sourced['PYTHONPATH']
    assert 'HOME' not in found.variables


@pytest.mark.parametrize('unset', ['ROS_DISTRO', 'AMENT_PREFIX_PATH'])
def test_half_an_environment_is_none(sourced, unset):
    del sourced[unset]
    assert distribution.find(sourced, str(PLAIN)) is None


def test_a_distribution_this_python_cannot_load_is_none(sourced, capsys):
    (Path(sourced['PYTHONPATH']) / 'rclpy' / '__init__.py').write_text('import not_for_this')
    assert distribution.find(sourced, str(PLAIN)) is None
    assert 'cannot import rclpy' in capsys.readouterr().err


def test_missing_modules_are_named(sourced):
    missing = distribution.missing_modules(('rclpy', 'tf2_ros_not', 'json'), sourced, str(PLAIN))
    assert missing == ('tf2_ros_not',)


def test_building_with_the_wheels_sees_nothing_of_a_distribution(sourced, tmp_path):
    venv = tmp_path / 'venv'
    env = distribution.build_environment(sourced, venv, None)
    assert str(tmp_path / 'lib' / 'python3') not in ' '.join(env.values())
    assert env['CMAKE_PREFIX_PATH'] == env['AMENT_PREFIX_PATH'] == str(venv)
    assert 'PYTHONPATH' not in env
    assert env['PATH'].startswith(f'{venv}/bin:')


def test_building_with_a_distribution_finds_its_packages(sourced, tmp_path):
    found = distribution.find(sourced, str(PLAIN))
    env = distribution.build_environment(sourced, tmp_path / 'venv', found)
    assert env['CMAKE_PREFIX_PATH'] == f'{tmp_path}/venv:{tmp_path}:/other'
    assert env['AMENT_PREFIX_PATH'] == sourced['AMENT_PREFIX_PATH']


def test_the_distribution_is_there_with_nothing_sourced(sourced, tmp_path):
    found = distribution.find(sourced, str(PLAIN))
    assert found is not None
    site = tmp_path / 'site'
    site.mkdir()
    (site / '_bootstrap.py').write_text(commands.bootstrap_module(found, Path('/the/venv')))
    code = (f'import sys; sys.path.insert(0, {str(site)!r}); import _bootstrap, rclpy, os; '
            'print(rclpy.__file__, os.environ["LD_LIBRARY_PATH"], *sys.argv[1:])')
    told = subprocess.run(
        [PLAIN, '-c', code, 'an argument'], env={}, check=True, capture_output=True, text=True)
    assert told.stdout.split('\n')[0] == (
        f'{sourced["PYTHONPATH"]}/rclpy/__init__.py '
        f'/the/venv/lib:{sourced["LD_LIBRARY_PATH"]} an argument')
    declined = subprocess.run(
        [PLAIN, '-c', code], env={'_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'}, check=False,
        capture_output=True, text=True)
    assert "No module named 'rclpy'" in declined.stderr


def test_this_environment_needs_no_distribution():
    assert distribution.find({k: v for k, v in os.environ.items() if k != 'ROS_DISTRO'}) is None
