"""`spatialclaw models`: what is listed, and what is found to be here, without a network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import socket

from huggingface_hub import constants
import numpy as np
import pytest
from safetensors.numpy import save_file

from spatialclaw_ros.commands import models


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No network, an empty cache and an empty folder."""
    def refuse(*_):
        raise AssertionError('a connection was asked for')
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path / 'cache'))
    (tmp_path / 'work').mkdir()
    monkeypatch.chdir(tmp_path / 'work')
    return tmp_path


def said(capsys, *arguments):
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers())
    args = parser.parse_args(['models', *arguments])
    assert args.run(args) == 0
    return capsys.readouterr().out


def listed(capsys):
    return {entry['name']: entry for entry in json.loads(said(capsys, '--json'))['models']}


def save(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / 'config.json').write_text('{}')
    save_file({'x': np.zeros(3, np.float32)}, folder / 'model.safetensors')
    return folder


def test_every_checkpoint_is_listed_with_what_it_takes_and_allows(capsys):
    found = listed(capsys)
    assert found['facebook/sam3'] == {
        'name': 'facebook/sam3', 'engine': 'sam3', 'parameters': 860_000_000, 'megabytes': 3440,
        'what': 'masks by text, points or boxes; tracking', 'licence': 'SAM License',
        'is_commercial': True, 'gated': True, 'is_default': True, 'folder': None,
        'steps': ['accept the SAM License on huggingface.co/facebook/sam3',
                  'HF_TOKEN=<token of that account> hf download facebook/sam3']}
    assert {name for name, entry in found.items() if entry['is_commercial']} == {
        'facebook/sam3', *(f'depth-anything/{name}' for name in (
            'DA3-SMALL', 'DA3-BASE', 'DA3METRIC-LARGE', 'DA3MONO-LARGE'))}
    assert found['depth-anything/DA3-LARGE-1.1']['steps'] == [
        'hf download depth-anything/DA3-LARGE-1.1']


def test_what_is_in_the_cache_or_in_a_folder_is_here(capsys, alone):
    home = alone / 'cache' / 'models--depth-anything--DA3-BASE'
    cached = save(home / 'snapshots' / 'abc')
    (home / 'refs').mkdir()
    (home / 'refs' / 'main').write_text('abc')
    save(Path('facebook/sam3'))
    save(Path('depth-anything/DA3-SMALL'))
    Path('depth-anything/DA3-SMALL/model.safetensors').write_bytes(b'')
    here = {name: entry['folder'] for name, entry in listed(capsys).items() if entry['folder']}
    assert here == {'depth-anything/DA3-BASE': str(cached), 'facebook/sam3': 'facebook/sam3'}
    lines = said(capsys).splitlines()
    assert 'depth-anything/DA3-BASE, default, here' in lines
    assert 'depth-anything/DA3-SMALL, not here' in lines
    assert '  get: hf download depth-anything/DA3-BASE' not in lines


@pytest.mark.parametrize('columns', [60, 80, 200])
def test_it_is_readable_on_a_narrow_terminal(capsys, monkeypatch, columns):
    monkeypatch.setenv('COLUMNS', str(columns))
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    start = lines.index('depth-anything/DA3-GIANT-1.1, not here')
    assert columns < 80 or lines[start + 1:start + 4] == [
        '  depth_anything_3: depth and poses of several frames',
        '  1356 M parameters, 5.4 GB, CC BY-NC 4.0 (non-commercial use)',
        '  get: hf download depth-anything/DA3-GIANT-1.1']


def test_it_runs_without_the_hub_client(capsys, monkeypatch):
    from spatialclaw_ros.perception.weights import checkpoints
    monkeypatch.setattr(checkpoints, 'find_spec', lambda name: None)
    assert not any(entry['folder'] for entry in listed(capsys).values())
