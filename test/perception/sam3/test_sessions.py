"""A window costs no more memory than a few frames, and forgetting changes nothing."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from sam3_questions import ask
from sam3_questions import view
import torch
from transformers import Sam3TrackerVideoInferenceSession
from transformers import Sam3VideoInferenceSession

from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.sam3 import pointing
from spatialclaw_ros.perception.sam3 import tracking
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.searching import Search
from spatialclaw_ros.perception.sam3.sessions import Pictures

WINDOW = tuple(range(30))
#: A threshold that a few detections of the tiny checkpoint pass.
ENOUGH = 0.42
FRAMES = [view(i) for i in WINDOW]
BOXES = ((20.0, 30.0, 80.0, 90.0), (100.0, 20.0, 150.0, 70.0))
REQUESTS = {
    'boxes': SegmentBoxes(WINDOW, BOXES, ('disc', 'square'), 12),
    'text': SegmentText(WINDOW, ('mug', 'cup'), ('mug', 'cup'), ENOUGH, 12),
}


def nothing(*_):
    """Forget nothing."""


def alive(references):
    return sum(reference() is not None for reference in references)


@pytest.mark.parametrize('kind', REQUESTS)
def test_a_window_holds_the_features_of_two_frames_at_most(engine, kind):
    ask(engine, SegmentText((0,), ('mug',), ('mug',), 0.9), FRAMES)
    network = engine._network
    network.features._known.clear()
    maps, most = {'backbone': [], 'detector': [], 'tracker': []}, []

    def count(name):
        def hook(_, __, output):
            made = output.last_hidden_state if name == 'backbone' else output[0][0]
            maps[name].append(weakref.ref(made))
            most.append(max(alive(references) for references in maps.values()))
        return hook

    vision = network.detector.vision_encoder
    hooks = [module.register_forward_hook(count(name)) for name, module in (
        ('backbone', vision.backbone), ('detector', vision.neck),
        ('tracker', network.model.tracker_neck))]
    ask(engine, REQUESTS[kind], FRAMES)
    for hook in hooks:
        hook.remove()
    assert len(maps['backbone']) >= len(WINDOW)
    assert max(most) <= 2


@pytest.fixture
def sessions(monkeypatch):
    """Sessions made during the test, with the bytes of tensors that each held after each frame."""
    made = []

    def watched(name, module):
        original = getattr(module, name)

        def forgetful(session, network_or_config, *arguments):
            original(session, network_or_config, *arguments)
            if not made or made[-1][0] is not session:
                made.append((session, []))
            made[-1][1].append(held_by(session))

        monkeypatch.setattr(module, name, forgetful)

    watched('forget', pointing)
    watched('_forget', tracking)
    return made


def held_by(session):
    """Bytes of every tensor that can be reached from `session`."""
    seen, waiting, total = set(), [vars(session)], 0
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, Pictures):
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor):
            storage = thing.untyped_storage()
            if storage.data_ptr() not in seen:
                seen.add(storage.data_ptr())
                total += storage.nbytes()
        elif isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set)):
            waiting += thing
        elif hasattr(thing, '__dict__'):
            waiting.append(vars(thing))
    return total


def test_a_session_does_not_grow_with_the_window(engine, sessions):
    ask(engine, REQUESTS['boxes'], FRAMES)
    assert [len(held) for _, held in sessions] == [18, 13]
    session, held = sessions[0]
    bank = engine._network.tracker.config.num_maskmem
    assert held[-1] - held[bank] <= 40 * 1024  # pointers, of 16 frames
    assert held[-1] == held[-2]
    assert not session.cache._vision_features
    for outputs in session.output_dict_per_obj.values():
        assert len(outputs['non_cond_frame_outputs']) < 16
        assert sum('maskmem_features' in output
                   for output in outputs['non_cond_frame_outputs'].values()) == bank - 1
        assert not any('high_res_masks' in output for kept in outputs.values()
                       for output in kept.values())


def test_a_session_of_texts_keeps_only_what_tracks_need(engine, sessions):
    ask(engine, REQUESTS['text'], FRAMES)
    bank = engine._network.tracker.config.num_maskmem
    for session, _ in sessions:
        assert not session.cache._vision_features
        assert isinstance(session.processed_frames, Pictures)
        assert not session.suppressed_obj_ids
        assert len(session.obj_id_to_tracker_score_frame_wise) == 0
        for outputs in session.output_dict_per_obj.values():
            assert len(outputs['cond_frame_outputs']) <= 4
            assert sum('maskmem_features' in output for output in
                       outputs['non_cond_frame_outputs'].values()) <= bank - 1
        assert not any(session.mask_inputs_per_obj.values())


def job(network, frames=FRAMES):
    return Job(network, list(frames), WINDOW, lambda: False)


def test_forgetting_does_not_change_what_is_followed(network):
    images = [frame.image for frame in FRAMES]
    masks = [np.zeros((120, 160), bool) for _ in BOXES]
    for mask, (x1, y1, x2, y2) in zip(masks, BOXES, strict=True):
        mask[int(y1):int(y2), int(x1):int(x2)] = True
    with torch.inference_mode():
        short = list(pointing.followed(job(network), images, masks))
        session = whole_session(network, images, masks)
        published = list(network.tracker.propagate_in_video_iterator(session, start_frame_idx=0))
    assert len(short) == len(images) - 1
    assert any((logits > 0).any() for logits, _ in short[20:])
    for (logits, presence), output in zip(short, published[1:], strict=True):
        assert logits == pytest.approx(output.pred_masks[:, 0].numpy(), abs=1e-3)
        assert presence == pytest.approx(output.object_score_logits[:, 0].sigmoid(), abs=1e-4)


def whole_session(network, images, masks):
    """A session as the published processor makes it: the whole video, features of every frame."""
    session = Sam3TrackerVideoInferenceSession(
        video=torch.cat([network.pixels(image) for image in images]), dtype=torch.float32,
        max_vision_features_cache_size=len(images))
    for number, mask in enumerate(masks):
        session.add_mask_inputs(session.obj_id_to_idx(number), 0, network.mask_input(mask))
    session.obj_with_new_inputs = list(range(len(masks)))
    for position, image in enumerate(images):
        session.cache.cache_vision_features(
            position, network.tracker_view(network.features.of(image)))
    return session


def test_forgetting_does_not_change_what_is_tracked(network, monkeypatch):
    def tracked(forget):
        monkeypatch.setattr(tracking, '_forget', forget)
        with torch.inference_mode():
            searches = [Search(network.text(prompt), prompt, ENOUGH) for prompt in ('mug', 'cup')]
            return tracking._tracked(job(network), FRAMES[:22], searches)

    short, whole = tracked(tracking._forget), tracked(nothing)
    lasting = [seen for seen in short if seen.object_id == short[0].object_id]
    assert len(lasting) > 20
    assert [(s.frame.index, s.object_id) for s in short] == [
        (s.frame.index, s.object_id) for s in whole]
    for mine, theirs in zip(short, whole, strict=True):
        assert mine.mask.origin == theirs.mask.origin
        assert (mine.mask.pixels == theirs.mask.pixels).all()


def test_pictures_are_made_when_they_are_asked_for(network):
    pictures = Pictures(network, [FRAMES[0].image, FRAMES[5].image])
    assert len(pictures) == 2
    assert torch.equal(pictures[1], network.pixels(FRAMES[5].image)[0])


def test_the_model_takes_a_session_without_a_video(network):
    session = Sam3VideoInferenceSession()
    session.processed_frames = Pictures(network, [FRAMES[0].image])
    assert session.num_frames == 1
