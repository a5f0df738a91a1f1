"""The packages that model engines import; told without importing them."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec

from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.engine import SAM3

#: Packages of each engine: what it is imported as, and the words that pip installs it by.
#: depth-anything-3 asks for numpy 1 and about a hundred packages that its network does not need.
_NETWORK = {'torch': 'torch', 'safetensors': 'safetensors', 'huggingface_hub': 'huggingface-hub'}
_DEPTH = {**_NETWORK, 'einops': 'einops', 'omegaconf': 'omegaconf', 'addict': 'addict',
          'depth_anything_3': 'depth-anything-3'}
_PACKAGES = {SAM3: {**_NETWORK, 'transformers': 'transformers>=5'},
             DEPTH_ANYTHING: _DEPTH, FUSED: _DEPTH}


def versions(engine: str) -> dict[str, str]:
    """Version of each package of `engine`, '' where it is missing."""
    return {module: _version(module) for module in _PACKAGES[engine]}


def how_to_install(engine: str) -> str:
    """The lines that install what `engine` lacks or has too old, '' where nothing is."""
    missing = [pip for module, pip in _PACKAGES[engine].items() if not _is_met(module, pip)]
    alone = 'depth-anything-3'
    plain = ' '.join(f"'{pip}'" if '>' in pip else pip for pip in missing if pip != alone)
    lines = ([f'`pip install {plain}`'] if plain else []) + (
        [f'`pip install --no-deps {alone}`'] if alone in missing else [])
    hint = " (on a Jetson take the vendor's build of torch)" if 'torch' in missing else ''
    return ', then '.join(lines) + hint


def _is_met(module: str, pip: str) -> bool:
    version = _version(module)
    major, least = version.partition('.')[0], pip.partition('>=')[2]
    return bool(version) and not (least and major.isdigit() and int(major) < int(least))


def _version(module: str) -> str:
    if find_spec(module) is None:
        return ''
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return 'of unknown version'
