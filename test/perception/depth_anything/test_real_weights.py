"""Real weights on real frames: SPATIALCLAW_WEIGHTS=1, and the checkpoints in the hub's cache.

Pictures for the eye go to build/pictures: colour, sensor depth, network depth, their ratio.
"""

from __future__ import annotations

from dataclasses import replace
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import scenes

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.perception.depth_anything.engine import DepthAnything
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.weights.checkpoints import held

PICTURES = Path(__file__).parents[3] / 'build' / 'pictures'
SETTINGS = EngineSettings(offline=True)
NEEDED = (SETTINGS.depth_anything, SETTINGS.depth_anything_metric)
pytestmark = pytest.mark.skipif(
    os.environ.get('SPATIALCLAW_WEIGHTS') != '1' or not all(map(held, NEEDED)),
    reason=f'needs SPATIALCLAW_WEIGHTS=1 and the checkpoints {", ".join(NEEDED)}')


@pytest.fixture(scope='module')
def engine():
    return DepthAnything(SETTINGS)


def reconstructed(engine, frames):
    return engine.answer(EngineCall('depth_anything_3', Reconstruct(tuple(
        frame.index for frame in frames)), tuple(frames)), lambda: False)


def posed(name):
    """The frames of a recording with the poses it was recorded with; skips where it has none."""
    cameras = json.loads((scenes.DATA / name / 'scene_camera.json').read_text())
    frames = []
    for index, frame in scenes.recorded(name).items():
        recorded = cameras[str(index)]
        if 'cam_R_w2c' not in recorded:
            pytest.skip('recorded without poses')
        world_to_camera = np.eye(4)
        world_to_camera[:3, :3] = np.reshape(recorded['cam_R_w2c'], (3, 3))
        world_to_camera[:3, 3] = np.array(recorded['cam_t_w2c']) / 1000
        frames.append(replace(frame, camera_to_world=rigid(np.linalg.inv(world_to_camera))))
    return frames


def rigid(pose):
    """`pose` with the nearest rotation: those of a recording are rounded."""
    left, _, right = np.linalg.svd(pose[:3, :3])
    pose[:3, :3] = left @ right
    return pose


def coloured(depth, low, high):
    share = np.clip((depth - low) / (high - low), 0, 1)
    grey = np.where(np.isfinite(share), 255 * (1 - share), 0).astype(np.uint8)
    return np.where(np.isfinite(depth)[..., None], cv2.applyColorMap(grey, cv2.COLORMAP_TURBO), 0)


def drawn(name, frame, depth):
    """Write the picture of `depth` beside the sensor's."""
    low, high = np.nanpercentile(frame.depth, (2, 98))
    row = np.hstack([frame.image[:, :, ::-1], coloured(frame.depth, low, high),
                     coloured(depth, low, high), coloured(depth / frame.depth, 0.8, 1.25)])
    PICTURES.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PICTURES / f'depth_anything-{name}-{frame.index}.png'), row)


@pytest.mark.parametrize('name', scenes.RECORDINGS)
def test_a_frame_is_in_metres_by_its_focal_length_alone(engine, name):
    frame = next(iter(scenes.recorded(name).values()))
    reply = reconstructed(engine, [replace(frame, depth=None)])
    ratio = reply.frames[0].depth / frame.depth
    drawn(f'{name}-metric', frame, reply.frames[0].depth)
    print(f'{name}: ratio to the sensor {np.nanmedian(ratio):.3f}, {reply.source}')
    assert abs(np.log(np.nanmedian(ratio))) < 3 * 0.12
    spread = np.nanmedian(np.abs(ratio / np.nanmedian(ratio) - 1))
    assert spread < 0.1


@pytest.mark.parametrize('name', scenes.RECORDINGS)
def test_several_frames_are_as_their_sensor_says_within_the_error_told(engine, name):
    frames = list(scenes.recorded(name).values())
    reply = reconstructed(engine, frames)
    for frame, geometry in zip(frames, reply.frames, strict=True):
        drawn(f'{name}-aligned', frame, geometry.depth)
        off = np.abs(geometry.depth - frame.depth)
        known = np.isfinite(off) & (geometry.confidence > 0.3)
        print(f'{name} {frame.index}: median error {np.median((off / frame.depth)[known]):.3f}, '
              f'{(off < 1.96 * geometry.sigma)[known].mean():.3f} within 1.96 sigma')
        assert np.median((off / frame.depth)[known]) < 0.05
        assert (off < 3 * geometry.sigma)[known].mean() > 0.9


@pytest.mark.parametrize('name', scenes.RECORDINGS)
def test_known_poses_tell_the_metres_without_a_sensor_and_a_second_call_agrees(engine, name):
    frames = posed(name)
    blind = [replace(frame, depth=None) for frame in frames]
    reply, again = reconstructed(engine, blind), reconstructed(engine, blind[-1:])
    print(f'{name}: {reply.source}')
    for frame, geometry in zip(frames, reply.frames, strict=True):
        drawn(f'{name}-posed', frame, geometry.depth)
        off = abs(np.log(np.nanmedian(geometry.depth / frame.depth)))
        print(f'{name} {frame.index}: scale off by {off:.3f}, told '
              f'{geometry.noise.bias_share:.3f}')
        assert off < 3 * np.hypot(geometry.noise.bias_share, frame.noise.bias_share)
    np.testing.assert_array_equal(again.frames[0].depth, reply.frames[-1].depth)


@pytest.mark.parametrize('name', scenes.RECORDINGS)
def test_a_frame_of_a_second_call_is_joined_to_the_first(engine, name):
    frames = list(scenes.recorded(name).values())
    if len(frames) < 2:
        pytest.skip('one frame only')
    blind = [replace(frame, depth=None) for frame in frames]

    def ask(*asked):
        return engine.answer(EngineCall('depth_anything_3', Reconstruct(asked), tuple(blind)),
                             lambda: False)

    numbers = [frame.index for frame in frames]
    first, second = ask(numbers[-1]), ask(numbers[0])
    assert first.metric_scale == second.metric_scale
    for frame, reply in ((frames[-1], first), (frames[0], second)):
        off = abs(np.log(np.nanmedian(reply.frames[0].depth / frame.depth)))
        print(f'{name} {frame.index}: scale off by {off:.3f}, {reply.source}')
        assert off < 3 * reply.frames[0].noise.bias_share
