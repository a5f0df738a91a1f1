"""What cannot be meant is refused by name before anything is loaded."""

from __future__ import annotations

import numpy as np
import pytest
from sam3_questions import view

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.sam3.engine import Sam3
from spatialclaw_ros.perception.sam3.prompts import asked_of
from spatialclaw_ros.perception.sam3.prompts import regions_named
from spatialclaw_ros.scene import Region

FRAMES = (view(3), view(4), view(5))


def boxes(*given, frames=(3,), labels=None, prompt=3):
    return SegmentBoxes(frames, given, labels or ('mug',) * len(given), prompt)


def points(given, labels, prompt=3):
    return SegmentPoints((3,), (np.asarray(given, float),), (labels,), ('mug',), prompt)


@pytest.mark.parametrize(('request_', 'error', 'message'), [
    (SegmentText((), ('mug',), ('mug',)), NoFrames, 'no frames'),
    (SegmentText((3,), ('mug',), ('mug',), np.nan), ValueError, 'threshold nan.*from 0 to 1'),
    (SegmentText((3,), ('mug',), ('mug',), -0.1), ValueError, 'threshold -0.1.*from 0 to 1'),
    (SegmentText((3, 9, 8), ('mug',), ('mug',)), ValueError, r'frames 8, 9 .*\[3, 4, 5\]'),
    (SegmentText((3,), ('mug',), ('mug',), prompt_frame=7), ValueError, 'the prompt frame 7'),
    (SegmentText((3,), (), ()), ValueError, 'at least one prompt'),
    (SegmentText((3,), ('a', 'b'), ('a',)), ValueError, '2 prompts and 1 labels'),
    (boxes((1, 1, 9, 9), prompt=1), ValueError, 'the prompt frame 1'),
    (boxes((10, 10, 10, 40)), ValueError, "'mug'.*no area"),
    (boxes((40, 10, 10, 40)), ValueError, "'mug'.*no area"),
    (boxes((200, 10, 240, 40)), ValueError, "'mug'.*outside.*160x120"),
    (boxes((np.nan, 10, 240, 40)), ValueError, 'not finite'),
    (boxes((np.inf, 10, 240, 40)), ValueError, 'not finite'),
    (boxes((1, 1, 9)), ValueError, r"'mug': box \(1, 1, 9\) has 3 numbers; give the 4"),
    (boxes((1, 1, 9, 9), labels=('a', 'b')), ValueError, '1 objects to segment and 2 labels'),
    (boxes(), ValueError, 'at least one object'),
    (points([[10, 10], [200, 10]], (1, 1)), ValueError, 'outside'),
    (points([[np.nan, 10]], (1,)), ValueError, 'outside'),
    (points([[10, 10]], (0,)), ValueError, 'at least one 1'),
    (points([[10, 10]], (2,)), ValueError, 'at least one 1'),
    (points([[10, 10]], (1, 0)), ValueError, '1 points but 2 point labels'),
    (points(np.zeros((0, 2)), ()), ValueError, 'at least one 1'),
    (points([5, 6, 7], (1,)), ValueError, r"'mug'.*shape \(N, 2\).*got shape \(3,\)"),
    (points(np.ones((2, 3)), (1, 1, 1)), ValueError, r"'mug'.*got shape \(2, 3\)"),
    (SegmentPoints((3,), (np.ones((1, 2)),) * 2, ((1,),), ('a', 'b'), 3), ValueError,
     '2 objects to segment and 1 lists of point labels; give one list for each'),
    (Reconstruct((3,)), ValueError, 'Reconstruct is no question to it'),
])
def test_a_request_that_cannot_be_meant_is_refused(request_, error, message):
    engine = Sam3(EngineSettings(sam3='/nowhere'))
    with pytest.raises(error, match=message):
        engine.answer(EngineCall('sam3', request_, FRAMES), lambda: False)


def test_a_call_without_images_has_no_frames():
    for request in (SegmentText((3,), ('mug',), ('mug',)), boxes((1, 1, 9, 9))):
        with pytest.raises(NoFrames, match=r'\[3\] are asked for and no image came'):
            asked_of(EngineCall('sam3', request, ()), request)


@pytest.mark.parametrize('request_', [
    SegmentText((3, 5), ('mug',), ('mug',)), SegmentText((3, 5), ('mug',), ('mug',), 0.3, 4),
    boxes((1, 1, 9, 9), frames=(3, 5)), boxes((1, 1, 9, 9), frames=(3, 4)),
    boxes((1, 1, 9, 9), frames=(4,))])
def test_images_that_show_nothing_are_refused_before_anything_is_loaded(request_):
    black = np.zeros((120, 160, 3), np.uint8)
    frames = (view(3, image=black), FRAMES[1], view(5, image=black))
    with pytest.raises(NotVisible, match=r"'sam3': frames \[3.* show nothing.*lens"):
        Sam3(EngineSettings(sam3='/nowhere')).answer(
            EngineCall('sam3', request_, frames), lambda: False)


def test_a_box_partly_outside_is_cut_to_the_image():
    asked = asked_of(EngineCall('sam3', boxes((-20.0, 100.0, 30.0, 500.0)), FRAMES),
                     boxes((-20.0, 100.0, 30.0, 500.0)))
    assert [region.box for region in asked.regions] == [(0.0, 100.0, 30.0, 120.0)]
    assert asked.prompt is FRAMES[0]


def test_frames_come_in_time_order_with_the_prompt_frame():
    request = boxes((1.0, 1.0, 9.0, 9.0), frames=(5, 4), prompt=3)
    assert asked_of(EngineCall('sam3', request, FRAMES), request).frames == list(FRAMES)
    alone = SegmentText((4,), ('mug',), ('mug',))
    asked = asked_of(EngineCall('sam3', alone, FRAMES), alone)
    assert (asked.frames, asked.prompt) == ([FRAMES[1]], None)


def test_a_prompt_given_twice_is_one_and_labels_may_be_left_out():
    twice = SegmentText((3,), ('mug', 'cup', 'mug'), ('a', 'b', 'c'))
    assert asked_of(EngineCall('sam3', twice, FRAMES), twice).texts == [('mug', 'a'), ('cup', 'b')]
    bare = SegmentText((3,), ('mug',), ())
    assert asked_of(EngineCall('sam3', bare, FRAMES), bare).texts == [('mug', 'mug')]


def test_regions_are_matched_by_what_their_name_means():
    regions = (Region('coffee_mugs', 3, box=(-5.0, 0.0, 20.0, 20.0), score=0.7),
               Region('tape', 3, box=(30.0, 30.0, 50.0, 50.0)))
    (found,) = regions_named('the Coffee Mug', 'mug', [view(3, regions=regions), view(4)])
    assert (found.name, found.frame, found.box, found.score) == (
        'mug', 3, (0.0, 0.0, 20.0, 20.0), 0.7)
    assert regions_named('cup', 'cup', [view(3, regions=regions)]) == []


def test_a_region_without_area_is_refused():
    flat = Region('mug', 3, box=(10.0, 10.0, 10.0, 20.0))
    with pytest.raises(ValueError, match='no area'):
        regions_named('mug', 'mug', [view(3, regions=(flat,))])
