"""What a locator writes is taken where a box or point is wanted, and nothing is no error."""

from __future__ import annotations

import box_world
import numpy as np
import pytest

from spatialclaw_ros.toolkit.link import VLMError


@pytest.mark.parametrize('text', [
    '451 480 493 566', '451, 480, 493, 566', '[451, 480, 493, 566]', '(451,480),(493,566)',
    '```json\n{"bbox_2d": [451, 480, 493, 566], "label": "left chair 2"}\n```',
    'x1=451 y1=480 x2=493 y2=566', '<box>(451,480),(493,566)</box>', '0.451 0.480 0.493 0.566',
])
def test_every_form_of_a_box_is_read(bench, text):
    made = bench(model=box_world.SaysModel(text))
    names = made.run("""
location = vlm.locate(InputImages[0], 'Where is the crate?')
pixels = tools.Geometry.normalized_to_pixel(location, 640, 480)
again = tools.Geometry.normalized_to_pixel(str(location), 640, 480)
""")
    expected = [451 * .64, 480 * .48, 493 * .64, 566 * .48]
    assert names['location'] == text and isinstance(names['location'], str)
    assert names['location'].visible
    assert names['location'].box == pytest.approx(expected)
    assert names['location'].point == pytest.approx(
        [(expected[0] + expected[2] - 1) / 2, (expected[1] + expected[3] - 1) / 2])
    assert names['pixels'] == pytest.approx(expected)
    assert names['again'] == pytest.approx(expected)


@pytest.mark.parametrize(('text', 'kinds'), [
    ('512 430', [2]), ('[512, 430]', [2]), ('451 480 493 566\n10 20 30 40', [4, 4]),
    ('[[451, 480, 493, 566], [10, 20, 30, 40]]', [4, 4]), ('512 430\n100 120\n700 80', [2, 2, 2]),
    ('Not visible', []), ('Not visible\nThe mug is behind the 2 boxes', []), ('I cannot tell', []),
])
def test_points_several_and_none_are_read(bench, text, kinds):
    location = bench(model=box_world.SaysModel(text)).run(
        "location = vlm.locate(InputImages[0], 'Where?')")['location']
    assert [len(candidate) for candidate in location.candidates] == kinds
    assert location.visible == bool(kinds)
    assert (location.box is not None) == (4 in kinds)
    assert (location.point is None) == (not kinds)


def test_a_location_goes_where_a_box_is_wanted(bench):
    made = bench(model=box_world.SaysModel('555 250 745 700', 'Not visible', '650 480'))
    names = made.run("""
found = tools.SAM3.segment_image_by_box(InputImages[0], vlm.locate(InputImages[0], 'crate?'))
none = tools.SAM3.segment_image_by_box(InputImages[0], vlm.locate(InputImages[0], 'mug?'))
point = vlm.locate(InputImages[0], 'centre of the crate?')
by_point = tools.SAM3.segment_image_by_points(InputImages[0], point, [1])
""")
    crate = box_world.window().frames[0].labels.ids == 1
    assert np.array_equal(names['found'].get_mask(10), crate)
    assert np.array_equal(names['by_point'].get_mask(10), crate)
    assert names['none'].num_objects == 0 and 'not visible' in names['none'].reason
    with pytest.raises(TypeError, match=r'segment_image_by_points\(image, location.point'):
        made.run('tools.SAM3.segment_image_by_box(InputImages[0], point)')


def test_a_location_in_a_crop_is_in_the_crops_pixels(bench):
    made = bench(model=box_world.SaysModel('0 0 1000 1000'))
    made.run("""
x1, y1, x2, y2 = tools.SAM3.segment_image_by_text(InputImages[0], 'crate').boxes[10][0]
crop = InputImages[0].crop((x1, y1, x2, y2)).resize((200, 100))
seg = tools.SAM3.segment_image_by_box(crop, vlm.locate(crop, 'the thing?'))
""")
    crate = made.names['seg'].get_mask(10)
    assert np.array_equal(crate, box_world.window().frames[0].labels.ids == 1)
    assert made.host.labels.asked[-1].boxes[0] == pytest.approx(
        [made.names[k] for k in ('x1', 'y1', 'x2', 'y2')])


def test_without_a_model_vlm_raises_at_once_and_says_what_to_use(bench):
    for call in ('vlm.locate(InputImages[0], "x")', 'vlm.ask_with_thinking(InputImages[0], "x")',
                 'vlm.ask([], "x")'):
        with pytest.raises(VLMError, match=r'segment_image_by_text.*crate'):
            bench().run(call)


def test_a_list_of_images_gives_a_list(bench):
    names = bench().run("""
many = tools.SAM3.segment_image_by_text(InputImages, 'crate')
pairs = tools.SAM3.segment_image_by_text(InputImages[:2], ['crate', 'carton'])
prompts = tools.SAM3.segment_image_by_text(InputImages[0], ['crate', 'carton'])
exist = tools.SAM3.is_object_exist(InputImages, 'mug')
""")
    assert [seg.frame_indices for seg in names['many']] == [[10], [14], [20]]
    assert [seg.labels for seg in names['pairs']] == [['crate'], ['carton']]
    assert [seg.labels for seg in names['prompts']] == [['crate'], ['carton']]
    assert names['exist']['exists'] == [False] * 3 and names['exist']['counts'] == [0, 0, 0]
    with pytest.raises(TypeError, match='3 images and 2 prompts'):
        bench().run("tools.SAM3.segment_image_by_text(InputImages, ['crate', 'carton'])")


@pytest.mark.parametrize(('text', 'pixel'), [
    ('0 0', (0, 0)), ('1000 1000', (639, 479)), ('500.8 500.8', (320, 240)),
    ('499.9 499.9', (319, 239))])
def test_a_point_names_the_pixel_that_covers_it(bench, text, pixel):
    location = bench(model=box_world.SaysModel(text)).run("""
location = vlm.locate(InputImages[0], 'Where?')
mask = tools.SAM3.segment_image_by_points(InputImages[0], location, [1])
""")['location']
    assert np.clip(np.rint(location.point), 0, (639, 479)).tolist() == list(pixel)
    assert location.point == pytest.approx(np.asarray(pixel), abs=0.51)
