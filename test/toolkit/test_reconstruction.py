"""What a cell may ask of a reconstruction beyond its arrays."""

from __future__ import annotations

from dataclasses import replace

import box_world
import numpy as np
import pytest

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.toolkit.geometry_tool import GeometryTool
from spatialclaw_ros.toolkit.reconstruct import ReconstructTool

(LOW_X, LOW_Y, _), (HIGH_X, HIGH_Y, TOP) = box_world.BOXES['crate']


@pytest.mark.parametrize(('place', 'seen'), [
    ((LOW_X - 0.1, (LOW_Y + HIGH_Y) / 2, 0.1), True),
    ((HIGH_X + 0.1, (LOW_Y + HIGH_Y) / 2, 0.1), False),
    ((LOW_X, (LOW_Y + HIGH_Y) / 2, TOP / 2), True),
    ((LOW_X, 5.0, 0.0), False),
    ((-1.0, 0.0, 0.5), False),
], ids=['before', 'behind', 'its face', 'beside the image', 'behind the camera'])
def test_a_frame_could_see_what_is_in_its_image_and_not_hidden(bench, place, seen):
    made = bench()
    made.run('recon = tools.Reconstruct.Reconstruct()')
    recon = made.names['recon']
    assert recon.could_see(place, recon.frame_indices[0]) is seen


def test_a_frame_that_is_not_there_is_named(bench):
    made = bench()
    made.run('recon = tools.Reconstruct.Reconstruct()')
    with pytest.raises(KeyError, match='999'):
        made.names['recon'].could_see((1, 0, 0), 999)


class Link:
    """Replies with the readings of the frames, and with what a test gives."""

    def __init__(self, window, up=None, **geometry):
        self.window, self.up, self.geometry = window, up, geometry

    def ask(self, request):
        frames = [self.window.at(index) for index in request.frames]
        return Reconstructed(tuple(FrameGeometry(
            frame.index, frame.depth, frame.noise, **self.geometry) for frame in frames), 1.0,
            'as the test has it', self.up)


def test_where_each_depth_is_from_is_told_by_frame():
    window = box_world.window()
    first = window.frames[0]
    given = np.full(first.depth.shape, 2, np.uint8)
    recon = ReconstructTool(Link(window, source_map=given), window)()
    np.testing.assert_array_equal(recon.source_map[first.index], given)
    assert '2 network' in repr(recon.source_map) and 'source_map[f]' in repr(recon)


def test_what_came_without_a_map_is_the_sensors():
    window = box_world.window()
    frame = window.frames[0]
    depth = frame.depth.copy()
    depth[0, :3] = np.nan, np.inf, -np.inf
    window = replace(window, frames=(replace(frame, depth=depth),))
    source = ReconstructTool(Link(window), window)().source_map[frame.index]
    assert source.dtype == np.uint8 and source.shape == depth.shape
    np.testing.assert_array_equal(source == 1, np.isfinite(depth))
    assert (source[0, :3] == 0).all()


def test_gravity_that_the_engine_found_is_used_where_the_frames_came_with_none():
    window = replace(box_world.window(), up=None)
    found = np.array([0.0, 0.0, 1.0])
    tool = ReconstructTool(Link(window, found), window)
    geometry = GeometryTool(window, tool)
    assert tool.up is None and geometry._up is None
    recon = tool()
    np.testing.assert_array_equal(recon.up, found)
    np.testing.assert_array_equal(recon.gravity_direction, found)
    np.testing.assert_array_equal(geometry._up, found)
    recon.up[:] = 0
    np.testing.assert_array_equal(tool.up, found)


def test_gravity_of_the_frames_comes_before_what_the_engine_found():
    window = box_world.window()
    recon = ReconstructTool(Link(window, np.array([1.0, 0, 0])), window)()
    np.testing.assert_array_equal(recon.up, window.up)


APART = """
recon = tools.Reconstruct.Reconstruct()
masks = [tools.SAM3.segment_image_by_text(image, 'crate') for image in InputImages]
masks += [tools.SAM3.segment_image_by_text(InputImages[1], 'carton')]
"""


def test_masks_made_image_by_image_give_one_object_for_each_thing(bench, capsys):
    made = bench()
    made.run(APART + 'found = recon.objects(masks)')
    assert [(one.name, one.frame_indices) for one in made.names['found']] == [
        ('crate', (10, 14, 20)), ('carton', (14,))]
    assert 'crate_0, crate_1, crate_2 show one thing' in capsys.readouterr().out


def test_masks_are_kept_apart_where_that_is_asked_and_by_names(bench):
    made = bench()
    made.run(APART + 'apart = recon.objects(masks, merge=False)\n'
             "named = recon.objects(masks, names=['a', 'b', 'c', 'd'])")
    assert [one.name for one in made.names['apart']] == [
        'crate_0', 'crate_1', 'crate_2', 'carton']
    assert [one.name for one in made.names['named']] == ['a', 'b', 'c', 'd']


def test_what_is_seen_image_by_image_counts_once(bench):
    made = bench()
    made.run(APART + 'n = tools.Geometry.count(masks[:3])')
    assert made.names['n'].value == 1


def test_frames_without_a_common_world_give_an_object_each(bench):
    frames = [replace(frame, camera_to_world=None) for frame in box_world.window().frames]
    made = bench(box_world.window(frames, up=None))
    made.run(APART + 'found = recon.objects(masks[:3])')
    assert len(made.names['found']) == 3
