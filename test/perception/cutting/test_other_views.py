import numpy as np

from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.cutting.crop import crop_around
from spatialclaw_ros.perception.cutting.other_views import other_views_odds
from spatialclaw_ros.perception.cutting.other_views import Sighting
from spatialclaw_ros.perception.detections import Detections
from spatialclaw_ros.perception.masks import as_given
from spatialclaw_ros.scene import Region

from ..scenes import blocks
from ..scenes import frame
from ..scenes import SIZE

BOX = (120, 80, 180, 160)
GREY = (150, 150, 150)


def to_the_right(metres: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = metres
    return pose


def seen_from(metres: float, index: int, regions=(), colour=GREY):
    """A block 1 m away before a wall at 2 m, 3 px of parallax per centimetre."""
    shift = round(300 * metres)
    box = (BOX[0] - shift, BOX[1], BOX[2] - shift, BOX[3])
    image, depth = blocks((box, colour, 1.0))
    return frame(image, depth, index=index, regions=regions, pose=to_the_right(metres)), box


def mask_of(box) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[box[1]:box[3], box[0]:box[2]] = True
    return mask


def odds_at(frame_, box, sightings):
    crop = crop_around(frame_, box, ())
    odds = crop.spread(other_views_odds(crop, frame_, sightings))
    full = np.zeros(SIZE, np.float32)
    x, y = crop.origin
    full[y:y + odds.shape[0], x:x + odds.shape[1]] = odds
    return full


def test_a_place_is_of_the_object_where_the_other_mask_holds_it():
    first, box = seen_from(0.0, 0)
    second, moved = seen_from(0.1, 1)
    odds = odds_at(second, moved, [Sighting(first, as_given(mask_of(box)))])
    assert odds[120, moved[0] + 30] > 2.5
    assert odds[120, moved[2] + 20] < -2.5
    assert abs(odds[120, moved[0]]) < 1.0, 'the outline is as uncertain as the poses'


def test_what_is_hidden_or_elsewhere_in_the_other_frame_says_nothing():
    first, box = seen_from(0.0, 0)
    second, moved = seen_from(0.1, 1)
    sighting = Sighting(first, as_given(mask_of(box)))
    behind = moved[2] + 3
    seen_in_first = behind + 300 * 0.1 / 2.0
    assert box[0] < seen_in_first < box[2]
    assert odds_at(second, moved, [sighting])[120, behind] == 0
    closer = frame(*blocks((moved, GREY, 0.7)), index=1, pose=to_the_right(0.1))
    assert odds_at(closer, moved, [sighting])[120, moved[0] + 30] == 0


def test_without_a_pose_or_a_sure_mask_there_is_no_evidence():
    first, box = seen_from(0.0, 0)
    second, moved = seen_from(0.1, 1)
    given = as_given(mask_of(box))
    unposed = frame(first.image, first.depth)
    unsure = type(given)(given.origin, given.pixels, given.alternatives, 0.4)
    for sighting in (Sighting(unposed, given), Sighting(first, unsure)):
        assert not odds_at(second, moved, [sighting]).any()


def test_the_engine_uses_the_other_frames_of_the_window():
    first, _ = seen_from(0.0, 0, [Region('block', 0, box=(118, 78, 182, 162))], (200, 40, 40))
    second, _ = seen_from(0.1, 1, [Region('block', 1, box=(88, 78, 152, 162))], (200, 40, 40))
    frames = (first, second)
    engine = Detections()
    only = engine.segment_text(SegmentText((1,), ('block',), ('block',)), frames)
    both = engine.segment_text(SegmentText((0, 1), ('block',), ('block',)), frames)
    again = [mask for mask in both.masks if mask.frame == 1]
    assert [mask.frame for mask in only.masks] == [1] and [m.frame for m in both.masks] == [0, 1]
    np.testing.assert_array_equal(only.masks[0].mask, again[0].mask)
