"""Each test is a failure that recorded runs had; the cell that failed must now go on."""

from __future__ import annotations

import box_world
import numpy as np
import pytest

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.errors import NoCommonWorld


def test_a_missing_object_is_a_result_with_its_reason(bench, capsys):
    names = bench().run("""
seg = tools.SAM3.segment_image_by_text(InputImages[0], 'mug')
recon = tools.Reconstruct.Reconstruct()
mask = seg.get_mask(frame=10, object=0)
points = seg.get_masked_points(recon, 10)
centroid = seg.get_centroid_3d(recon, frame=10, object=0)
objects = recon.objects(seg)
picture = seg.visualize()
""")
    assert names['seg'].num_objects == 0
    assert 'crate, carton' in names['seg'].reason
    assert names['seg'].candidates[0].label == 'crate'
    assert names['mask'].shape == (480, 640) and not names['mask'].any()
    assert names['points'].shape == (0, 3) and np.isnan(names['centroid']).all()
    assert names['objects'] == []
    assert 'mug' in repr(names['seg'])
    with pytest.raises(IndexError, match=r'no label .mug.'):
        names['objects'][0]
    assert 'SAM3 found no object' in capsys.readouterr().out


def test_mask_frames_and_reconstructed_frames_may_differ(bench):
    names = bench().run("""
recon = tools.Reconstruct.Reconstruct(InputImages[::2])
seg = tools.SAM3.segment_video_by_text(prompts='crate')
common = seg.common_frames(recon)
points = [seg.get_masked_points(recon, f) for f in common]
near = recon.nearest(15)
""")
    assert names['seg'].frame_indices == [10, 14, 20] and names['common'] == [10, 20]
    assert names['recon'].common_frames(names['seg']) == [10, 20]
    assert names['near'] == 20 or names['near'] == 10
    assert all(len(points) > 1000 for points in names['points'])
    with pytest.raises(KeyError, match='no frame 14; the nearest is 10'):
        names['seg'].get_masked_points(names['recon'], 14)
    with pytest.raises(KeyError, match='no frame 11; the nearest is 10'):
        names['seg'].get_mask(11)
    with pytest.raises(KeyError, match='no frame 14; the nearest is 10'):
        names['recon'].points[14]


def test_confidence_is_indexed_by_the_absolute_frame_number(bench):
    names = bench().run("""
recon = tools.Reconstruct.Reconstruct(InputImages)
a, b = recon.points.confidence[20], recon.confidence[np.int64(20)]
share = [(recon.points.confidence[f] > 0.3).mean() for f in recon.frame_indices]
""")
    assert names['a'] is names['b'] and names['a'].shape == (480, 640)
    assert names['a'].min() >= 0 and 0.99 < names['a'].max() <= 1
    with pytest.raises(TypeError, match=r'for f in recon\.frame_indices'):
        list(names['recon'].points)


def test_over_the_cap_it_subsamples_and_says_so(bench, capsys):
    frame = box_world.frame(0)
    window = box_world.window([box_world.replace(frame, index=3 * i) for i in range(205)])
    made = bench(window)
    names = made.run('recon = tools.Reconstruct.Reconstruct(InputImages)')
    chosen = names['recon'].frame_indices
    assert len(chosen) == 64 and chosen[0] == 0 and chosen[-1] == 3 * 204
    assert max(np.diff(chosen)) <= 12
    out = capsys.readouterr().out
    assert out.count('\n') == 1 and '64' in out and '205' in out


def test_two_reconstructions_share_one_world_and_ask_once(bench):
    made = bench()
    made.run("""
one = tools.Reconstruct.Reconstruct(InputImages[0])
two = tools.Reconstruct.Reconstruct(frame_indices=[10, 20])
""")
    one, two = made.names['one'], made.names['two']
    assert np.array_equal(one.points[10], two.points[10], equal_nan=True)
    assert one.world_of(10) == two.world_of(20) == 'odom'


def test_frames_without_poses_are_worlds_of_their_own(bench):
    window = box_world.window([box_world.frame(1, posed=False),
                               box_world.frame(2, box_world.pose(y=0.2), posed=False)], up=None)
    names = bench(window).run("""
recon = tools.Reconstruct.Reconstruct()
first = recon.objects(tools.SAM3.segment_image_by_text(InputImages[0], 'crate'))[0]
second = recon.objects(tools.SAM3.segment_image_by_text(InputImages[1], 'carton'))[0]
within = tools.Geometry.closest_distance(*recon.objects(
    tools.SAM3.segment_video_by_text(['crate', 'carton'])))
""")
    assert names['recon'].world_of(1) != names['recon'].world_of(2)
    assert names['within'].value == pytest.approx(box_world.GAP, abs=0.01)
    with pytest.raises(NoCommonWorld):
        bench(window).names['Geometry'].closest_distance(names['first'], names['second'])


def test_boxes_may_be_numpy_lists_tuples_or_nested(bench):
    made = bench()
    made.run("box = tools.SAM3.segment_image_by_text(InputImages[0], 'crate').boxes[10][0]")
    crate = box_world.window().frames[0].labels.ids == 1
    for given in ('box', 'list(box)', 'tuple(box)', '[list(box)]', 'box.astype(np.float32)',
                  'box.reshape(2, 2)', '[box[2], box[3], box[0], box[1]]'):
        seg = made.run(f'seg = tools.SAM3.segment_image_by_box(InputImages[0], {given})')['seg']
        seg = seg[0] if isinstance(seg, list) else seg
        assert np.array_equal(seg.get_mask(10), crate), given
    for wrong, error in (('[1, 2, 3]', 'four numbers'), ('"the crate"', 'four numbers'),
                         ('[5, 5, 5, 9]', 'no area'), ('[700, 0, 800, 9]', 'outside')):
        with pytest.raises((ValueError, TypeError), match=error):
            made.run(f'tools.SAM3.segment_image_by_box(InputImages[0], {wrong})')


def test_an_object_answers_to_its_labels_stem(bench):
    names = bench().run("""
seg = tools.SAM3.segment_video_by_text(['crate'], labels=['thing_0'])
lid = tools.SAM3.segment_video_by_text(['carton'], labels=['lid'])
""")
    assert names['seg'].get_mask(10, 'thing').any()
    both = names['PerFrameMask'].merge([names['seg'], names['seg'], names['lid']])
    assert both.labels == ['thing_0_0', 'thing_0_1', 'lid']
    with pytest.raises(KeyError, match=(
            r"'thing_0' names several: the labels are \['thing_0_0', 'thing_0_1'\]")):
        both.get_mask(10, 'thing_0')
    with pytest.raises(KeyError, match=r"'chair' is not there: the labels are \['thing_0'\]"):
        names['seg'].get_mask(10, 'chair')
    with pytest.raises(IndexError, match='no object 3'):
        names['seg'].get_mask(10, 3)


def test_show_takes_nested_lists_pairs_and_none(bench, capsys):
    made = bench()
    made.run("""
seg = tools.SAM3.segment_image_by_text(InputImages[0], 'crate')
show([InputImages[0], [None, ('titled', InputImages[1])], (InputImages[2],)], seg, label='given')
show({'a': InputImages[0], 'b': seg.visualize()})
show(np.zeros((4, 5), bool), np.zeros((4, 5, 3), np.uint8), InputImages[0].image)
""")
    labels = [picture.label for picture in made.cell.pictures]
    assert labels == ['given', 'titled', 'given', 'given', 'a', 'b', 'image', 'image', 'image']
    assert all(picture.image.dtype == np.uint8 for picture in made.cell.pictures)
    assert capsys.readouterr().out.count('skipped None') == 1
    with pytest.raises(TypeError, match=r'uint8 \(H, W\)'):
        made.run('show(np.zeros((4, 5)))')
    with pytest.raises(TypeError, match='Print text and numbers'):
        made.run("show('text')")


def test_plt_show_shows_every_open_figure_and_closes_them(bench):
    made = bench()
    made.run("""
plt.figure(); plt.plot([1, 2]); plt.title('first')
plt.figure(); plt.plot([2, 1]); plt.suptitle('second')
plt.show()
""")
    assert [picture.label for picture in made.cell.pictures] == ['first', 'second']
    assert not made.names['plt'].get_fignums()


@pytest.mark.parametrize('masks', [
    'a', '[a, b]', "{'red': a, 'blue': b}", '(a, [b])', 'PerFrameMask.merge([a, b])', 'None'])
def test_render_bev_takes_one_a_list_or_a_dict(bench, masks):
    names = bench().run(f"""
recon = tools.Reconstruct.Reconstruct(InputImages[::2])
a = tools.SAM3.segment_video_by_text('crate')
b = tools.SAM3.segment_image_by_text(InputImages[2], 'carton')
view = recon.render_bev(masks={masks}, ego_trajectory=True)
""")
    assert names['view'].size[0] > 400
    if "'red'" in masks:
        assert names['view'].description == 'red: frames [10, 20]; blue: frames [20]'
    with pytest.raises(TypeError, match='does not say which frame'):
        names['recon'].render_bev(masks=np.zeros((2, 480, 640), bool))


@pytest.mark.parametrize(('code', 'message'), [
    ('tools.SAM3.segment_by_text', 'segment_.*_by_text'),
    ('tools.Sam3', "did you mean 'SAM3'"),
    ('InputImages.frame_indexes', "did you mean 'frame_indices'"),
    ('InputImages[0].frame_idx', "did you mean 'frame_index'"),
    ('Metadata.camera', "did you mean 'cameras'"),
    ('tools.Reconstruct.Reconstruct().pointz', "did you mean 'points'"),
    ('tools.SAM3.segment_image_by_text(InputImages[0], "crate").label', "did you mean 'labels'"),
    ('tools.Geometry.closest_distence', "did you mean 'closest_distance'"),
    ('tools.Mask.centriod', "did you mean 'centroid'"),
    ('tools.Draw.draw_box', "did you mean 'draw_bbox'"),
    ('vlm.ask_thinking', "did you mean 'ask_with_thinking'"),
])
def test_an_unknown_attribute_names_the_nearest(bench, code, message):
    with pytest.raises(AttributeError, match=message):
        bench().run(code)


@pytest.mark.parametrize(('code', 'message'), [
    ('tools.SAM3.segment_image_by_text(InputImages[0], text="crate")', 'no keyword .text.'),
    ('tools.Reconstruct.Reconstruct(frame_index=[10])', "did you mean 'frame_indices'"),
    ('show(InputImages[0], labels="x")', "did you mean 'label'"),
    ('ReturnAnswer(1, evidences=[])', "did you mean 'evidence'"),
    ('tools.Draw.draw_bbox(InputImages[0], [1, 2, 3, 4], color="red")', "did you mean 'colors'"),
    ('tools.Geometry.normalized_to_pixel([1, 2], w=3, height=4)', 'no keyword .w.'),
])
def test_an_unknown_keyword_names_the_nearest(bench, code, message):
    with pytest.raises(TypeError, match=message):
        bench().run(code)


def test_findings_and_objects_know_their_names_too(bench):
    names = bench().run("""
recon = tools.Reconstruct.Reconstruct()
seg = tools.SAM3.segment_video_by_text(['crate', 'carton'])
a, b = recon.objects(seg)
d = tools.Geometry.closest_distance(a, b)
""")
    assert isinstance(names['d'], Distance)
    with pytest.raises(AttributeError, match="did you mean 'value'"):
        _ = names['d'].values
    with pytest.raises(AttributeError, match="did you mean 'centroid'"):
        _ = names['a'].centroids


def test_reprs_fit_on_three_lines(bench):
    names = bench().run("""
recon = tools.Reconstruct.Reconstruct()
seg = tools.SAM3.segment_video_by_text(['crate', 'carton'])
a, b = recon.objects(seg)
things = [InputImages, InputImages[0], Metadata, tools.Reconstruct, tools.SAM3, vlm, recon,
          recon.points, recon.depth, seg, seg.visualize(), a,
          tools.Geometry.closest_distance(a, b), tools.SAM3.segment_video_by_text('mug')]
""")
    for thing in names['things']:
        assert len(repr(thing).splitlines()) <= 3 and len(repr(thing)) < 900, thing


def test_prompt_frame_is_absolute_and_forgiving(bench, capsys):
    made = bench()
    box = made.run("box = tools.SAM3.segment_image_by_text(InputImages[0], 'crate').boxes[10][0]"
                   )['box']
    for given, used in ((0, 10), (None, 10), (14, 14), (19, 20)):
        made.names['given'] = given
        made.run('tools.SAM3.segment_video_by_box([box], ["x"], prompt_frame_idx=given)')
        assert made.host.labels.asked[-1].prompt_frame == used
    assert capsys.readouterr().out.count('the nearest, 20, is used') == 1
    made.run('tools.SAM3.segment_video_by_box(box, "x", start_frame=12, end_frame=20)')
    assert made.host.labels.asked[-1].frames == (14,)
    assert made.host.labels.asked[-1].boxes[0] == pytest.approx(tuple(box))


def test_background_points_are_passed_on(bench):
    made = bench()
    made.run('tools.SAM3.segment_image_by_points(InputImages[0], [[5, 6], [420, 220]], [0, 1])')
    asked = made.host.labels.asked[-1]
    assert asked.point_labels == ((0, 1),)
    assert asked.points[0].tolist() == [[5, 6], [420, 220]]
    for flat in ('[420, 220]', 'np.array([420, 220])', '(420.0, 220.0)'):
        seg = made.run(f'seg = tools.SAM3.segment_image_by_points(InputImages[0], {flat}, 1)')
        assert seg['seg'].num_objects == 1
    made.run("""
tools.SAM3.segment_video_by_points([[[420, 220]], [[200, 220], [5, 5]]], [[1], [1, 0]],
                                   ['a', 'b'])
""")
    assert made.host.labels.asked[-1].point_labels == ((1,), (1, 0))


def test_a_picture_that_is_of_no_frame_is_explained(bench):
    with pytest.raises(TypeError, match='does not say which frame'):
        bench().run("tools.SAM3.segment_image_by_text(InputImages[0].image, 'crate')")
    with pytest.raises(TypeError, match='an image is wanted'):
        bench().run("tools.SAM3.segment_image_by_text('frame 10', 'crate')")


def test_one_missing_object_among_several_is_said(bench, capsys):
    names = bench().run("seg = tools.SAM3.segment_video_by_text(['crate', 'mug', 'carton'])")
    assert names['seg'].labels == ['crate', 'carton']
    assert "SAM3 found no 'mug'; the other objects are there" in capsys.readouterr().out


def test_objects_are_found_by_name_too(bench):
    names = bench().run("""
seg = tools.SAM3.segment_video_by_text(['crate', 'carton'])
objects = tools.Reconstruct.Reconstruct().objects(seg)
carton = objects['carton']
""")
    assert names['carton'] is names['objects'][1]
    with pytest.raises(KeyError, match=r"0 objects are named 'mug'; there are \['crate'"):
        names['objects']['mug']


def test_a_finding_is_a_number_where_one_is_wanted(bench):
    names = bench().run("""
seg = tools.SAM3.segment_video_by_text(['crate', 'carton'])
crate, carton = tools.Reconstruct.Reconstruct().objects(seg)
d = tools.Geometry.closest_distance(crate, carton)
text, number, whole = f'{d:.3f}', float(d), f'{d}'
plane = tools.Geometry.plane(crate)
""")
    assert names['text'] == f'{names["d"].value:.3f}'
    assert names['number'] == names['d'].value
    assert 'CLOSEST' in names['whole']
    assert len(repr(names['plane']).splitlines()) == 1
