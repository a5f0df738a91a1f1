from __future__ import annotations

from dataclasses import replace

import box_world
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest
from scipy import ndimage

from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask

FRAME = box_world.frame(5)
IDS = FRAME.labels.ids


def instance(full: np.ndarray, number: int = 0, frame: int = 5, label: str = 'x') -> InstanceMask:
    """The mask in a crop with a margin, partly outside the image where it touches its border."""
    rows, columns = np.nonzero(full)
    y, x = max(rows.min() - 1, 0), max(columns.min() - 1, 0)
    crop = full[y:rows.max() + 3, x:columns.max() + 3].astype(np.uint8)
    alternatives = np.array([ndimage.binary_erosion(crop)], np.uint8)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1.0), rows.max() + 1.0)
    return InstanceMask(frame, number, label, 0.8, box, (int(x), int(y)), crop, alternatives)


small = arrays.arrays(bool, (12, 14)).filter(lambda mask: mask.any())


def placed(mask: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    full = np.zeros((480, 640), bool)
    full[corner[1]:corner[1] + 12, corner[0]:corner[0] + 14] = mask
    return full


CORNERS = st.sampled_from([(0, 0), (626, 468), (300, 200), (304, 203)])


@settings(max_examples=40, deadline=None)
@given(small, small, CORNERS, CORNERS)
def test_operations_are_those_of_the_full_masks(a, b, corner_a, corner_b):
    a, b = placed(a, corner_a), placed(b, corner_b)
    first = PerFrameMask([FRAME], [instance(a, label='a')])
    second = PerFrameMask([FRAME], [instance(b, label='b')])
    assert np.array_equal(first.get_mask(5), a) and np.array_equal(first[5], a[None])
    assert np.array_equal((first | second).get_mask(5), a | b)
    both = first & second
    assert np.array_equal(both.get_mask(5), a & b)
    assert both.num_objects == int((a & b).any())
    assert np.array_equal(first.erode(1).get_mask(5), ndimage.binary_erosion(a, border_value=1))
    assert np.array_equal(first.erode(-2).get_mask(5), ndimage.binary_dilation(a, iterations=2))
    merged = PerFrameMask.merge({'one': first, 'two': second})
    assert merged.labels == ['one', 'two']
    assert np.array_equal(merged[5], np.array([a, b]))


def test_alternatives_stay_with_every_operation():
    a = PerFrameMask([FRAME], [instance(IDS == 1, label='a')])
    b = PerFrameMask([FRAME], [instance(IDS == 2, label='b')])
    assert len((a | b).instances()[0].alternatives) == 2
    assert len((a & a).instances()[0].alternatives) == 2
    assert len(a.erode(2).instances()[0].alternatives) == 1
    union = (a | b).instances()[0]
    assert union.mask.sum() == (IDS > 0).sum() and union.label == 'a|b'
    assert (union.alternatives.sum(axis=(1, 2)) < union.mask.sum()).all()


def test_several_objects_pair_up_or_say_how_to():
    two = PerFrameMask([FRAME], [instance(IDS == 1, 0, label='a'),
                                 instance(IDS == 2, 1, label='b')])
    three = PerFrameMask.merge([two, two.only(0)])
    assert (two | two).num_objects == 2 and (two & two.only('a')).labels == ['a']
    with pytest.raises(ValueError, match=r'2 and 3; choose with .only'):
        two | three
    with pytest.raises(TypeError, match='must be a PerFrameMask'):
        two | np.zeros((480, 640), bool)


def test_frames_are_told_apart_and_united():
    other = replace(FRAME, index=9)
    here = PerFrameMask([FRAME], [instance(IDS == 1)])
    there = PerFrameMask([other], [instance(IDS == 1, frame=9)])
    both = here | there
    assert both.frame_indices == [5, 9] and both.frames_of() == [5, 9]
    assert both.get_mask(9).any() and not (here & there).num_objects
    with pytest.raises(TypeError, match=r'say which frame.*\[5, 9\]'):
        both.get_mask()
    assert np.isnan(PerFrameMask.merge([here, there]).boxes[5][1]).all()


def test_renaming_needs_one_name_each():
    two = PerFrameMask([FRAME], [instance(IDS == 1, 0), instance(IDS == 2, 1)])
    assert two.labels == ['x_0', 'x_1']
    assert two.named(['a', 'b']).labels == ['a', 'b'] and two.named('c').labels == ['c_0', 'c_1']
    with pytest.raises(ValueError, match='3 names for 2 objects'):
        two.named(['a', 'b', 'c'])


def test_masked_points_lie_on_the_box_and_leave_its_rim(bench):
    names = bench(box_world.window([FRAME])).run("""
recon = tools.Reconstruct.Reconstruct()
seg = tools.SAM3.segment_image_by_text(InputImages[0], 'crate')
""")
    seg, recon = names['seg'], names['recon']
    raw, points = (seg.get_masked_points(recon, 5, raw=flag) for flag in (True, False))
    low, high = np.array(box_world.BOXES['crate'])
    assert len(raw) == (IDS == 1).sum() > len(points) > 0.9 * len(raw)
    for cloud in (raw, points):
        assert cloud.dtype == np.float32 and cloud.shape[1] == 3
        assert (np.minimum(cloud - low, high - cloud) > -1e-4).all()
    assert np.allclose(recon.points[5][seg.get_mask(5)], raw, atol=1e-5)
    listed = seg.get_centroid_3d(recon, 5, [0, 'crate'])
    assert np.array_equal(listed[0], listed[1])


def test_a_far_patch_under_the_mask_is_cut_unless_raw(bench):
    depth = FRAME.depth.copy()
    rows, columns = np.nonzero(ndimage.binary_erosion(IDS == 1, iterations=12))
    y, x = rows[len(rows) // 2], columns[len(rows) // 2]
    depth[y:y + 6, x:x + 6] = 4.0
    names = bench(box_world.window([replace(FRAME, depth=depth)])).run("""
recon = tools.Reconstruct.Reconstruct()
seg = tools.SAM3.segment_image_by_text(InputImages[0], 'crate')
raw, points = [seg.get_masked_points(recon, 5, raw=flag) for flag in (True, False)]
""")
    assert names['raw'][:, 0].max() > 2.5 > 1.95 > names['points'][:, 0].max()
