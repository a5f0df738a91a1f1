"""Objects are followed through the frames of a camera, both ways from the prompt frame."""

from __future__ import annotations

import numpy as np
import pytest
from sam3_questions import ask
from sam3_questions import boxes
from sam3_questions import by_object
from sam3_questions import check
from sam3_questions import DISC
from sam3_questions import SQUARE
from sam3_questions import text
from sam3_questions import view
from tiny_sam3 import PRESENCE

from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.scene import Region

WINDOW = [view(i) for i in range(5)]


def test_a_text_is_followed_both_ways_from_the_prompt_frame(engine):
    forwards, both = (ask(engine, text('mug', 'cup', frames=range(5), prompt_frame=p), WINDOW)
                      for p in (0, 2))
    for reply in (forwards, both):
        check(reply, WINDOW)
        assert any(len(frames) > 1 for frames in by_object(reply).values())
        labels = {mask.object_id: mask.label for mask in reply.masks}
        assert all(mask.label == labels[mask.object_id] for mask in reply.masks)
    across = [frames for frames in by_object(both).values() if 2 in frames]
    assert any(min(frames) < 2 < max(frames) for frames in across)


def test_a_box_is_followed_both_ways(engine):
    reply = ask(engine, boxes(DISC, SQUARE, frames=range(5), prompt_frame=2), WINDOW)
    check(reply, WINDOW)
    assert by_object(reply) == {0: [0, 1, 2, 3, 4], 1: [0, 1, 2, 3, 4]}
    alone = ask(engine, boxes(DISC, SQUARE, frames=(2,), prompt_frame=2), WINDOW)
    (there,) = (mask for mask in reply.masks if (mask.frame, mask.object_id) == (2, 0))
    assert np.array_equal(there.mask, alone.masks[0].mask)
    assert there.score == alone.masks[0].score
    presence = 1 / (1 + np.exp(-PRESENCE))
    assert [mask.score / there.score for mask in reply.masks
            if mask.object_id == 0 and mask.frame != 2] == pytest.approx([presence] * 4)
    assert len(alone.masks[0].alternatives) >= 2


def test_what_is_not_seen_in_a_frame_has_no_mask_there(engine):
    ask(engine, text('mug'), WINDOW)
    seen = engine._network.tracker.mask_decoder.pred_obj_score_head.proj_out
    seen.bias.data.fill_(-3.0)
    reply = ask(engine, boxes(DISC, frames=range(5), prompt_frame=2), WINDOW)
    assert by_object(reply) == {0: [2]}


def test_points_are_followed_from_the_last_frame(engine):
    points = np.array([[50.0, 60.0], [130.0, 40.0]])
    asked = [SegmentPoints(tuple(range(5)), (points,), (labels,), ('disc',), 4)
             for labels in ((1, 0), (1, 1))]
    without, both = (ask(engine, request, WINDOW) for request in asked)
    assert by_object(without)[0][-1] == 4
    last = [reply.masks[-1].mask for reply in (without, both)]
    assert not np.array_equal(*last)


def test_only_frames_asked_for_are_answered(engine):
    reply = ask(engine, boxes(DISC, frames=(3, 4), prompt_frame=1), WINDOW)
    assert reply.frames == (3, 4)
    assert {mask.frame for mask in reply.masks} <= {3, 4}
    assert reply.masks


def test_each_camera_is_a_stream_of_its_own(engine):
    frames = [view(i, ('left', 'right')[i % 2]) for i in range(6)]
    pointed = ask(engine, boxes(DISC, frames=range(6), prompt_frame=2), frames)
    assert by_object(pointed) == {0: [0, 2, 4]}
    assert "[1, 3, 5] are of other cameras than 'left'" in pointed.reason
    reply = ask(engine, text('mug', 'cup', frames=range(6), prompt_frame=2), frames)
    sides = {number: {frame % 2 for frame in seen} for number, seen in by_object(reply).items()}
    assert all(len(side) == 1 for side in sides.values())
    assert {0, 1} == set().union(*sides.values())


def test_regions_of_several_cameras_are_followed_in_each(engine):
    frames = [view(i, ('left', 'right', 'rear')[i % 3],
                   regions=(Region('mug', i, box=DISC),) if i in (0, 1) else ()) for i in range(6)]
    reply = ask(engine, text('mug', frames=range(6), prompt_frame=0), frames)
    assert by_object(reply) == {0: [0, 3], 1: [1, 4]}
    assert "[2, 5] are of other cameras than 'left' and 'right'" in reply.reason


def test_a_mask_given_is_taken_as_it_is_and_followed(engine):
    given = np.zeros((120, 160), bool)
    given[40:80, 30:70] = True
    frames = [view(0), view(1, regions=(Region('mug', 1, mask=given),)), view(2)]
    reply = ask(engine, text('mug', 'cup', frames=range(3), threshold=0.1, prompt_frame=0), frames)
    mugs = {mask.frame: mask for mask in reply.masks if mask.label == 'mug'}
    assert mugs[1].box == (30, 40, 70, 80)
    assert mugs[1].mask.all()
    assert len(mugs) > 1
    assert len({mask.object_id for mask in mugs.values()}) == 1
    assert any(mask.label == 'cup' for mask in reply.masks)
    alone = ask(engine, text('mug', frames=range(3)), frames)
    assert [mask.frame for mask in alone.masks] == [1]


def test_regions_of_several_frames_are_followed_from_the_nearest_to_the_prompt_frame(engine):
    box = Region('mug', 0, box=DISC)
    frames = [view(i, regions=(box,) if i in (0, 1, 4) else ()) for i in range(5)]
    reply = ask(engine, text('mug', frames=range(5), prompt_frame=2), frames)
    pointed = ask(engine, boxes(DISC, frames=range(5), prompt_frame=1), frames)
    assert by_object(reply) == by_object(pointed) == {0: [0, 1, 2, 3, 4]}
    for mine, theirs in zip(reply.masks, pointed.masks, strict=True):
        assert np.array_equal(mine.mask, theirs.mask)


@pytest.mark.parametrize('request_', [
    text('mug', 'cup', 'red mug'), text('mug', frames=range(5), prompt_frame=2),
    boxes(DISC, frames=range(5), prompt_frame=2), boxes(DISC, SQUARE)])
def test_a_call_that_nobody_waits_for_ends_at_once(engine, request_):
    ask(engine, request_, WINDOW)
    total = 0

    def cancelled():
        nonlocal total
        total += 1
        return False

    ask(engine, request_, WINDOW, cancelled)
    assert total >= 2
    for last in (1, total):
        asked = iter(range(1, total + 1))
        with pytest.raises(CallCancelled):
            ask(engine, request_, WINDOW, lambda asked=asked, last=last: next(asked) == last)
        assert next(asked, None) == (last + 1 if last < total else None)
    assert not engine._network.detector._forward_hooks
    assert ask(engine, request_, WINDOW).frames == request_.frames
