from hypothesis import given
from hypothesis import strategies as st

from spatialclaw_ros.nodes.matching import Companion
from spatialclaw_ros.nodes.matching import StampMatcher

MS = 10**6
DEPTH = Companion('depth', 15 * MS, required=True)
BOXES = Companion('detections', 0, required=False)


def matcher(*companions, wait=0.5, queue=8):
    return StampMatcher(companions or (DEPTH,), wait, queue)


def test_the_nearest_partner_wins_even_when_it_comes_later():
    match = matcher()
    match.add_image(100 * MS, 'image', now=0.0)
    match.add_companion('depth', 90 * MS, 'early')
    assert match.ready(0.0) == ([], [])
    match.add_companion('depth', 104 * MS, 'late')
    [moment], dropped = match.ready(0.0)
    assert moment.partners == {'depth': 'late'}
    assert moment.skew == 4 * MS
    assert dropped == []


def test_an_earlier_partner_is_taken_when_time_is_up():
    match = matcher()
    match.add_image(100 * MS, 'image', now=0.0)
    match.add_companion('depth', 90 * MS, 'early')
    [moment], _ = match.ready(0.5)
    assert moment.partners == {'depth': 'early'}


def test_beyond_the_slop_is_no_partner():
    match = matcher()
    match.add_image(100 * MS, 'image', now=0.0)
    match.add_companion('depth', 80 * MS, 'other')
    match.add_companion('depth', 120 * MS, 'other')
    assert match.ready(0.4) == ([], [])
    _, [(moment, reason)] = match.ready(0.6)
    assert moment.message == 'image'
    assert reason == 'no depth within the slop'


def test_what_is_not_required_is_waited_for_and_then_done_without():
    match = matcher(DEPTH, BOXES)
    match.add_image(100, 'image', now=0.0)
    match.add_companion('depth', 100, 'depth')
    assert match.ready(0.1) == ([], [])
    [moment], _ = match.ready(0.6)
    assert moment.partners == {'depth': 'depth'}
    match.add_image(200, 'image', now=1.0)
    match.add_companion('depth', 200, 'depth')
    match.add_companion('detections', 200, 'boxes')
    [moment], _ = match.ready(1.0)
    assert moment.partners['detections'] == 'boxes'


def test_a_partner_found_early_survives_its_queue():
    match = matcher(DEPTH, BOXES, queue=2)
    match.add_image(100, 'image', now=0.0)
    for stamp in (100, 101, 102, 103):
        match.add_companion('depth', stamp, stamp)
        match.ready(0.0)
    match.add_companion('detections', 100, 'boxes')
    [moment], _ = match.ready(0.0)
    assert moment.partners['depth'] == 100


def test_intrinsics_of_any_stamp_will_do():
    match = matcher(Companion('camera_info', None, required=True))
    match.add_image(10**12, 'image', now=0.0)
    match.add_companion('camera_info', 5, 'latched')
    assert match.ready(0.0) == ([], [])
    [moment], _ = match.ready(0.1)
    assert moment.partners == {'camera_info': 'latched'}
    assert moment.skew == 0


def test_intrinsics_of_its_own_stamp_that_come_after_the_image_are_preferred():
    match = matcher(Companion('camera_info', None, required=True))
    match.add_companion('camera_info', 100, 'old size')
    match.add_image(200, 'image', now=0.0)
    assert match.ready(0.0) == ([], [])
    match.add_companion('camera_info', 200, 'new size')
    [moment], _ = match.ready(0.0)
    assert moment.partners == {'camera_info': 'new size'}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60), st.integers(1, 5))
def test_every_image_ends_exactly_once_and_queues_are_bounded(stamps, queue):
    match = matcher(queue=queue)
    ended = []
    for number, stamp in enumerate(stamps):
        ended += [moment.message for moment, _ in match.add_image(stamp * MS, number, now=number)]
        match.add_companion('depth', stamp * 2 * MS, number)
        complete, dropped = match.ready(number)
        ended += [moment.message for moment in complete]
        ended += [moment.message for moment, _ in dropped]
    complete, dropped = match.ready(10**6)
    ended += [moment.message for moment in complete] + [moment.message for moment, _ in dropped]
    assert sorted(ended) == list(range(len(stamps)))
