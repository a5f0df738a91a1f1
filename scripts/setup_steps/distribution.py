"""Whether a ROS distribution is sourced, to be used in place of the wheels and the underlay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import os
from pathlib import Path
import subprocess
import sys

from .progress import say

# ROS packages the product and its interfaces need from a distribution, by the module they bring.
NEEDED = (
    'ament_index_python', 'cv2', 'diagnostic_msgs', 'geometry_msgs', 'launch_ros',
    'lifecycle_msgs', 'rclpy', 'sensor_msgs', 'std_msgs', 'std_srvs', 'tf2_msgs', 'tf2_ros',
    'vision_msgs', 'visualization_msgs',
)
_CARRIED = ('AMENT_PREFIX_PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'ROS_DISTRO',
            'ROS_PYTHON_VERSION', 'ROS_VERSION')


@dataclass(frozen=True)
class Distribution:
    """A sourced ROS distribution: its name, prefixes, and the variables that make it one."""

    name: str
    prefixes: tuple[str, ...]
    variables: Mapping[str, str]


def find(environ: Mapping[str, str], python: str = sys.executable) -> Distribution | None:
    """Return the distribution that `environ` has sourced and `python` can load, or None."""
    name, prefixes = environ.get('ROS_DISTRO', ''), environ.get('AMENT_PREFIX_PATH', '')
    if not name or not prefixes:
        return None
    failure = missing_modules(('rclpy',), environ, python)
    if failure:
        say(f'ROS {name} is sourced, but {python} cannot import rclpy: '
            'using the wheels instead (PYTHON=... chooses another Python)')
        return None
    return Distribution(
        name, tuple(filter(None, prefixes.split(':'))),
        {key: environ[key] for key in _CARRIED if key in environ})


def missing_modules(
    modules: tuple[str, ...], environ: Mapping[str, str], python: str,
) -> tuple[str, ...]:
    """Return those of `modules` that `python` cannot import in `environ`."""
    code = (
        'import importlib, sys\n'
        'for name in sys.argv[1:]:\n'
        '    try:\n'
        '        importlib.import_module(name)\n'
        '    except Exception:\n'
        '        print(name)\n')
    done = subprocess.run(
        [python, '-c', code, *modules], env=dict(environ), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=False)
    return tuple(done.stdout.split()) if done.returncode == 0 else modules


def build_environment(
    environ: Mapping[str, str], venv: Path, sourced: Distribution | None,
) -> dict[str, str]:
    """Return the environment in which packages are built into `venv`."""
    env = dict(environ)
    env['PATH'] = f'{venv / "bin"}:{env.get("PATH", os.defpath)}'
    if sourced:
        env['CMAKE_PREFIX_PATH'] = ':'.join([str(venv), *sourced.prefixes])
        return env
    for key in list(env):
        if key.startswith(('AMENT_', 'COLCON_', 'ROS_')) or key in ('PYTHONPATH', 'PYTHONHOME'):
            del env[key]
    libraries = [venv / 'lib', *sorted(venv.glob('lib/python3.*/site-packages/ros_*.libs'))]
    env.update(
        AMENT_PREFIX_PATH=str(venv), CMAKE_PREFIX_PATH=str(venv),
        LD_LIBRARY_PATH=':'.join(map(str, libraries)), ROS_DISTRO='kilted', ROS_VERSION='2',
        ROS_PYTHON_VERSION='3', _ROS_WHEELS_BOOTSTRAP_COMPLETE='1')
    return env
