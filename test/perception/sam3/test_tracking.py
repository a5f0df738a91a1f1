"""What texts name in a window: each thing once, and only what lasts."""

from __future__ import annotations

import numpy as np
import pytest
from sam3_questions import view
import torch

from spatialclaw_ros.perception.sam3 import tracking
from spatialclaw_ros.perception.sam3.instances import instances
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.searching import apart
from spatialclaw_ros.perception.sam3.searching import Search

FRAMES = [view(i) for i in range(8)]


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def job(network):
    return Job(network, FRAMES, tuple(range(8)), lambda: False)


def searches(network, threshold=0.3):
    return [Search(network.text(prompt), prompt, threshold) for prompt in ('mug', 'cup')]


def test_a_thing_that_is_detected_twice_is_followed_once(network):
    duplicate = network.model.config.det_nms_thresh
    seen = tracking._tracked(job(network), FRAMES[:1], searches(network, 0.0))
    view_ = network.detector_view(network.features.of(FRAMES[0].image))
    for search in searches(network, 0.0):
        once = instances(network.detect(view_, search.text), 0.0, duplicate)
        assert len(once.repeated)
        assert len([s for s in seen if s.search.text.prompt == search.text.prompt]) == once.found


@pytest.fixture
def propagated(network):
    """Masks by frame and object: logits (h, w) of the tracker, and the probability to be seen.

    The probability is set, to another one for each object. A new object has its detection's.
    """
    kept = {}

    def note(_, __, settings, output):
        if not settings['run_mem_encoder']:
            output.object_score_logits = -1.0 - torch.tensor(output.object_ids)[:, None]
            kept.update({(output.frame_idx, number): (logits.numpy().copy(), float(score))
                         for number, (logits,), (score,) in zip(
                             output.object_ids, output.pred_masks,
                             output.object_score_logits.sigmoid(), strict=True)})
        return output

    def note_new(_, __, output):
        for number, (logits,) in output.obj_id_to_mask.items():
            kept.setdefault((output.frame_idx, number),
                            (logits.numpy(), output.obj_id_to_score[number]))

    handles = (network.tracker.register_forward_hook(note, with_kwargs=True),
               network.model.register_forward_hook(note_new))
    yield kept
    for handle in handles:
        handle.remove()


def check_masks(seen, propagated, position):
    """What is `seen` in the frame at `position` are the masks and scores of the same objects."""
    there = [s for s in seen if s.frame is FRAMES[position]]
    for search in {id(s.search): s.search for s in there}.values():
        mine = [s for s in there if s.search is search]
        logits, scores = zip(*(propagated[position, s.object_id] for s in mine), strict=True)
        assert [s.mask.score for s in mine] == pytest.approx(scores)
        for s, mask in zip(mine, apart(FRAMES[position], logits, scores), strict=True):
            assert s.mask.origin == mask.origin
            assert np.array_equal(s.mask.pixels, mask.pixels)
    return there


def removing(network, monkeypatch, chosen):
    """Have the model remove the objects that `chosen` gives for a frame, its objects and new."""
    planned = network.model._process_hotstart

    def plan(**settings):
        removed, metadata = planned(**settings)
        more = chosen(settings['frame_idx'], settings['inference_session'].obj_ids,
                      settings['new_det_obj_ids'])
        metadata['removed_obj_ids'].update(more)
        return removed | set(more), metadata

    monkeypatch.setattr(network.model, '_process_hotstart', plan)


def test_what_the_model_takes_back_is_not_seen_in_any_frame(network, monkeypatch, propagated):
    monkeypatch.setattr(network.model, 'hotstart_unmatch_thresh', 1)
    removed, begun = {}, set()

    def note(_, __, output):
        for number in output.removed_obj_ids:
            removed.setdefault(number, output.frame_idx)
        begun.update(output.obj_id_to_mask.keys() - output.removed_obj_ids)

    handle = network.model.register_forward_hook(note)
    seen = tracking._tracked(job(network), FRAMES, searches(network))
    handle.remove()
    assert removed.keys() & begun
    assert {s.object_id for s in seen} == begun - removed.keys()
    assert check_masks(seen, propagated, max(removed.values()))


@pytest.mark.parametrize('place', [0, 1])
def test_what_the_model_keeps_has_its_own_masks_where_it_takes_another_back(
        network, monkeypatch, propagated, place):
    removing(network, monkeypatch, lambda position, numbers, _:
             [numbers[place]] if position == 3 else [])
    seen = tracking._tracked(job(network), FRAMES, searches(network))
    begun = [number for position, number in propagated if position == 3]
    kept = {*begun} - {begun[place]}
    assert {s.object_id for s in check_masks(seen, propagated, 3)} == kept
    assert len(kept) == 2


def test_a_session_from_which_everything_was_taken_back_goes_on(network, monkeypatch):
    removing(network, monkeypatch, lambda position, numbers, _: numbers if position == 3 else [])
    seen = tracking._tracked(job(network), FRAMES, searches(network))
    assert min(s.frame.index for s in seen) >= 4


def test_what_is_taken_back_everywhere_is_told_so(network, monkeypatch):
    removing(network, monkeypatch, lambda position, numbers, new:
             [*numbers, *new] if position else [])
    work = Job(network, FRAMES[:2], (0, 1), lambda: False)
    mug = searches(network)[0]
    tracking.track(work, FRAMES[:2], 0, [mug])
    mug.tell(work)
    view_ = network.detector_view(network.features.of(FRAMES[0].image))
    best = instances(network.detect(view_, mug.text), 0.3).scores[0]
    assert work.masks == []
    assert work.reasons == [
        f"'mug' was not found in frames [0, 1]: the best match scores {best:.2f} in frame 0, above "
        'the threshold of 0.3, but it does not last in the frames followed from there: ask for '
        'that image alone']


def test_a_score_is_that_of_the_detection_in_the_same_frame(network, monkeypatch):
    monkeypatch.setattr(network.model, 'trk_assoc_iou_thresh', 0.05)
    duplicate, last, changed = network.model.config.det_nms_thresh, {}, 0
    for s in tracking._tracked(job(network), FRAMES, searches(network)):
        view_ = network.detector_view(network.features.of(s.frame.image))
        scores = instances(network.detect(view_, s.search.text), 0.3, duplicate).scores
        before = last.get(s.object_id, s.mask.score)
        kept = s.object_id in last and s.mask.score == before
        assert kept or np.isclose(scores, s.mask.score).any()
        changed += s.mask.score != before
        last[s.object_id] = s.mask.score
    assert changed >= 5


def test_what_is_found_does_not_depend_on_what_else_is_asked_for(network):
    def found(prompts):
        asked = [Search(network.text(prompt), prompt, 0.3) for prompt in prompts]
        return [(s.frame.index, s.mask.box) for s in tracking._tracked(job(network), FRAMES, asked)
                if s.search.label == 'cup']

    assert found(['cup']) == found(['mug', 'cup'])
