from __future__ import annotations

from dataclasses import replace
import re

import box_world
import numpy as np
import pytest

from spatialclaw_ros.findings.errors import Moving
from spatialclaw_ros.findings.errors import Unanswerable

MADE = """
recon = tools.Reconstruct.Reconstruct()
seg = tools.SAM3.segment_video_by_text(['crate', 'carton'])
crate, carton = recon.objects(seg)
G = tools.Geometry
across, along = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(0, 2, 60))
wall = np.column_stack([np.full(3600, 3.0), across.ravel(), along.ravel()])
ground = np.column_stack([along.ravel(), across.ravel(), np.zeros(3600)])[::3]
"""


@pytest.fixture
def cell(bench):
    made = bench()
    made.run(MADE)

    def evaluated(expression):
        return eval(expression, made.names)

    evaluated.run = made.run
    return evaluated


@pytest.mark.parametrize(('expression', 'value', 'within'), [
    ('G.closest_distance(crate, carton)', 0.5, 0.01),
    ('G.closest_distance(seg.only("crate"), seg.only("carton"))', 0.5, 0.01),
    ('G.closest_distance(crate, np.array([1.6, 0.35, 0.1]))', 0.5, 0.02),
    ('G.closest_distance([0, 0, 0], [0, 0, 2])', 2.0, 1e-9),
    ('G.closest_distance(np.zeros((3, 3)), [[0, 3, 4]], sigma=0.01)', 5.0, 0.05),
    ('G.gap(crate, carton, axis="y")', 0.5, 0.02),
    ('G.height(crate)', 0.3, 0.02),
    ('G.height(carton)', 0.25, 0.02),
    ('G.extent(crate, "z")', 0.3, 0.02),
    ('G.extent(crate, [0, 1, 0])', 0.3, 0.02),
    ('G.above(recon.extrinsics[20][:3, 3], G.plane(recon.points[20]))', 1.0, 0.01),
    ('G.angle_between(G.plane(recon.points[20]), recon.up)', np.pi / 2, 0.02),
    ('G.above([0, 0, 1], G.plane(np.concatenate([wall, ground]), level=True))', 1.0, 0.01),
    ('G.angle_between(G.plane(np.concatenate([wall, ground])), recon.up)', 0, 0.02),
    ('G.count(seg)', 2, 0),
])
def test_measures_of_known_boxes(cell, expression, value, within):
    found = cell(expression)
    assert found.value == pytest.approx(value, abs=max(within, 1e-12))
    assert found.unit in ('m', 'rad', '') if hasattr(found, 'unit') else found.kind


@pytest.mark.parametrize(('expression', 'word'), [
    ('G.direction(carton, of=crate)', 'left'), ('G.direction(crate, of=carton)', 'right'),
    ('G.direction(crate, of=carton, viewpoint=InputImages[0])', 'right'),
    ('G.direction([1, 0, 0], of=[0, 0, 0], viewpoint=10, among=("left", "right", "behind"))',
     'behind'),
    ('G.nearest([1.6, -1, 0], [crate, carton])', 'crate'),
    ('G.nearest([1.6, -1, 0], [crate, carton], farthest=True)', 'carton'),
    ('G.rank([crate, carton], G.height)', 'crate'),
    ('G.rank([crate, carton], lambda thing: thing.centroid @ [0, 1, 0], min)', 'crate'),
    ('G.on(crate, carton)', 'no'), ('G.fits(crate, into=[1, 1, 1])', 'yes'),
    ('G.fits(crate, into=[1, 1, 0.1], clearance=0.01)', 'no'),
])
def test_words(cell, expression, word):
    assert cell(expression).word == word


def test_position_in_every_frame_that_has_a_name(bench):
    turned = np.eye(4)
    turned[:3, 3] = 1.0, 2.0, 3.0
    window = replace(box_world.window(), target_frame='base', world_to_target=turned)
    made = bench(window)
    names = made.run(MADE + """
world, odom = G.position(crate), G.position(crate, frame='odom')
base, camera, tenth = [G.position(crate, frame=f) for f in ('base', 'camera', 10)]
""")
    world = names['world'].point
    assert names['world'].frame == '' and names['odom'].frame == 'odom'
    assert np.allclose(names['base'].point - world, [1, 2, 3]) and names['base'].frame == 'base'
    pose = window.frames[2].camera_to_world
    assert np.allclose(pose[:3, :3] @ names['camera'].point + pose[:3, 3], world, atol=0.03)
    assert not np.allclose(names['tenth'].point, names['camera'].point, atol=0.05)
    with pytest.raises(ValueError, match=r"'map' is not known here.*'odom'.*'base'"):
        made.run("G.position(crate, frame='map')")


def test_lists_give_lists_and_pair_up(cell):
    both = cell('G.closest_distance(crate, [carton, carton])')
    assert len(both) == 2 and both[0].value == both[1].value
    assert [q.value for q in cell('G.height([crate, carton])')] == pytest.approx(
        [0.3, 0.25], abs=0.02)
    with pytest.raises(TypeError, match='one length'):
        cell('G.closest_distance([crate, carton], [crate])')


def test_a_viewpoint_that_is_not_known_is_named(cell):
    with pytest.raises(Unanswerable, match=r"'base_link' has no known pose.*'camera'"):
        cell('G.direction(crate, of=carton, viewpoint="base_link")')


def test_the_robots_viewpoint_is_its_body(bench):
    turned = np.eye(4)
    turned[:3, :3] = np.diag([-1.0, -1.0, 1.0])
    window = replace(box_world.window(), viewpoint='base_link', viewpoint_to_world=turned)
    names = bench(window).run(MADE + 'word = G.direction(carton, of=crate).word')
    assert names['word'] == 'right'


def test_a_mask_of_several_is_not_one_object(cell):
    with pytest.raises(TypeError, match=r"2 objects \['crate', 'carton'\].*mask.only"):
        cell('G.height(seg)')


def test_functions_of_old_cells(cell):
    assert cell('G.euclidean_distance([0, 0], (3, 4))') == 5.0
    assert cell('G.angle_between_vectors([1, 0, 0], [0, 1, 0])') == pytest.approx(90)
    u, v = cell('G.project_point_to_camera(crate.centroid, recon.extrinsics[10], '
                '**recon.intrinsics[10])')
    assert cell('seg.get_mask(10)')[round(v), round(u)]
    assert cell('G.project_point_to_camera([-5, 0, 1], recon.extrinsics[10], '
                '**recon.intrinsics[10])') is None
    for b in ([0, 1, 0], [-1, 0, 0], [1, 0, 0]):
        turn = cell(f'G.rotation_matrix_from_vectors([1, 0, 0], {b})')
        assert np.allclose(turn @ [1, 0, 0], b) and np.linalg.det(turn) == pytest.approx(1)
    moved = cell('G.transform_points(np.zeros((2, 3)), recon.extrinsics[20])')
    assert np.allclose(moved, cell('recon.extrinsics[20][:3, 3]'))
    assert cell('G.fit_ground_plane_ransac(np.zeros((5, 3)))') == (None, None)
    assert cell('G.normalized_to_pixel("Not visible", 640, 480)') == []
    assert cell('G.normalized_to_pixel(np.array([500, 500]), 640, 480)') == [320, 240]


def test_a_crate_that_stands_has_a_track_at_rest(cell):
    track = cell('G.track(seg.only("crate"), recon)')
    assert not track.is_moving and 'at rest' in repr(track) and np.isnan(track.heading_deg)
    assert cell('G.speed(G.track(crate)).value') == track.speed
    assert abs(cell('G.approach(G.track(crate), carton).value')) < 0.05
    with pytest.raises(TypeError, match=r'got Object3D for a; give its track'):
        cell('G.approach(crate, carton)')
    assert len(cell('G.track(seg, recon)')) == 2


def test_a_measure_across_a_crate_that_slides_says_where_to_measure(bench, monkeypatch):
    frames = []
    for k in range(3):
        low, high = np.add(box_world.BOXES['crate'], [0, 0.1 * k, 0])
        monkeypatch.setitem(box_world.BOXES, 'crate', (low, high))
        frames.append(box_world.frame(10 + k))
        monkeypatch.undo()
    made = bench(box_world.window(frames))
    made.run(MADE)
    track = made.run('track = G.track(crate)')['track']
    assert track.is_moving and track.heading_deg == pytest.approx(90, abs=5)
    assert track.speed == pytest.approx(1.0, abs=3 * track.speed_sigma)
    with pytest.raises(Moving, match=r'recon.objects\(mask\)\[0\].only\(\[12\]\)') as refused:
        made.run('G.height(crate)')
    moved = float(re.search(r'moved ([\d.]+) m', str(refused.value)).group(1))
    assert moved == pytest.approx(0.2, abs=0.01)
    assert made.run('high = G.height(recon.objects(seg.only("crate"))[0].only([12]))')[
        'high'].value == pytest.approx(0.3, abs=0.02)
