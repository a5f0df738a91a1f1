"""What was not found is told: how near it came, and where."""

from __future__ import annotations

import numpy as np
import pytest
from sam3_questions import view
import torch

from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.instances import CANDIDATES
from spatialclaw_ros.perception.sam3.instances import Instances
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.network import Text
from spatialclaw_ros.perception.sam3.searching import apart
from spatialclaw_ros.perception.sam3.searching import FLEETING
from spatialclaw_ros.perception.sam3.searching import Search
from spatialclaw_ros.perception.sam3.searching import search_image
from spatialclaw_ros.perception.sam3.tracking import track

FRAMES = [view(i) for i in range(20)]
PIXELS = np.ones((40, 60), bool)
MASK = Mask((20, 30), PIXELS, PIXELS[None], 0.8)
SHOWN = np.array([20 / 160, 30 / 120, 80 / 160, 70 / 120])
ELSEWHERE = np.array([0.6, 0.6, 1.2, 0.9])


def search(threshold=0.4):
    return Search(Text('mug', None, None, None), 'cup', threshold)


def seen(*scored, found=0, rejected=0.1, empty=0.0):
    boxes, scores = zip(*scored, strict=True)
    return Instances(np.arange(len(scored)), np.array(scores), np.array(boxes), found, rejected,
                     np.array([], int), empty)


def job(asked=(0,), frames=FRAMES[:1]):
    return Job(None, list(frames), asked, lambda: False)


def test_candidates_are_the_best_of_what_no_mask_shows():
    work, mug = job(), search()
    mug.look(FRAMES[0], seen((SHOWN, 0.9), (SHOWN, 0.38), (ELSEWHERE, 0.3), found=1))
    mug.add(work, FRAMES[0], 7, MASK)
    mug.tell(work)
    (near,) = work.candidates
    assert (near.label, near.score, near.frame) == ('cup', 0.3, 0)
    assert near.box == pytest.approx((96, 72, 160, 108))
    assert (work.reasons, work.masks[0].object_id) == ([], 7)


def test_at_most_a_few_candidates_are_told_best_first():
    work, mug = job(), search()
    for frame, score in zip(FRAMES, (0.2, 0.35, 0.3, 0.25, 0.39, 0.21, 0.22), strict=False):
        mug.look(frame, seen((ELSEWHERE, score)))
        mug.look(frame, seen((ELSEWHERE, score)))
    mug.tell(work)
    assert [near.score for near in work.candidates] == [0.39, 0.35, 0.3, 0.25, 0.22][:CANDIDATES]


def test_a_box_outside_of_the_image_is_no_candidate():
    work, mug = job(), search()
    mug.look(FRAMES[0], seen((np.array([1.1, 0.1, 1.3, 0.4]), 0.3)))
    mug.tell(work)
    assert work.candidates == []


def test_a_mask_in_a_frame_that_is_not_asked_for_is_not_found():
    work, mug = job(asked=(1,), frames=FRAMES[:2]), search()
    mug.add(work, FRAMES[0], 0, MASK)
    mug.tell(work)
    assert work.masks == []
    assert work.reasons == ["'mug' was not found in frames [1]: it is seen in frames [0] only, "
                            'which are not asked for']


def test_the_reason_tells_the_best_score_of_all_frames():
    work, mug = job(range(20), FRAMES), search()
    for frame, rejected in zip(FRAMES, (0.1, 0.31, 0.2), strict=False):
        mug.look(frame, seen((SHOWN, rejected), rejected=rejected))
    mug.tell(work)
    assert work.reasons == ["'mug' was not found in frames 0 to 19: the best match scores 0.31, "
                            'the threshold is 0.4']


def test_the_reason_tells_what_scored_enough_and_why_it_is_not_shown():
    work, mug = job(range(20), FRAMES), search()
    mug.look(FRAMES[0], seen((SHOWN, 0.39), rejected=0.39, empty=0.5))
    mug.drop(FRAMES[3], 0.7, FLEETING)
    mug.drop(FRAMES[4], 0.6, FLEETING)
    mug.tell(work)
    assert work.reasons == [
        "'mug' was not found in frames 0 to 19: the best match scores 0.70 in frame 3, above the "
        'threshold of 0.4, but it does not last in the frames followed from there: ask for that '
        'image alone']


@pytest.mark.parametrize('find', [search_image, lambda work, frame, searches: track(
    work, [frame], 0, searches)])
@pytest.mark.parametrize('logit', [-3.0, 3.0])
def test_a_mask_without_pixels_on_the_image_is_told_as_empty(network, logit, find):
    def emptied(_, __, output):
        output.pred_masks.fill_(-3.0)
        output.pred_masks[..., 5, 5] = logit

    frame = view(0, size=(1, 1))
    work = Job(network, [frame], (0,), lambda: False)
    handle = network.detector.register_forward_hook(emptied)
    with torch.inference_mode():
        mug = Search(network.text('mug'), 'mug', 0.1)
        find(work, frame, [mug])
    handle.remove()
    mug.tell(work)
    (reason,) = work.reasons
    assert 'in frame 0, above the threshold of 0.1, but its mask is empty' in reason


def test_a_pixel_belongs_to_the_surest_mask_that_has_it():
    logits = np.full((2, 30, 40), -4, np.float32)
    logits[0, :, :24] = logits[1, :, 16:] = 4
    masks = apart(FRAMES[0], logits, [0.9, 0.8])
    assert [mask.score for mask in masks] == [0.9, 0.8]
    first, second = (mask.full((120, 160)) for mask in masks)
    assert not (first & second).any()
    assert first[:, 90].all()
    assert second[:, 100].all()
    assert apart(FRAMES[0], [logits[0], logits[0]], [0.9, 0.8])[1] is None
