"""The engine answers real requests on a tiny random checkpoint: structure, not quality."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sam3_questions import ask
from sam3_questions import boxes
from sam3_questions import by_object
from sam3_questions import check
from sam3_questions import DISC
from sam3_questions import SOME
from sam3_questions import SQUARE
from sam3_questions import text
from sam3_questions import view
from tiny_sam3 import save_tiny_sam3
import torch

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.sam3.engine import Sam3
from spatialclaw_ros.scene import Region

WINDOW = [view(i) for i in range(5)]


def counted(network):
    """Images that the encoder is given from now on."""
    seen = []
    network.detector.vision_encoder.backbone.register_forward_hook(
        lambda _, inputs, __: seen.append(len(inputs[0])))
    return seen


def test_a_text_finds_every_instance_above_the_threshold(engine):
    low, high = (ask(engine, text('mug', threshold=t), WINDOW) for t in (0.0, SOME))
    check(low, WINDOW)
    assert 1 <= len(high.masks) < len(low.masks) <= 8
    assert all(mask.score > SOME and mask.label == 'mug' for mask in high.masks)
    assert [mask.object_id for mask in low.masks] == list(range(len(low.masks)))
    scores = [mask.score for mask in low.masks]
    assert scores == sorted(scores, reverse=True)
    together = sum(mask.mask.sum() for mask in low.masks)
    full = np.zeros((120, 160), int)
    for mask in low.masks:
        (x, y), (h, w) = mask.origin, mask.mask.shape
        full[y:y + h, x:x + w] += mask.mask
    assert full.max() == 1
    assert full.sum() == together


def test_what_is_not_found_is_told_with_what_came_near(engine):
    best = max(mask.score for mask in ask(engine, text('mug', threshold=0.0), WINDOW).masks)
    reply = ask(engine, text('mug', threshold=best + 0.01), WINDOW)
    assert reply.masks == ()
    assert f"'mug' was not found in frames [0]: the best match scores {best:.2f}" in reply.reason
    assert reply.candidates[0].score == pytest.approx(best)
    assert 1 <= len(reply.candidates) <= 5
    for near in reply.candidates:
        x1, y1, x2, y2 = near.box
        assert (near.label, near.frame) == ('mug', 0)
        assert 0 <= x1 < x2 <= 160
        assert 0 <= y1 < y2 <= 120
    nothing = ask(engine, text('mug', threshold=0.99), WINDOW)
    assert (nothing.masks, nothing.candidates) == ((), ())
    assert f'scores {best:.2f}' in nothing.reason


def test_prompts_and_calls_on_one_image_share_its_features(engine):
    ask(engine, text('mug'), WINDOW)
    seen = counted(engine._network)
    ask(engine, text('cup', 'red mug'), WINDOW)
    ask(engine, boxes(DISC, SQUARE), WINDOW)
    ask(engine, text('cup', frames=(0, 1, 2)), WINDOW)
    assert len(seen) == 2
    ask(engine, text('cup', frames=(0, 1, 2)), WINDOW)
    assert len(seen) == 2


def test_without_a_prompt_frame_every_frame_stands_alone(engine):
    reply = ask(engine, text('mug', 'cup', frames=(0, 1)), WINDOW)
    assert all(len(frames) == 1 for frames in by_object(reply).values())
    alone = ask(engine, text('mug', frames=(1,)), WINDOW)
    there = [mask for mask in reply.masks if mask.frame == 1 and mask.label == 'mug']
    assert [mask.box for mask in alone.masks] == [mask.box for mask in there]


def test_numbers_that_are_none_are_told_and_not_taken_for_nothing_found(engine):
    ask(engine, text('mug'), WINDOW)
    parameters = (engine._network.detector.text_projection.weight,
                  engine._network.tracker.mask_decoder.conv_s0.weight)
    for parameter in parameters:
        parameter.data.fill_(np.nan)
    for request in (text('cup'), text('cup', frames=range(3), prompt_frame=0), boxes(DISC)):
        with pytest.raises(Unanswerable, match=r'NaN.*bfloat16 or float32'):
            ask(engine, request, WINDOW)


def test_frames_may_be_of_different_sizes(engine):
    sizes = ((160, 120), (320, 240), (64, 200), (9, 7))
    frames = [view(i, size=size) for i, size in enumerate(sizes)]
    for request in (boxes(DISC, frames=range(4)), text('mug', frames=range(4), threshold=0.1),
                    text('mug', frames=range(4), threshold=0.1, prompt_frame=0)):
        reply = ask(engine, request, frames)
        check(reply, frames)
        assert reply.masks


def test_images_of_one_colour_among_others_are_told(engine):
    frames = [WINDOW[0], view(1, image=np.zeros((120, 160, 3), np.uint8)), WINDOW[2]]
    for request in (text('mug', frames=range(3)), boxes(DISC, frames=range(3)),
                    text('mug', frames=range(3), threshold=0.9, prompt_frame=0)):
        reply = ask(engine, request, frames)
        check(reply, frames)
        assert 'frames [1] show nothing but one colour' in reply.reason
    assert ask(engine, boxes(DISC, frames=(0, 2)), frames).reason == ''


def test_a_region_of_the_name_is_the_prompt(engine):
    seen = view(0, regions=(Region('coffee_mugs', 0, box=DISC, score=0.5),))
    named = ask(engine, text('coffee mug', labels=('mug',)), [seen])
    pointed = ask(engine, boxes(DISC), [seen])
    assert np.array_equal(named.masks[0].mask, pointed.masks[0].mask)
    assert named.masks[0].score == pytest.approx(0.5 * pointed.masks[0].score)
    assert named.masks[0].label == 'mug'


def test_a_region_below_the_threshold_is_a_candidate(engine):
    seen = view(0, regions=(Region('mug', 0, box=DISC, score=0.3),))
    reply = ask(engine, text('mug', threshold=0.5), [seen])
    assert reply.masks == ()
    assert [(near.score, near.box) for near in reply.candidates] == [(0.3, DISC)]
    assert "'mug' score 0.30 at best, the threshold is 0.5" in reply.reason


@pytest.mark.parametrize('precision', ['bfloat16', 'float16'])
def test_half_precision_runs_on_a_cpu_and_agrees(folder, engine, precision):
    half = Sam3(EngineSettings(device='cpu', precision=precision, offline=True, sam3=str(folder)))
    reply = ask(half, boxes(DISC, frames=range(3)), WINDOW)
    full = ask(engine, boxes(DISC), WINDOW)
    assert half._network.dtype == getattr(torch, precision)
    assert reply.masks[0].score == pytest.approx(full.masks[0].score, abs=0.02)
    check(ask(half, text('mug', frames=range(3), threshold=0.1, prompt_frame=1), WINDOW), WINDOW)


def test_the_state_tells_what_is_loaded_and_how_fast_it_was(engine, folder):
    before = engine.state()
    assert (before.name, before.checkpoint, before.is_loaded) == ('sam3', str(folder), False)
    assert np.isnan(before.seconds)
    ask(engine, text('mug', frames=(0, 1)), WINDOW)
    after = engine.state()
    assert after.is_loaded
    assert 0 < after.seconds < 60
    assert after.problem == ''
    assert 'unknown' in after.licence
    assert Sam3(EngineSettings()).state().licence == 'SAM License'


def test_a_wrong_folder_is_one_clear_error_and_the_state_keeps_it(tmp_path):
    save_tiny_sam3(tmp_path)
    config = tmp_path / 'config.json'
    config.write_text(config.read_text().replace('"sam3_video"', '"owlv2"'))
    engine = Sam3(EngineSettings(sam3=str(tmp_path), device='cpu'))
    with pytest.raises(Unanswerable, match="holds a model of type 'owlv2'"):
        ask(engine, text('mug'), WINDOW)
    assert 'owlv2' in engine.state().problem
    missing = Sam3(EngineSettings(sam3=str(tmp_path / 'none'), offline=True))
    with pytest.raises(Unanswerable, match='none'):
        ask(missing, text('mug'), WINDOW)


def test_a_prompt_of_500_words_is_one_clear_error(engine):
    with pytest.raises(ValueError, match='of 500 words is longer than the 32 tokens'):
        ask(engine, text('mug ' * 500), WINDOW)


def test_no_package_of_kernels_is_asked_for(engine, monkeypatch):
    from transformers.models.sam3_video import modeling_sam3_video

    def asked():
        raise AssertionError('the model looked for CUDA kernels')

    monkeypatch.setattr(modeling_sam3_video, '_load_cv_utils_kernel_once', asked)
    reply = ask(engine, text('mug', frames=range(3), threshold=0.0, prompt_frame=0), WINDOW)
    assert reply.masks


def test_the_engine_is_imported_without_torch():
    done = subprocess.run(
        [sys.executable, '-c', 'import sys; import spatialclaw_ros.perception.sam3.engine; '
         'sys.exit("torch" in sys.modules or "transformers" in sys.modules)'], check=False)
    assert done.returncode == 0
