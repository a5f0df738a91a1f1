"""A folder that is nearly a checkpoint of SAM 3 is refused by name, whatever its readers say."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.device import memory_told
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.sam3 import checkpoint

CPU = torch.device('cpu')


@pytest.fixture
def copy(tmp_path, folder):
    """A copy of the tiny checkpoint, to be damaged."""
    return shutil.copytree(folder, tmp_path / 'copy')


def refusal(folder):
    with pytest.raises(Unanswerable) as caught:
        checkpoint.load(folder, CPU, torch.float32)
    message = str(caught.value)
    assert message.startswith(f"engine 'sam3' cannot run the checkpoint in {folder}: ")
    assert '\n' not in message and len(message) < len(str(folder)) + 450
    return message


@pytest.mark.parametrize(('path', 'value'), [
    (('detector_config',), 7),
    (('detector_config', 'geometry_encoder_config', 'id2label'), [1, 2]),
    (('detector_config', 'text_config', 'dtype'), [1, 2]),
    (('detector_config', 'detr_encoder_config', 'model_type'), []),
    (('detector_config', 'text_config', 'max_position_embeddings'), -1),
    (('tracker_config', 'prompt_encoder_config', 'patch_size'), [1, 2]),
])
def test_nonsense_in_its_config_is_told_in_one_line(copy, path, value):
    config = json.loads((copy / 'config.json').read_text())
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (copy / 'config.json').write_text(json.dumps(config))
    assert 'its config.json or its weights cannot be read' in refusal(copy)


def test_a_checkpoint_without_its_tokenizer_is_not_run_with_one_that_knows_nothing(copy):
    for path in copy.glob('tokenizer*'):
        path.unlink()
    assert 'tokenizer.json is missing or of another model' in refusal(copy)


def test_a_damaged_tokenizer_is_told(copy):
    (copy / 'tokenizer.json').write_text('{}')
    assert 'its tokenizer cannot be read (KeyError' in refusal(copy)


@pytest.mark.parametrize('content', [
    'junk', '[]', '{"image_processor": 3}', '{"image_mean": "a"}', '{"image_std": [0, 0, 0]}',
    '{"image_mean": [0.5, 0.5]}', '{"image_mean": [0.5, 0.5, NaN]}'])
def test_colours_that_are_none_are_told(copy, content):
    (copy / 'processor_config.json').write_text(content)
    assert 'its colours cannot be read (processor_config.json)' in refusal(copy)


@pytest.mark.parametrize('error', [
    MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate "
                                '3440000000 bytes'), torch.OutOfMemoryError('CUDA out of memory')])
def test_lack_of_memory_is_no_damage(copy, monkeypatch, error):
    from transformers import Sam3VideoModel

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(Sam3VideoModel, 'from_pretrained', fail)
    with pytest.raises(Unanswerable, match='ran out of memory on cpu'), memory_told(SAM3, CPU):
        checkpoint.load(copy, CPU, torch.float32)
