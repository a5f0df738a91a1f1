"""Tracks of a box that stands or slides, seen by a camera that stands or moves, with errors."""

from dataclasses import replace

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest
import raycast
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor

from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.as_json import finding_json
from spatialclaw_ros.findings.errors import Moving
from spatialclaw_ros.findings.errors import NoCommonWorld
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.framed import finding_in_frame
from spatialclaw_ros.findings.track import Track
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import PoseSigma

HOME = np.array([0.1, 0, 0.1])
SIZE, YAW = (0.2, 0.15, 0.2), 0.3
NOISE, EXACT, TOLD = DepthNoise(bias_share=0.004), PoseSigma(), PoseSigma(0.006, 0.003)
CAMERA = Camera('cam', 'cam_optical', 160, 120, np.array([[150., 0, 80], [0, 150., 60], [0, 0, 1]]))
STANDS = [(0.0, -1.4, 0.8)] * 4
WALKS = [(x, -1.4, 0.8) for x in (-0.15, 0.0, 0.15, 0.3)]
TURNS = [(1.5 * np.sin(a), -1.5 * np.cos(a), 0.8) for a in (-0.5, 0.0, 0.5)]
PILLAR = Box((0.1, -0.5, 0.2), (0.15, 0.05, 0.6))
SECOND = 10**9


def seen(eyes, centers=HOME, *, seed=0, told=EXACT, others=(), stamps=None, camera=CAMERA,
         spoil=lambda k, frame: frame, name='box'):
    """The box at `centers` from `eyes`; half of the poses' error variance is in all of them."""
    rng = np.random.default_rng(seed)
    common, bias, drawn, frames = rng.standard_normal(6), rng.normal(0, NOISE.bias_share), {}, []
    for k, (eye, center) in enumerate(zip(eyes, np.broadcast_to(centers, (len(eyes), 3)),
                                          strict=True)):
        pose = looking(eye, HOME)
        own = drawn.setdefault(tuple(eye), rng.standard_normal(6))
        said, error = pose.copy(), (common + own) / np.sqrt(2)
        said[:3, 3] += error[:3] * told.translation
        x, y, z = error[3:] * told.rotation
        said[:3, :3] = (np.eye(3) + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])) @ pose[:3, :3]
        frame, index = frame_of(
            [Box(tuple(center), SIZE, YAW), Floor(), *others], pose,
            Sensor(rng, NOISE, bias=bias), k, told_pose=said, pose_sigma=told, camera=camera,
            stamp=k * SECOND if stamps is None else stamps[k])
        frames.append((spoil(k, frame), index))
    return object_in(frames, 0, name)


def slide(length, angle, count=4):
    along = np.array([np.cos(angle), np.sin(angle), 0]) * length
    return HOME + along * (np.linspace(0, 1, count) - 0.5)[:, None]


@pytest.mark.parametrize(('eyes', 'told', 'others'), [
    (WALKS, TOLD, ()), (TURNS, TOLD, ()), (STANDS, TOLD, ()), (WALKS, EXACT, (PILLAR,))])
def test_a_thing_at_rest_is_at_rest(eyes, told, others):
    tracks = [measures.track(seen(eyes, seed=seed, told=told, others=others))
              for seed in range(10)]
    assert not any(track.is_moving for track in tracks)
    assert all('at rest' in repr(track) and np.isnan(track.heading).all() for track in tracks)
    apart = np.array([track.displacement / track.displacement_sigma for track in tracks])
    assert np.median(apart) < 2.5


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.floats(0.05, 2.0), st.floats(-np.pi, np.pi), st.integers(0, 99))
def test_a_slide_before_a_camera_that_stands(length, angle, seed):
    wide = replace(CAMERA, matrix=np.array([[110., 0, 80], [0, 110., 60], [0, 0, 1]]))
    track = measures.track(seen([(0.0, -2.2, 1.2)] * 4, slide(length, angle), seed=seed,
                                camera=wide))
    assert track.is_moving
    assert abs(track.speed - length / 3) < 3 * track.speed_sigma
    off = (track.heading_deg - np.degrees(angle) + 180) % 360 - 180
    assert abs(off) < 3 * track.heading_deg_sigma
    assert track.speed_sigma < 0.3 * track.speed


@pytest.mark.parametrize('seed', range(6))
def test_a_slide_before_a_camera_that_moves(seed):
    angle = np.random.default_rng(seed).uniform(-np.pi, np.pi)
    track = measures.track(seen(WALKS, slide(0.3, angle), seed=seed, told=TOLD))
    assert track.is_moving and abs(track.speed - 0.1) < 3 * track.speed_sigma
    off = (track.heading_deg - np.degrees(angle) + 180) % 360 - 180
    assert abs(off) < 3 * track.heading_deg_sigma < 60


@pytest.mark.parametrize('toward', [(0.01, 0, 0), (0, -0.03, 0.02)])
def test_a_small_motion_before_a_camera_that_stands(toward):
    track = measures.track(seen(STANDS[:2], HOME + np.outer([0, 1], toward), told=TOLD,
                                camera=raycast.CAMERA))
    assert track.is_moving
    assert track.displacement == pytest.approx(np.linalg.norm(toward), abs=0.006)


def test_slow_motion_is_told_by_many_frames():
    places = slide(0.006, 0.4, 12)
    many = measures.track(seen(STANDS * 3, places, told=TOLD, camera=raycast.CAMERA))
    assert many.is_moving and many.speed == pytest.approx(0.006 / 11, rel=0.5)
    two = measures.track(seen(STANDS[:2], places[[0, -1]], told=TOLD, camera=raycast.CAMERA))
    assert not two.is_moving


def test_a_measure_across_a_moving_thing_names_one_frame():
    moving = seen(STANDS[:3], slide(0.3, 0.0, 3))
    with pytest.raises(Moving, match=r"'box' moved 0\.\d+ m between frames 0 and [12]; ask of one "
                                     r'frame: recon.objects\(mask\)\[0\].only\(\[\d\]\)'):
        measures.check_still(moving)
    measures.check_still(moving.only([2]))
    measures.check_still(seen(WALKS, told=TOLD))


def test_a_pillar_before_it_hides_without_moving_it():
    side = Box((0.0, -0.5, 0.2), (0.15, 0.05, 0.6))
    thing = object_in([
        frame_of([Box(tuple(HOME), SIZE, YAW), Floor(), *others], looking(STANDS[0], HOME),
                 Sensor(np.random.default_rng(k), NOISE), k, stamp=k * SECOND, camera=CAMERA)
        for k, others in enumerate(((), (side,)))], 0)
    centers = [sight.surface().center for sight in thing.sights]
    assert np.linalg.norm(centers[1] - centers[0]) > 0.03
    assert not measures.track(thing).is_moving


def test_hidden_in_the_middle_it_is_still_found_to_move():
    wall = Box((0.1, -0.4, 0.3), (0.25, 0.05, 0.9))
    thing = seen([(0.1, -1.8, 0.9)] * 5, slide(1.2, 0.0, 5), others=(wall,))
    assert len(thing.sights) < 5
    track = measures.track(thing)
    assert track.is_moving and track.speed == pytest.approx(0.3, abs=3 * track.speed_sigma)


def losing(share, size, seed):
    """What spoils frames by square holes of `size` pixels, others in each frame."""
    def spoil(k, frame):
        return replace(frame, depth=raycast.with_holes(
            frame.depth, share, (size, size), np.random.default_rng([seed, k])))
    return spoil


@pytest.mark.parametrize(('eyes', 'share', 'size'), [
    (STANDS, 0.3, 6), (STANDS, 0.3, 12), (STANDS, 0.45, 15), (WALKS, 0.3, 6), (WALKS, 0.45, 15)])
def test_holes_in_the_depth_do_not_move_it(eyes, share, size):
    moved = []
    for seed in range(20):
        thing = seen(eyes, seed=seed, told=TOLD, spoil=losing(share, size, seed))
        moved.append(measures.track(thing).is_moving)
        if not moved[-1]:
            measures.check_still(thing)
    assert sum(moved) <= 1


@pytest.mark.parametrize('eyes', [STANDS, WALKS])
def test_a_slide_is_found_in_spite_of_holes(eyes):
    tracks = [measures.track(seen(eyes, slide(0.3, seed), seed=seed, told=TOLD,
                                  spoil=losing(0.3, 6, seed))) for seed in range(8)]
    assert all(track.is_moving for track in tracks)
    off = np.array([(track.speed - 0.1) / track.speed_sigma for track in tracks])
    assert np.abs(off).max() < 3


def test_single_readings_that_are_lost_do_not_move_it():
    def holes(k, frame):
        depth = frame.depth.copy()
        depth[np.random.default_rng(k).random(depth.shape) < 0.3] = np.nan
        return replace(frame, depth=depth)

    assert not measures.track(seen(STANDS, spoil=holes)).is_moving


def test_two_cameras_at_one_moment_are_no_motion():
    def other(k, frame):
        return replace(frame, camera=replace(CAMERA, name='side')) if k % 2 else frame

    eyes, stamps = [WALKS[0], WALKS[3]], [SECOND, SECOND]
    with pytest.raises(NotVisible, match="'box' is seen at 1 moments of one world"):
        measures.track(seen(eyes, stamps=stamps, spoil=other))
    thing = seen(eyes * 2, stamps=[0, 0, SECOND, SECOND], told=TOLD, spoil=other)
    assert not measures.track(thing).is_moving
    measures.check_still(seen(eyes, slide(0.3, 0.0, 2), stamps=stamps, spoil=other))


def test_frames_without_a_common_world_give_no_track():
    thing = seen(STANDS[:2], spoil=lambda k, frame: replace(frame, camera_to_world=None))
    with pytest.raises(NotVisible, match='two or more frames with poses'):
        measures.track(thing)
    measures.check_still(thing)


def line(name, start, velocity, sigma=0.01, **more):
    times = np.arange(3)
    return Track(name, times * SECOND, np.array(start) + np.outer(times, velocity),
                 np.full(3, 0.01), np.array(velocity, float), np.full(3, sigma), (0, 1, 2), **more)


def test_approach_is_the_rate_at_which_they_near():
    cart, man = line('cart', (0, 0, 0), (0.5, 0, 0)), line('man', (3, 0, 0), (-0.25, 0.5, 0))
    both = measures.approach(cart, man)
    away = np.array([2.5 - 1, 1, 0])
    assert both.value == pytest.approx(np.array([0.75, -0.5, 0]) @ away / np.linalg.norm(away))
    assert both.sigma.total == pytest.approx(0.01 * np.sqrt(2)) and both.unit == 'm/s'
    assert measures.approach(cart, np.array([5.0, 0, 0])).value == pytest.approx(0.5)
    assert measures.approach(cart, np.array([-5.0, 0, 0])).value == pytest.approx(-0.5)
    with pytest.raises(ValueError, match="'cart' and 'point' are at one place"):
        measures.approach(cart, np.array([1.0, 0, 0]))


BESIDE = np.array([1.0, 0, 0])


def test_approach_needs_one_world():
    cart = measures.track(seen([(0.0, -2.2, 1.2)] * 4, slide(0.6, 0.0)))
    lost = seen(STANDS[:2], HOME + BESIDE,
                spoil=lambda k, frame: replace(frame, camera_to_world=None))
    with pytest.raises(NoCommonWorld, match=r"'box' is seen in frames \[0, 1\], and no pose tells"):
        measures.approach(cart, lost)
    with pytest.raises(NoCommonWorld, match="'man' is seen in frames"):
        measures.approach(cart, line('man', (3, 0, 0), (-0.25, 0, 0), world='another'))
    beside = seen(STANDS[:2], HOME + BESIDE)
    both = replace(beside, sights=beside.sights + lost.sights)
    assert measures.approach(cart, both).value == pytest.approx(0.2, abs=0.01)


def test_approach_to_what_moves_needs_its_track():
    cart = measures.track(seen([(0.0, -2.2, 1.2)] * 4, slide(0.6, 0.0)))
    nears = seen([(0.0, -2.2, 1.2)] * 3, slide(-0.6, 0.0, 3) + BESIDE)
    with pytest.raises(Moving, match=r"'box' moved .* or track it"):
        measures.approach(cart, nears)
    assert measures.approach(cart, measures.track(nears)).value == pytest.approx(0.5, abs=0.02)


def test_heading_is_level_and_counted_from_x_about_up():
    up = np.array([0.0, 0, 1])
    track = line('cart', (0, 0, 0), (0.0, 0.3, 0.1), up=up, excess=5.0)
    assert track.heading.tolist() == [0, 1, 0] and track.heading_deg == pytest.approx(90)
    assert track.heading_deg_sigma == pytest.approx(np.degrees(0.01 / 0.3))
    assert 'moving, heading 90 ± 2 deg, speed 0.316 ± 0.01 m/s' in repr(track)
    assert len(repr(track).splitlines()) <= 3
    flat = line('cart', (0, 0, 0), (0.0, 0.3, 0.1))
    assert flat.is_moving and np.linalg.norm(flat.heading) == pytest.approx(1)
    assert np.isnan(flat.heading_deg) and 'heading (0.000, 0.949, 0.316)' in repr(flat)
    quarter = np.eye(4)
    quarter[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    turned = finding_in_frame(track, quarter)
    assert abs(turned.heading_deg) == pytest.approx(180) and turned.is_moving
    told = finding_json(replace(track, excess=0.2))
    assert told['is_moving'] is False and told['heading_deg'] is None
    assert told['speed'] == pytest.approx(track.speed)
