"""The network answers as the published classes do with the same weights, once per image."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sam3_questions import view
from tiny_sam3 import IMAGE
from tiny_sam3 import MASK
from tiny_sam3 import save_tiny_sam3
from tiny_sam3 import TOKENS
import torch
from transformers import Sam3Model
from transformers import Sam3TrackerConfig
from transformers import Sam3TrackerModel
from transformers import Sam3TrackerVideoModel

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.sam3.checkpoint import load
from spatialclaw_ros.perception.sam3.features import Features
from spatialclaw_ros.perception.sam3.network import Network
from spatialclaw_ros.scene import Region

SENSOR = (160, 120)
CPU = torch.device('cpu')
BOX = Region('box', 0, box=(20.0, 30.0, 80.0, 90.0))
POINT = Region('point', 0, points=np.array([[40.0, 60.0]]), point_labels=(1,))
POINTS = Region('points', 0, points=np.array([[40.0, 60.0], [130.0, 40.0]]), point_labels=(1, 0))


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def test_pixels_are_stretched_and_scaled_as_the_published_processor_has_it(network):
    image = view(0, size=(IMAGE, IMAGE)).image
    pixels = network.pixels(image)
    assert pixels.shape == (1, 3, IMAGE, IMAGE)
    assert pixels[0, :, 5, 7].numpy() == pytest.approx(image[5, 7] / 255 / 0.5 - 1, abs=1e-6)
    assert network.pixels(view(0, size=(640, 360)).image).shape == (1, 3, IMAGE, IMAGE)


def test_colours_are_those_that_the_checkpoint_tells(tmp_path):
    folder = save_tiny_sam3(tmp_path)
    (folder / 'processor_config.json').unlink()
    (folder / 'preprocessor_config.json').write_text(json.dumps(
        {'image_mean': [0.1, 0.2, 0.3], 'image_std': [1.0, 2.0, 4.0]}))
    black = Network(load(folder, CPU, torch.float32)).pixels(np.zeros((8, 8, 3), np.uint8))
    assert black[0, :, 0, 0].numpy() == pytest.approx([-0.1, -0.1, -0.075])


def test_a_text_finds_what_a_sam3_model_finds(folder, network):
    image = view(0).image
    published = Sam3Model.from_pretrained(folder, local_files_only=True).eval()
    text = network.text('red mug')
    mine = network.detect(network.detector_view(network.features.of(image)), text)
    theirs = published(pixel_values=network.pixels(image), input_ids=text.ids,
                       attention_mask=text.mask)
    for name in ('pred_logits', 'presence_logits', 'pred_boxes', 'pred_masks'):
        assert torch.allclose(getattr(mine, name), getattr(theirs, name), atol=1e-4)
    assert mine.pred_masks.shape[-2:] == (MASK, MASK)


def published_tracker(network):
    """A Sam3TrackerModel with the weights of `network`, and no encoder."""
    config = network.tracker.config.to_dict()
    config['prompt_encoder_config']['model_type'] = 'sam3_tracker_prompt_encoder'
    config['mask_decoder_config']['model_type'] = 'sam3_tracker_mask_decoder'
    wanted = ('vision_config', 'prompt_encoder_config', 'mask_decoder_config')
    model = Sam3TrackerModel(Sam3TrackerConfig(**{name: config[name] for name in wanted})).eval()
    missing, _ = model.load_state_dict(network.tracker.state_dict(), strict=False)
    assert all(name.startswith('vision_encoder.') for name in missing)
    return model


def test_a_box_and_points_draw_what_a_sam3_tracker_model_draws(folder, network):
    image = view(0).image
    encoder = Sam3TrackerVideoModel.from_pretrained(folder, local_files_only=True).eval()
    maps = encoder.get_image_embeddings(network.pixels(image))
    published, seen = published_tracker(network), network.tracker_view(network.features.of(image))
    x, y = IMAGE / SENSOR[0], IMAGE / SENSOR[1]
    corners = torch.tensor([[[20 * x, 30 * y, 80 * x - 1, 90 * y - 1]]])
    point, other = ([(u + 0.5) * x - 0.5, (v + 0.5) * y - 0.5] for u, v in ((40, 60), (130, 40)))
    for region, prompt, several in (
            (BOX, {'input_boxes': corners}, False),
            (POINT, {'input_points': torch.tensor([[[point]]])}, True),
            (POINTS, {'input_points': torch.tensor([[[point, other]]]),
                      'input_labels': torch.tensor([[[1, 0]]])}, False)):
        mine = network.draw(seen, region, SENSOR)
        theirs = published(image_embeddings=maps, multimask_output=several, **prompt)
        overlaps = theirs.iou_scores[0, 0]
        best = int(overlaps.argmax())
        assert mine.overlap == pytest.approx(float(overlaps[best]), abs=1e-4)
        assert mine.logits == pytest.approx(theirs.pred_masks[0, 0, best].numpy(), abs=1e-3)
        assert len(mine.others) == (2 if several else 3)


def test_a_negative_point_changes_what_is_drawn(network):
    seen = network.tracker_view(network.features.of(view(0).image))
    both = Region('points', 0, points=POINTS.points, point_labels=(1, 1))
    drawn = [network.draw(seen, region, SENSOR).logits for region in (POINTS, both)]
    assert not np.allclose(*drawn)


def test_images_are_encoded_once_and_a_few_are_kept():
    encoded = []

    def encode(image):
        encoded.append(image[0, 0, 0])
        return torch.zeros(1, 4, 8)

    features = Features(encode, kept=2)
    first, second, third = (np.full((4, 6, 3), value, np.uint8) for value in (1, 2, 3))
    for image in (first, second, first.copy(), third, first, second):
        features.of(image)
    assert encoded == [1, 2, 3, 2]
    assert features.nbytes == 2 * 4 * 8 * 4
    for image in (third, first, third):
        features.of(image, keep=False)
    assert encoded == [1, 2, 3, 2, 3, 3]
    features.of(second)
    assert encoded == [1, 2, 3, 2, 3, 3]


@pytest.mark.parametrize('prompt', ['mug ' * 500, 'x' * (TOKENS - 1)])
def test_a_prompt_that_is_too_long_is_named(network, prompt, caplog):
    with pytest.raises(ValueError, match=f'longer than the {TOKENS} tokens'):
        network.text(prompt)
    assert not caplog.records


def test_a_prompt_may_fill_what_the_network_reads(network):
    text = network.text('x' * (TOKENS - 2))
    assert text.ids.shape == text.mask.shape == (1, TOKENS)
    assert text.mask.all()
    with pytest.raises(ValueError, match='name of a thing'):
        network.text('  ')


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_keeps_the_place_of_a_point(folder, dtype):
    network = Network(load(folder, CPU, dtype))
    features = network.features.of(view(0).image)
    assert features.dtype == dtype
    seen = network.tracker_view(features)
    drawn = [network.draw(seen, Region('p', 0, points=np.array([[u, 1000.0]]),
                                       point_labels=(1,)), (1920, 1080)).logits
             for u in range(1800, 1810)]
    assert all(np.isfinite(logits).all() for logits in drawn)
    assert len({logits.tobytes() for logits in drawn}) >= 8


def test_a_mask_as_prompt_is_never_lost(network):
    thin = np.zeros((1080, 1920), bool)
    thin[500, 300:305] = True
    assert network.mask_input(thin).sum() >= 1
    whole = network.mask_input(np.ones((48, 64), bool))
    assert whole.shape == (1, 1, IMAGE, IMAGE)
    assert whole.all()


def test_another_models_checkpoint_is_named(tmp_path):
    (tmp_path / 'config.json').write_text(json.dumps({'model_type': 'owlv2'}))
    with pytest.raises(Unanswerable, match=f"{tmp_path}.*'owlv2'.*'sam3_video'"):
        load(tmp_path, CPU, torch.float32)


def test_a_checkpoint_without_some_weights_is_refused(tmp_path, folder, caplog):
    from safetensors.torch import load_file
    from safetensors.torch import save_file
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / 'model.safetensors')
    kept = {name: value for name, value in weights.items() if not name.startswith('tracker_neck')}
    save_file(kept, tmp_path / 'model.safetensors', {'format': 'pt'})
    with pytest.raises(Unanswerable, match="weights are missing, 'tracker_neck"):
        load(tmp_path, CPU, torch.float32)
    (tmp_path / 'tokenizer.json').write_text('{}')
    with pytest.raises(Unanswerable, match='cannot be read'):
        load(tmp_path, CPU, torch.float32)


@pytest.mark.parametrize(('value', 'message'), [
    (96, 'of its weights are not of the size'), ('much', 'cannot be read')])
def test_weights_that_do_not_fit_their_config_are_named(tmp_path, value, message):
    config = save_tiny_sam3(tmp_path) / 'config.json'
    settings = json.loads(config.read_text())
    settings['tracker_config']['mask_decoder_config']['mlp_dim'] = value
    config.write_text(json.dumps(settings))
    with pytest.raises(Unanswerable, match=message):
        load(tmp_path, CPU, torch.float32)
