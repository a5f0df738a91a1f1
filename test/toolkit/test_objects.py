"""Masks made per image or camera give one object per thing."""

from __future__ import annotations

from dataclasses import replace

import box_world
import numpy as np
import pytest

from spatialclaw_ros.scene import LabelImage


@pytest.fixture
def cell(bench):
    def run(code, window=None):
        made = bench(window)
        return made.run('recon = tools.Reconstruct.Reconstruct()\n' + code)
    return run


def two_cameras():
    side = box_world.pose(x=1.0, y=0.9, down=0.7)
    side[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]).T @ side[:3, :3]
    frames = [box_world.frame(10), box_world.frame(11, side, name='side'),
              box_world.frame(20, box_world.pose(y=0.2))]
    return box_world.window(frames)


@pytest.mark.parametrize('window', [None, two_cameras()], ids=['one camera', 'two cameras'])
def test_masks_per_image_are_one_object(cell, capsys, window):
    names = cell("""
masks = [tools.SAM3.segment_image_by_text(image, 'crate') for image in InputImages]
found, apart = recon.objects(masks), recon.objects(masks, merge=False)
count = tools.Geometry.count(masks)
""", window)
    assert [one.name for one in names['found']] == ['crate']
    assert names['found'][0].frame_indices == tuple(names['recon'].frame_indices)
    assert [one.name for one in names['apart']] == ['crate_0', 'crate_1', 'crate_2']
    assert names['count'].value == 1
    assert 'show one thing and are one object' in capsys.readouterr().out


def test_boxes_per_image_of_several_things_are_put_together_whatever_their_order(cell):
    names = cell("""
def boxes(f):
    s = tools.SAM3.segment_image_by_text(f, 'crate').boxes[f.frame_index][0]
    t = tools.SAM3.segment_image_by_text(f, 'carton').boxes[f.frame_index][0]
    return [s, t] if f.frame_index < 20 else [t, s]
masks = [tools.SAM3.segment_image_by_box(f, boxes(f), label='thing') for f in InputImages]
per_image = [type(masks[0][0]).merge(pair) for pair in masks]
found = recon.objects(per_image)
count = tools.Geometry.count(per_image)
""")
    assert [one.name for one in names['found']] == ['thing_0', 'thing_1']
    assert [one.frame_indices for one in names['found']] == [(10, 14, 20)] * 2
    assert names['count'].value == 2
    crate, carton = (one.box.center[1] for one in names['found'])
    assert crate == pytest.approx(-0.3, abs=0.02) and carton == pytest.approx(0.5, abs=0.02)


def test_names_given_one_by_one_keep_masks_apart(cell):
    names = cell("""
a, b = [tools.SAM3.segment_image_by_text(image, 'crate') for image in InputImages[:2]]
listed = recon.objects([a, b], names=['crate_1', 'crate_2'])
keyed = recon.objects({'first_1': a, 'first_2': b})
shared = recon.objects([a, b], names='box')
other = recon.objects([a, tools.SAM3.segment_image_by_text(InputImages[1], 'crate', label='it')])
""")
    assert [one.name for one in names['listed']] == ['crate_1', 'crate_2']
    assert [one.name for one in names['keyed']] == ['first_1', 'first_2']
    assert [one.name for one in names['shared']] == ['box']
    assert [one.name for one in names['other']] == ['crate', 'it']


def test_frames_without_poses_keep_their_masks_apart(cell):
    frames = [replace(box_world.frame(k), camera_to_world=None) for k in (10, 14)]
    names = cell("""
found = recon.objects([tools.SAM3.segment_image_by_text(f, 'crate') for f in InputImages])
""", replace(box_world.window(frames), up=None))
    assert [one.name for one in names['found']] == ['crate_0', 'crate_1']


def test_a_view_whose_mask_is_on_another_thing_is_left_out_and_told(cell, capsys):
    window = box_world.window()
    spoilt = window.frames[1]
    swapped = LabelImage(np.array([0, 2, 1], np.uint8)[spoilt.labels.ids], spoilt.labels.names)
    frames = (window.frames[0], replace(spoilt, labels=swapped), window.frames[2])
    names = cell("""
crate = recon.objects(tools.SAM3.segment_video_by_text(['crate']))[0]
""", replace(window, frames=frames))
    assert names['crate'].frame_indices == (10, 20)
    assert names['crate'].box.center[1] == pytest.approx(-0.3, abs=0.02)
    assert '[note] crate: frame 14 is left out' in capsys.readouterr().out


def test_a_moving_thing_is_that_of_the_newest_frame_and_not_measured(cell, monkeypatch):
    frames = []
    for step, index in enumerate((10, 14, 20)):
        moved = {'crate': tuple((x, y + 0.2 * step, z) for x, y, z in box_world.BOXES['crate']),
                 'carton': ((1.6, 1.2, 0.0), (1.9, 1.5, 0.25))}
        monkeypatch.setattr(box_world, 'BOXES', moved)
        frames.append(box_world.frame(index))
        monkeypatch.undo()
    names = cell("""
seg = tools.SAM3.segment_video_by_text(['crate'])
crate = recon.objects(seg)[0]
track = tools.Geometry.track(seg, recon)
try:
    tools.Geometry.height(crate)
    said = ''
except Exception as error:
    said = type(error).__name__
alone = tools.Geometry.height(crate.only([20]))
""", box_world.window(frames))
    assert names['crate'].box.center[1] == pytest.approx(0.1, abs=0.03)
    assert names['said'] == 'Moving' and names['track'].is_moving
    assert names['alone'].value == pytest.approx(0.3, abs=0.02)
