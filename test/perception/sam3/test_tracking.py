"""What texts name in a window: each thing once, and only what lasts."""

from __future__ import annotations

import pytest
from sam3_questions import view
import torch

from spatialclaw_ros.perception.sam3 import tracking
from spatialclaw_ros.perception.sam3.instances import instances
from spatialclaw_ros.perception.sam3.job import Job
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


def test_what_the_model_takes_back_is_not_seen_in_any_frame(network, monkeypatch):
    monkeypatch.setattr(network.model, 'hotstart_unmatch_thresh', 1)
    removed, begun = set(), set()

    def note(_, __, output):
        removed.update(output.removed_obj_ids)
        begun.update(set(output.obj_id_to_mask) - output.removed_obj_ids)

    handle = network.model.register_forward_hook(note)
    seen = tracking._tracked(job(network), FRAMES, searches(network))
    handle.remove()
    assert removed & begun
    assert {s.object_id for s in seen} == begun - removed


def test_what_is_found_does_not_depend_on_what_else_is_asked_for(network):
    def found(prompts):
        asked = [Search(network.text(prompt), prompt, 0.3) for prompt in prompts]
        return [(s.frame.index, s.mask.box) for s in tracking._tracked(job(network), FRAMES, asked)
                if s.search.label == 'cup']

    assert found(['cup']) == found(['mug', 'cup'])
