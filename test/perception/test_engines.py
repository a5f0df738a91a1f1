import numpy as np
import pytest

from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.detections import Detections
from spatialclaw_ros.perception.label_images import LabelImages
from spatialclaw_ros.perception.select import segment_engine
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

from .scenes import blocks
from .scenes import frame
from .scenes import SIZE

RED, BLUE = (200, 40, 40), (40, 60, 200)
LEFT, RIGHT = (60, 80, 110, 150), (200, 80, 260, 150)


def text(*prompts, frames=(0,)):
    return SegmentText(frames, prompts, prompts)


def two_things(index=0, names=('mug', 'mug'), pose=None, swap=False):
    image, depth = blocks((LEFT, RED, 1.5), (RIGHT, BLUE, 1.5), noise=0.003)
    boxes = (RIGHT, LEFT) if swap else (LEFT, RIGHT)
    regions = [Region(name, index, box=tuple(map(float, box)), score=0.9)
               for name, box in zip(names, boxes, strict=True)]
    return frame(image, depth, index=index, regions=regions, pose=pose)


def test_regions_are_found_by_name_with_their_score():
    engine = Detections()
    frames = [two_things(names=('coffee_mug', 'tape'))]
    assert engine.vocabulary(frames) == ('coffee_mug', 'tape')
    reply = engine.segment_text(text('Coffee mugs'), frames)
    assert [(m.object_id, m.label) for m in reply.masks] == [(0, 'Coffee mugs')]
    assert 0.5 < reply.masks[0].score <= 0.9
    x, y = reply.masks[0].origin
    assert abs(x - LEFT[0]) < 8
    assert abs(y - LEFT[1]) < 8
    assert reply.reason == ''


def test_one_name_twice_in_a_frame_is_two_objects_matched_across_frames_in_space():
    frames = [two_things(0, pose=np.eye(4)), two_things(1, pose=np.eye(4), swap=True)]
    reply = Detections().segment_text(text('mug', frames=(0, 1)), frames)
    places = {(m.frame, m.object_id): m.box[0] < 150 for m in reply.masks}
    assert places == {(0, 0): True, (0, 1): False, (1, 0): True, (1, 1): False} or places == {
        (0, 0): True, (0, 1): False, (1, 1): False, (1, 0): True}
    assert len(reply.masks) == 4


def test_without_poses_objects_of_one_name_are_matched_by_order():
    frames = [two_things(0), two_things(1)]
    reply = Detections().segment_text(text('mug', frames=(0, 1)), frames)
    assert [(m.frame, m.object_id) for m in reply.masks] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_objects_of_several_prompts_have_numbers_of_their_own():
    reply = Detections().segment_text(text('tape', 'mug'), [two_things(names=('mug', 'tape'))])
    assert [(m.label, m.object_id) for m in reply.masks] == [('tape', 0), ('mug', 1)]


def test_an_unknown_name_is_a_reason_with_candidates_not_an_error():
    frames = [two_things(names=('joke_book', 'tape'))]
    reply = Detections().segment_text(text('book'), frames)
    assert reply.masks == ()
    assert "'book' is not known" in reply.reason
    assert "'tape'" in reply.reason
    assert [c.label for c in reply.candidates] == ['joke_book']


def test_a_name_known_in_another_frame_only_says_so():
    frames = [two_things(0, names=('mug', 'tape')), frame(*blocks(), index=1)]
    reply = Detections().segment_text(text('mug', frames=(1,)), frames)
    assert reply.masks == ()
    assert 'no region in frames [1]' in reply.reason


def test_a_detection_below_the_threshold_is_a_candidate():
    request = SegmentText((0,), ('mug',), ('mug',), threshold=0.95)
    reply = Detections().segment_text(request, [two_things()])
    assert reply.masks == ()
    assert len(reply.candidates) == 2


def test_boxes_and_points_of_a_cell():
    frames = [two_things(names=('mug', 'tape'))]
    box = SegmentBoxes((0,), (tuple(map(float, LEFT)),), ('it',), 0)
    point = SegmentPoints((0,), (np.array([[85.0, 115.0]]),), ((1,),), ('it',), 0)
    for reply in (Detections().segment_boxes(box, frames),
                  Detections().segment_points(point, frames),
                  LabelImages().segment_boxes(box, frames)):
        (mask,) = reply.masks
        assert mask.label == 'it'
        assert mask.mask.sum() == pytest.approx(50 * 70, rel=0.1)


def test_a_prompt_frame_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r'no frame 9.*\[0\]'):
        Detections().segment_boxes(SegmentBoxes((9,), ((1., 1., 5., 5.),), ('it',), 9),
                                   [two_things()])


def test_a_box_is_followed_to_other_frames_where_poses_are_known():
    box = SegmentBoxes((0, 1, 2), (tuple(map(float, LEFT)),), ('it',), 0)
    frames = [two_things(0, pose=np.eye(4)), two_things(1, pose=np.eye(4)), two_things(2)]
    reply = Detections().segment_boxes(box, frames)
    assert [(m.frame, m.object_id) for m in reply.masks] == [(0, 0), (1, 0)]
    assert reply.masks[1].mask.sum() == pytest.approx(50 * 70, rel=0.1)
    assert 'frame 2: no pose' in reply.reason


def label_frame(index=0, names=None, specks=True):
    ids = np.zeros(SIZE, np.uint16)
    ids[20:60, 20:60] = 3
    ids[20:60, 100:160] = 3
    ids[100:140, 20:60] = 5
    if specks:
        ids[200, 200:203] = 3
    return frame(index=index, labels=(ids, names or {0: 'background', 3: 'chair', 5: 'Door'}),
                 depth=np.full(SIZE, 2.0, np.float32))


def test_connected_pieces_of_a_class_are_objects_without_specks():
    frames = [label_frame()]
    assert LabelImages().vocabulary(frames) == ('chair', 'Door')
    reply = LabelImages().segment_text(text('chairs', 'door'), frames)
    assert [(m.label, m.object_id, int(m.mask.sum())) for m in reply.masks] == [
        ('chairs', 0, 2400), ('chairs', 1, 1600), ('door', 2, 1600)]


def test_ids_that_share_a_name_are_instances():
    names = {3: 'chair', 5: 'chair'}
    reply = LabelImages().segment_text(text('chair'), [label_frame(names=names)])
    assert [int(m.mask.sum()) for m in reply.masks] == [4003 - 3, 1600]


def test_a_class_that_is_not_visible_is_a_reason():
    reply = LabelImages().segment_text(text('sink'), [label_frame(names={3: 'chair', 9: 'sink'})])
    assert reply.masks == ()
    assert "'sink' is not visible" in reply.reason


def test_regions_and_labels_of_one_query_share_a_vocabulary():
    regions = (Region('parcel', 0, box=(10.0, 90.0, 70.0, 150.0)),
               Region('chair', 0, box=(15.0, 15.0, 65.0, 65.0)))
    both = label_frame()
    image = np.zeros((*SIZE, 3), np.uint8)
    image[100:140, 20:60] = image[20:60, 20:60] = 220
    both = frame(image, both.depth, regions=regions, labels=(both.labels.ids, both.labels.names))
    window = FrameWindow((both,), 'camera_optical')
    segment = segment_engine(window)
    assert segment.vocabulary([both]) == ('parcel', 'chair', 'Door')
    reply = segment.segment_text(text('parcel', 'chair', 'door'), [both])
    assert [(m.label, m.object_id) for m in reply.masks] == [
        ('parcel', 0), ('chair', 1), ('door', 2)]


@pytest.mark.parametrize(('kind', 'name'), [('regions', 'detections'), ('labels', 'label_image'),
                                            ('bare', 'detections')])
def test_the_engine_follows_from_what_the_frames_carry(kind, name):
    frames = {'regions': two_things, 'labels': label_frame, 'bare': frame}
    assert segment_engine(FrameWindow((frames[kind](),), 'camera_optical')).name == name
