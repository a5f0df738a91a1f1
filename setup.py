"""Install rules of the ament_python package `spatialclaw_ros`."""

from pathlib import Path

from setuptools import find_packages
from setuptools import setup

PACKAGE = 'spatialclaw_ros'
SHARE = f'share/{PACKAGE}'


def files_below(folder):
    """Pair each folder's place in the share with the files in it, for `folder` and all below."""
    files = sorted(p for p in Path(folder).rglob('*') if p.is_file() and p.suffix != '.pyc')
    return [(f'{SHARE}/{parent.as_posix()}', [str(p) for p in files if p.parent == parent])
            for parent in dict.fromkeys(p.parent for p in files)]


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
    package_data={PACKAGE: [
        'py.typed',
        *(f'**/{kind}' for kind in (
            'LICENSE', '*.css', '*.html', '*.jpg', '*.js', '*.json', '*.lark', '*.md', '*.png',
            '*.txt', '*.yaml')),
    ]},
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
        'engines': ['addict', 'einops', 'huggingface-hub', 'omegaconf', 'safetensors', 'torch',
                    'transformers'],
        'server': ['httpx2', 'starlette', 'uvicorn'],
        'models': ['openai'],
        'report': ['plotly'],
        'simulation': ['open3d-cpu'],
        'test': ['hypothesis', 'psutil', 'pytest', 'pytest-asyncio', 'pyyaml'],
    },
    entry_points={
        'console_scripts': [
            'player = spatialclaw_ros.nodes.executables:player',
            'server = spatialclaw_ros.nodes.executables:server',
            'simulator = spatialclaw_ros.nodes.executables:simulator',
            'spatialclaw = spatialclaw_ros.cli:main',
        ],
    },
)
