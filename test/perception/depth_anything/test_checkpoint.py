from __future__ import annotations

import json
import shutil

import pytest

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.depth_anything.checkpoint import built


@pytest.fixture
def copied(tiny, tmp_path):
    """A copy of a tiny checkpoint whose config.json a test may change."""
    def copy(kind='several', **changes):
        folder = tmp_path / kind
        shutil.copytree(tiny[kind], folder, copy_function=shutil.copy)
        path = folder / 'config.json'
        told = json.loads(path.read_text())
        path.write_text(json.dumps({k: v for k, v in {**told, **changes}.items()
                                    if v is not None}))
        return folder
    return copy


def test_weights_are_those_that_were_saved_also_of_a_module_that_stands_twice(tiny):
    from safetensors.torch import load_file
    import torch
    saved = load_file(tiny['several'] / 'model.safetensors')
    net = built(tiny['several']).net
    held = net.state_dict()
    assert len(held) > len(saved)
    for name, weight in saved.items():
        assert torch.equal(held[name.removeprefix('model.')], weight.float())
    assert not net.training


def test_the_registry_builds_what_the_configuration_does_not_tell(copied):
    with pytest.raises(Unanswerable, match='not of the size that da3-small has'):
        built(copied(config=None))


def test_gaussian_heads_are_left_out(copied, tiny):
    config = json.loads((tiny['several'] / 'config.json').read_text())['config']
    config['gs_head'] = {'__object__': {'path': 'depth_anything_3.model.gsdpt', 'name': 'GSDPT'}}
    config['gs_adapter'] = config['gs_head']
    folder = copied(config=config)
    from safetensors.torch import load_file
    from safetensors.torch import save_file
    import torch
    weights = load_file(folder / 'model.safetensors')
    save_file({**weights, 'model.gs_head.weight': torch.zeros(2)}, folder / 'model.safetensors')
    assert getattr(built(folder).net, 'gs_head', None) is None


@pytest.mark.parametrize(('changes', 'words'), [
    ({'config': None, 'model_name': None, 'model_type': 'sam3'}, "tells model_type 'sam3'"),
    ({'config': None, 'model_name': 'da4-huge'}, "tells model_name 'da4-huge'"),
    ({'config': {'__object__': {'path': 'subprocess', 'name': 'Popen', 'args': 'as_params'},
                 'args': 'false'}}, "names the class 'subprocess'"),
    ({'config': {'__object__': 'depth_anything_3.model.da3', 'x': '${eval:"1"}'}}, 'expression'),
    ({'config': {'__object__': {'path': 'depth_anything_3.model.da3', 'name': 'Nothing'}}},
     'builds no network')])
def test_a_foreign_configuration_is_told_and_nothing_of_it_runs(copied, changes, words):
    folder = copied(**changes)
    with pytest.raises(Unanswerable, match=words) as caught:
        built(folder)
    assert str(folder) in str(caught.value)
    assert 'depth-anything/DA3-BASE' in str(caught.value)


def test_weights_of_another_model_are_told(copied, tiny):
    folder = copied()
    shutil.copy(tiny['metric'] / 'model.safetensors', folder)
    with pytest.raises(Unanswerable, match=r'not of the size|are missing \(.*are unknown'):
        built(folder)
    from safetensors.torch import save_file
    import torch
    save_file({'detector.weight': torch.zeros(3)}, folder / 'model.safetensors')
    with pytest.raises(Unanswerable, match=r"named like 'detector\.weight'"):
        built(folder)


def test_a_missing_weight_is_named(copied):
    from safetensors.torch import load_file
    from safetensors.torch import save_file
    folder = copied()
    weights = load_file(folder / 'model.safetensors')
    del weights['model.cam_dec.fc_t.bias']
    save_file(weights, folder / 'model.safetensors')
    with pytest.raises(Unanswerable, match=r'1 are missing \(cam_dec.fc_t.bias, …\), 0 are unk'):
        built(folder)
