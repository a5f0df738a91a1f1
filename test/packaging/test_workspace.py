"""The repository in a colcon workspace, as the README says."""

from __future__ import annotations

from pathlib import Path
import re
import subprocess
import sys

from catkin_pkg.package import parse_package
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / 'src').mkdir()
    (tmp_path / 'src' / 'spatialclaw_ros').symlink_to(ROOT)
    line = re.search(r'ln -s spatialclaw_ros/spatialclaw_interfaces \S+',
                     (ROOT / 'README.md').read_text())
    assert line, 'the README no longer says how to make the interfaces package visible'
    inside = line.group().endswith(' .')
    subprocess.run(line.group(), shell=True, cwd=tmp_path / 'src' if inside else tmp_path,
                   check=True)
    return tmp_path


def test_colcon_finds_exactly_two_packages(workspace):
    listed = subprocess.run(
        [Path(sys.executable).parent / 'colcon', '--log-base', '/dev/null', 'list'],
        cwd=workspace, check=True, capture_output=True, text=True).stdout
    found = sorted(tuple(line.split('\t')[::2]) for line in listed.splitlines())
    assert found == [('spatialclaw_interfaces', '(ros.ament_cmake)'),
                     ('spatialclaw_ros', '(ros.ament_python)')]


def test_the_two_packages_are_one_release():
    package = parse_package(str(ROOT / 'package.xml'))
    interfaces = parse_package(str(ROOT / 'spatialclaw_interfaces' / 'package.xml'))
    assert package.version == interfaces.version
    assert package.licenses == interfaces.licenses == ['Apache-2.0']
    assert (ROOT / 'CHANGELOG.rst').read_text().count(f'\n{package.version} ') == 1
    assert f"version='{package.version}'" in (ROOT / 'setup.py').read_text()
