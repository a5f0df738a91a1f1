"""Checkpoints: where they are found, and the one error that each way to lack them gives."""

from __future__ import annotations

import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

from hub_server import HubServer
from hub_server import NAME
from huggingface_hub import constants
import numpy as np
import pytest
from safetensors.numpy import save
from safetensors.numpy import save_file

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights import packages
from spatialclaw_ros.perception.weights.checkpoints import CATALOGUE
from spatialclaw_ros.perception.weights.checkpoints import checkpoint_of
from spatialclaw_ros.perception.weights.checkpoints import held
from spatialclaw_ros.perception.weights.checkpoints import lacking
from spatialclaw_ros.perception.weights.checkpoints import licence_of
from spatialclaw_ros.perception.weights.checkpoints import located

TENSORS = {'weight': np.arange(600, dtype=np.float32), 'empty': np.zeros(0, np.float16)}
POINTER = b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3440000000\n'
SHARDS = {'weight_map': {'a': 'model-1.safetensors', 'b': 'model-2.safetensors'}}


@pytest.fixture
def folder(tmp_path):
    whole = tmp_path / 'model'
    whole.mkdir()
    (whole / 'config.json').write_text('{"model_type": "sam3_video", "model_name": "da3-base"}')
    save_file(TENSORS, whole / 'model.safetensors', {'format': 'pt'})
    return whole


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    turn_to('http://127.0.0.1:9', monkeypatch)
    return tmp_path / 'cache'


def turn_to(hub, monkeypatch):
    monkeypatch.setattr(constants, 'ENDPOINT', hub)
    monkeypatch.setattr(constants, 'HUGGINGFACE_CO_URL_TEMPLATE',
                        hub + '/{repo_id}/resolve/{revision}/{filename}')


def problem_of(name, engine=SAM3, offline=True):
    with pytest.raises(Unanswerable) as caught:
        located(str(name), engine=engine, offline=offline)
    message = str(caught.value)
    assert message.startswith(f'engine {engine!r} cannot load checkpoint {str(name)!r}: ')
    assert '\n' not in message
    return message


@pytest.mark.parametrize('engine', [SAM3, DEPTH_ANYTHING, FUSED])
def test_a_whole_folder_is_taken_as_it_is(folder, engine):
    assert located(str(folder), engine=engine, offline=False) == folder


@pytest.mark.parametrize(('engine', 'words'), [
    (SAM3, "a model of type 'bert', and 'sam3_video' is wanted"),
    (DEPTH_ANYTHING, r"none of \['config', 'model_name'\].*but model_type"),
    (FUSED, 'as those of Depth Anything 3 have')])
def test_another_model_is_told_before_it_is_loaded(folder, engine, words):
    (folder / 'config.json').write_text('{"model_type": "bert"}')
    with pytest.raises(Unanswerable, match=words):
        located(str(folder), engine=engine, offline=True)
    settings = EngineSettings(sam3=str(folder), depth_anything=str(folder))
    assert 'cannot load checkpoint' in lacking(engine, settings)


def test_a_folder_is_known_by_its_place_or_its_first_letter(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert located('model', engine=SAM3, offline=True) == Path('model')
    assert 'no such folder' in problem_of('./modle')
    monkeypatch.setenv('HOME', str(folder.parent))
    assert located('~/model', engine=SAM3, offline=True) == folder


def damage(folder, how):
    weights, config = folder / 'model.safetensors', folder / 'config.json'
    if how == 'gone':
        shutil.rmtree(folder)
    elif how == 'hollow':
        shutil.rmtree(folder)
        folder.mkdir()
    elif how == 'no config':
        config.unlink()
    elif how == 'config of another kind':
        config.write_text('[1, 2]')
    elif how == 'config is a pointer':
        config.write_bytes(POINTER)
    elif how == 'no weights':
        weights.unlink()
    elif how == 'pickled':
        weights.rename(folder / 'sam3.pt')
    elif how == 'index only':
        weights.unlink()
        (folder / 'model.safetensors.index.json').write_text(json.dumps(SHARDS))
    elif how == 'a shard is missing':
        weights.rename(folder / 'model-1.safetensors')
        (folder / 'model.safetensors.index.json').write_text(json.dumps(SHARDS))
    elif how == 'index is damaged':
        (folder / 'model.safetensors.index.json').write_text('{"weight_map": 3}')
    elif how == 'zero bytes':
        weights.write_bytes(b'')
    elif how == 'pointer':
        weights.write_bytes(POINTER)
    elif how == 'cut':
        weights.write_bytes(weights.read_bytes()[:-100])
    elif how == 'cut in the header':
        weights.write_bytes(weights.read_bytes()[:20])
    elif how == 'noise':
        weights.write_bytes(np.random.default_rng(0).bytes(5000))
    elif how == 'too long':
        weights.write_bytes(weights.read_bytes() + b'xx')
    elif how == 'dangling':
        weights.unlink()
        weights.symlink_to('../blobs/0123')


@pytest.mark.parametrize(('how', 'words'), [
    ('gone', 'there is no such folder'),
    ('hollow', 'the folder is empty'),
    ('no config', 'no config.json in it, only model.safetensors'),
    ('config of another kind', 'config.json holds something else, no JSON object'),
    ('config is a pointer', 'config.json holds a Git LFS pointer (run `git lfs pull`)'),
    ('no weights', 'no weights (*.safetensors) in it, only config.json'),
    ('pickled', 'no *.safetensors in it; sam3.pt is not read'),
    ('index only', 'only the index of the weights, not model-1.safetensors, model-2.safetensors'),
    ('a shard is missing', 'its index names model-2.safetensors, which is missing'),
    ('index is damaged', 'model.safetensors.index.json is damaged'),
    ('zero bytes', 'model.safetensors holds nothing, no safetensors'),
    ('pointer', 'model.safetensors holds a Git LFS pointer (run `git lfs pull`)'),
    ('cut', 'bytes: the download was cut short'),
    ('cut in the header', 'model.safetensors was cut short after 20 bytes'),
    ('noise', 'model.safetensors holds something else, no safetensors'),
    ('too long', 'model.safetensors has'),
    ('dangling', 'model.safetensors is a link to ../blobs/0123, which is not there')])
def test_a_damaged_folder_is_told(folder, how, words):
    damage(folder, how)
    message = problem_of(folder)
    assert words in message
    assert 'Meanwhile label_image and detections' in message
    assert held(str(folder)) is None


def test_a_file_and_a_folder_too_high_name_the_right_folder(folder):
    assert f'give the folder it lies in, {folder}' in problem_of(folder / 'model.safetensors')
    assert f'but in {folder}: give that folder' in problem_of(folder.parent)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_a_folder_that_may_not_be_read_is_told(folder):
    folder.chmod(0)
    assert 'cannot be read' in problem_of(folder)
    folder.chmod(0o700)


def test_a_name_is_fetched_once_and_found_without_a_network(cache):
    files = {'config.json': b'{}', 'model.safetensors': save(TENSORS), 'merges.txt': b'a b',
             'sam3.pt': b'large', 'README.md': b'---\nlicense: mit\n---\n', 'demo.gif': b'GIF'}
    assert held(NAME) is None
    with HubServer(files) as hub, pytest.MonkeyPatch.context() as patch:
        turn_to(hub.url, patch)
        found = located(NAME, engine=SAM3, offline=False)
        assert sorted(hub.fetched) == sorted(set(files) - {'sam3.pt', 'demo.gif'})
        assert str(found).startswith(str(cache))
    assert located(NAME, engine=SAM3, offline=True) == held(NAME) == found
    assert located(NAME, engine=SAM3, offline=False) == found
    assert licence_of(found).name == 'MIT'


def test_a_name_that_is_not_in_the_cache_is_told_when_offline(cache, monkeypatch):
    message = problem_of('facebook/sam3')
    assert f"not whole, in the hub's cache ({cache}), and offline is set" in message
    assert 'accept the SAM License on huggingface.co/facebook/sam3' in message
    assert '`HF_TOKEN=<token of that account> hf download facebook/sam3`' in message
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)
    assert 'HF_HUB_OFFLINE is set' in problem_of('facebook/sam3', offline=False)


def test_a_download_that_was_cut_short_is_told(cache):
    files = {'config.json': b'{}', 'model.safetensors': save(TENSORS)[:-50]}
    with HubServer(files) as hub, pytest.MonkeyPatch.context() as patch:
        turn_to(hub.url, patch)
        message = problem_of(NAME, offline=False)
    home = cache / 'models--somebody--some-model'
    assert f'cut short; remove {home} and try again' in message
    assert 'model.safetensors has' in problem_of(NAME, offline=True)


@pytest.mark.parametrize(('status', 'code', 'words'), [
    (401, 'GatedRepo', f'accept its licence on huggingface.co/{NAME}, set HF_TOKEN'),
    (403, 'GatedRepo', f'accept its licence on huggingface.co/{NAME}, set HF_TOKEN'),
    (404, 'RepoNotFound', 'the hub has no such repository, or it is private (HTTP 404)'),
    (401, 'RepoNotFound', 'the hub has no such repository, or it is private (HTTP 401)'),
    (410, '', 'the hub answered HTTP 410; try again later')])
def test_a_refusal_of_the_hub_is_told(monkeypatch, status, code, words):
    with HubServer({'config.json': b'{}'}, status, code) as hub:
        turn_to(hub.url, monkeypatch)
        assert words in problem_of(NAME, offline=False)


def test_a_hub_out_of_reach_is_told():
    message = problem_of('depth-anything/DA3-BASE', DEPTH_ANYTHING, offline=False)
    assert 'the hub cannot be reached' in message
    assert '127.0.0.1' not in message.split('cannot be reached')[0]
    assert message.endswith('Meanwhile depth_camera reconstructs without weights')


def test_a_cache_that_cannot_be_written_is_told(cache, monkeypatch):
    cache.write_text('a file where a folder should be')
    with HubServer({'config.json': b'{}'}) as hub:
        turn_to(hub.url, monkeypatch)
        assert 'its files cannot be kept' in problem_of(NAME, offline=False)


@pytest.mark.parametrize('name', ['', 'a b', 'one/two/three', 'x' * 300, '-x', 'a\nb'])
def test_a_name_that_is_none_is_told(name):
    message = problem_of_any(name)
    assert 'no name on the hub' in message


def problem_of_any(name):
    with pytest.raises(Unanswerable) as caught:
        located(name, engine=SAM3, offline=True)
    return str(caught.value)


def test_missing_packages_are_told_with_the_line_that_installs_them(folder, monkeypatch):
    real = packages.find_spec
    monkeypatch.setattr(packages, 'find_spec', lambda name: None if name in (
        'torch', 'transformers', 'depth_anything_3') else real(name))
    message = problem_of(folder)
    assert "`pip install torch 'transformers>=5'` (on a Jetson take the vendor's build" in message
    assert '`pip install --no-deps depth-anything-3`' in problem_of(folder, DEPTH_ANYTHING)
    assert packages.versions(SAM3)['torch'] == ''
    assert packages.versions(SAM3)['safetensors']


def test_a_package_that_is_too_old_is_told(folder, monkeypatch):
    real = packages.metadata.version
    monkeypatch.setattr(packages.metadata, 'version',
                        lambda name: '4.57.1' if name == 'transformers' else real(name))
    assert "packages are missing or too old; `pip install 'transformers>=5'`" in problem_of(folder)


def test_the_catalogue_holds_the_defaults_and_only_they_are_so_marked():
    usual = EngineSettings()
    assert {c.name for c in CATALOGUE if c.is_default} == {
        usual.sam3, usual.depth_anything, usual.depth_anything_metric}
    assert all(c.licence.is_commercial for c in CATALOGUE if c.is_default)
    assert len({c.name for c in CATALOGUE}) == len(CATALOGUE)
    assert [c.name for c in CATALOGUE if c.gated] == ['facebook/sam3']


@pytest.mark.parametrize(('name', 'commercial'), [
    ('depth-anything/DA3-BASE', True), ('depth-anything/DA3-LARGE-1.1', False),
    ('depth-anything/DA3-LARGE', False), ('/models/depth-anything/DA3-GIANT/', False),
    ('/home/a/.cache/hub/models--depth-anything--DA3NESTED-GIANT-LARGE-1.1/snapshots/5', False),
    ('facebook/sam3', True), ('somebody/DA3-BASE', None), ('/models/mine', None)])
def test_the_licence_is_known_by_name(name, commercial):
    assert licence_of(name).is_commercial is commercial
    assert (checkpoint_of(name) is None) == (commercial is None)


@pytest.mark.parametrize(('file', 'text', 'told'), [
    ('README.md', '---\nlicense: apache-2.0\ntags:\n- depth\n---\n# Model', 'Apache-2.0'),
    ('README.md', '---\r\nlicense: "cc-by-nc-4.0" # x\r\n---\r\n', 'CC BY-NC 4.0 (non'),
    ('README.md', '---\nlicense: other\nlicense_name: sam-license\n---\n', 'SAM License'),
    ('README.md', '---\nlicense: cc-by-nc-sa-4.0\n---\n', 'cc-by-nc-sa-4.0 (non-commercial)'),
    ('README.md', '---\nlicense: CC-BY-NC-SA-4.0\n---\n', 'CC-BY-NC-SA-4.0 (non-commercial)'),
    ('README.md', '---\nlicense: openrail\n---\n', 'openrail (commercial use unclear)'),
    ('README.md', '---\nlicense: other\n---\n', 'unknown licence (commercial use unclear)'),
    ('README.md', 'license: mit, says a text without front matter', 'unknown licence'),
    ('README.md', '\xff\xfe\x00', 'unknown licence'),
    ('LICENSE', 'Apache License\n   Version 2.0, January 2004', 'Apache-2.0'),
    ('LICENSE.txt', 'MIT License\n\nCopyright', 'MIT'),
    ('LICENCE', 'Creative Commons Attribution-NonCommercial 4.0 International', 'CC BY-NC 4.0'),
    ('LICENSE', 'SAM License\nLast Updated', 'SAM License'),
    ('LICENSE', 'All rights reserved', 'unknown licence')])
def test_the_licence_of_a_folder_is_read_from_its_files(folder, file, text, told):
    (folder / file).write_bytes(text.encode('latin-1'))
    assert str(licence_of(folder)).startswith(told)


def test_nothing_heavy_is_imported():
    code = ('import sys, spatialclaw_ros.perception.device, spatialclaw_ros.perception.image_key,'
            ' spatialclaw_ros.perception.weights.checkpoints;'
            'print([n for n in ("torch", "transformers", "huggingface_hub") if n in sys.modules])')
    told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == '[]'
