from __future__ import annotations

import numpy as np
import pytest

from spatialclaw_ros.toolkit.draw import DrawTool
from spatialclaw_ros.toolkit.graph import GraphTool
from spatialclaw_ros.toolkit.mask_tool import MaskTool
from spatialclaw_ros.toolkit.summaries import summary
from spatialclaw_ros.toolkit.time_tool import TimeTool
from spatialclaw_ros.toolkit.vlm import Location


def test_masks():
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:9] = True
    assert MaskTool.bounding_box(mask) == (3, 2, 9, 5) and MaskTool.area(mask) == 18
    assert MaskTool.centroid(mask) == (5.5, 3.0)
    assert MaskTool.iou(mask, mask) == 1.0 and MaskTool.iou(mask & False, mask & False) == 0.0
    assert MaskTool.mask_to_bbox(mask & False) is None
    assert np.isnan(MaskTool.centroids([mask & False])[0]).all()
    with pytest.raises(ValueError, match='get_mask'):
        MaskTool.area(mask[None])
    with pytest.raises(ValueError, match='one image'):
        MaskTool.iou(mask, mask[1:])


def test_time_is_by_the_stamps():
    tool = TimeTool({10: 5.0, 12: 5.5, 20: 7.0})
    assert tool.frame_to_seconds(np.int64(12)) == 0.5
    assert tool.seconds_to_frame(np.float32(1.9)) == 20 == tool.get_frame_at_time(9)
    assert tool.frame_range_to_seconds(10, 20) == 2.0
    assert tool.frame_to_seconds(13) == 0.5
    with pytest.raises(ValueError, match='no frames'):
        TimeTool({}).seconds_to_frame(1)


def test_graph_describes_what_it_draws():
    picture = GraphTool.plot([1, 2, np.nan, 4], validity=[True, True, False, True], title='t')
    assert 'min 1, max 4' in picture.description and 'rising' in picture.description
    assert picture.size == (800, 400)
    for wrong in ([], 3, [[1, 2]]):
        with pytest.raises(ValueError, match='1-D'):
            GraphTool.plot(wrong)


def test_drawing_marks_a_copy():
    image = np.zeros((60, 80, 3), np.uint8)
    boxed = np.asarray(DrawTool.draw_bbox(image, [[10, 10, 40, 40], [5, 5, 9, 9]],
                                          colors=['red', (0, 255, 0)]))
    assert boxed[10, 20].tolist() == [255, 0, 0] and boxed[5, 7].tolist() == [0, 255, 0]
    assert not image.any()
    assert np.asarray(DrawTool.draw_point(image, (20, 30)))[30, 20].tolist() == [0, 0, 255]
    assert np.asarray(DrawTool.draw_line(image, [0, 30, 79, 30], colors='white'))[30].any()
    assert np.asarray(DrawTool.draw_arrow(image, [5, 5, 70, 50]))[44:51, 60:71].any()
    tinted = np.asarray(DrawTool.draw_mask(image, np.eye(60, 80, dtype=bool)))
    assert tinted[3, 3, 0] > 100 and not tinted[3, 4].any()
    assert np.asarray(DrawTool.draw_text(image, 'word', (5, 5))).any()
    location = Location('100 100 500 500', 80, 60)
    assert np.asarray(DrawTool.draw_bbox(image, location))[6, 20].any()
    with pytest.raises(ValueError, match='3 colours for 2 marks'):
        DrawTool.draw_point(image, [[1, 1], [2, 2]], colors=['red', 'blue', 'green'])


@pytest.mark.parametrize(('value', 'told'), [
    (np.arange(3.0), 'float64[3] [0., 1., 2.]'), (np.zeros((5, 5), bool), 'bool[5, 5], 0 True'),
    (np.full((4, 4), np.nan), 'float64[4, 4], all NaN'), ({'a': 1}, "dict of 1: ['a']"),
    ([1, 2], 'list of 2: [1, 2]'), (3.5, '3.5'), ('x' * 500, None), (np, None), (len, None),
])
def test_variables_on_one_line(value, told):
    found = summary(value)
    if isinstance(value, str):
        assert len(found) <= 160
    else:
        assert found == told
    assert found is None or '\n' not in found


def test_a_repr_that_raises_is_told():
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert 'Broken' in summary(Broken()) and 'RuntimeError' in summary([Broken()])
