"""Install rules of the ament_python package `spatialclaw_ros`."""

from pathlib import Path

from setuptools import find_packages
from setuptools import setup

PACKAGE = 'spatialclaw_ros'
SHARE = f'share/{PACKAGE}'


def files_below(folder):
    """Map each folder below `folder` to its place in the share and the files in it."""
    folders = [Path(folder), *sorted(p for p in Path(folder).rglob('*') if p.is_dir())]
    contents = {f: sorted(str(p) for p in f.iterdir() if p.is_file()) for f in folders}
    return [(f'{SHARE}/{f.as_posix()}', files) for f, files in contents.items()
            if files and f.name != '__pycache__']


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Spatial questions about camera images, answered with geometry a planner can use',
    maintainer='The spatialclaw_ros maintainers',
    maintainer_email='maintainers@spatialclaw.org',
    license='Apache-2.0',
    python_requires='>=3.10',
    package_dir={'': '.'},
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={'': ['py.typed', '*.json', '*.lark', '*.md', '*.txt', '*.yaml']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        *files_below('config'),
        *files_below('launch'),
    ],
    zip_safe=False,
    install_requires=['setuptools'],
    extras_require={
        'bags': ['rosbags'],
        'simulation': ['open3d-cpu'],
        'test': ['hypothesis', 'pytest', 'pytest-asyncio'],
    },
    entry_points={
        'console_scripts': [
            'spatialclaw = spatialclaw_ros.cli:main',
        ],
    },
)
