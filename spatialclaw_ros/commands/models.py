"""`spatialclaw models`: the checkpoints that engines can load, and how to get them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import shutil
import textwrap
from typing import Any

from spatialclaw_ros.perception.weights.checkpoints import CATALOGUE
from spatialclaw_ros.perception.weights.checkpoints import Checkpoint
from spatialclaw_ros.perception.weights.checkpoints import held

_WIDEST = 100


def add_parser(commands: Any) -> None:
    """Add `models` to the sub-commands."""
    parser = commands.add_parser(
        'models', help='list the checkpoints that engines load',
        description='List the checkpoints that the engines sam3 and depth_anything_3 (and fused) '
                    'load: what for, size, licence, whether they are here, how to get them. Asks '
                    'no server. Other folders of the same kinds of model can be loaded too.')
    parser.add_argument('--json', action='store_true', help='print exactly one JSON object')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the catalogue."""
    found = [(checkpoint, held(checkpoint.name)) for checkpoint in CATALOGUE]
    if args.json:
        print(json.dumps({'models': [_as_json(*pair) for pair in found]}))
        return 0
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for pair in found:
        print('\n'.join(_lines(*pair, width)))
    return 0


def _lines(checkpoint: Checkpoint, folder: Path | None, width: int) -> Iterator[str]:
    marks = [word for word, holds in (('default', checkpoint.is_default),
                                      ('gated', checkpoint.gated)) if holds]
    yield ', '.join([checkpoint.name, *marks, 'here' if folder else 'not here'])
    use = 'commercial' if checkpoint.licence.is_commercial else 'non-commercial'
    for text in (
            f'{checkpoint.engine}: {checkpoint.what}',
            f'{checkpoint.parameters / 1e6:.0f} M parameters, {_size(checkpoint.megabytes)}, '
            f'{checkpoint.licence.name} ({use} use)',
            *([f'in {folder}'] if folder else [f'get: {step}' for step in checkpoint.steps])):
        yield from textwrap.wrap(text, width, initial_indent='  ', subsequent_indent='    ',
                                 break_long_words=False, break_on_hyphens=False)


def _size(megabytes: int) -> str:
    return f'{megabytes} MB' if megabytes < 1000 else f'{megabytes / 1000:.1f} GB'


def _as_json(checkpoint: Checkpoint, folder: Path | None) -> dict[str, Any]:
    return {
        'name': checkpoint.name, 'engine': checkpoint.engine, 'what': checkpoint.what,
        'parameters': checkpoint.parameters, 'megabytes': checkpoint.megabytes,
        'licence': checkpoint.licence.name, 'is_commercial': checkpoint.licence.is_commercial,
        'gated': checkpoint.gated, 'is_default': checkpoint.is_default,
        'folder': str(folder) if folder else None, 'steps': list(checkpoint.steps)}
