"""Install rules of the ament_python package `spatialclaw_ros`."""

from setuptools import find_packages
from setuptools import setup

PACKAGE = 'spatialclaw_ros'

setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    entry_points={'console_scripts': ['spatialclaw = spatialclaw_ros.cli:main']},
    extras_require={'test': ['pytest']},
)
