"""Positions from several frames: what each frame errs by itself is averaged, the rest is not."""

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor

from spatialclaw_ros.findings import measures
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.scene import PoseSigma

CARTON = Box((0.1, 0, 0.1), (0.2, 0.15, 0.2), 0.3)
NOISE, POSE = DepthNoise(bias_share=0.004), PoseSigma(0.006, 0.003)
EYES = [(x, -1.4, 0.8) for x in (-0.1, 0.0, 0.1, 0.2)]


def seen_in(eyes, rng):
    """The carton from `eyes`; half of the poses' error variance is the same in all of them."""
    common, frames = rng.standard_normal(6), []
    for i, eye in enumerate(eyes):
        pose = looking(eye, (0.1, 0, 0.1))
        told = pose.copy()
        drawn = (common + rng.standard_normal(6)) / np.sqrt(2)
        told[:3, 3] += drawn[:3] * POSE.translation
        x, y, z = drawn[3:] * POSE.rotation
        told[:3, :3] = (np.eye(3) + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])) @ pose[:3, :3]
        sensor = Sensor(rng, NOISE, bias=rng.normal(0, NOISE.bias_share))
        frames.append(frame_of([CARTON, Floor()], pose, sensor, i, told_pose=told, stamp=i,
                               pose_sigma=POSE))
    return object_in(frames, 0)


def exact(eyes):
    frames = [frame_of([CARTON, Floor()], looking(eye, (0.1, 0, 0.1)), None, i, stamp=i)
              for i, eye in enumerate(eyes)]
    return measures.position(object_in(frames, 0)).point


@pytest.mark.parametrize('count', [1, 4])
def test_its_ellipsoid_holds_where_it_is(count):
    eyes, rng = EYES[:count], np.random.default_rng(count)
    truth, distances = exact(eyes), []
    for _ in range(40):
        found = measures.position(seen_in(eyes, rng))
        away = found.point - truth
        distances.append(float(away @ np.linalg.solve(found.covariance, away)))
    assert np.mean(np.array(distances) < 7.8147) >= 0.85
    assert 1.0 < np.median(distances) < 4.0


def test_more_frames_tell_more_but_not_all():
    rng = np.random.default_rng(5)
    one, four = (np.trace(measures.position(seen_in(EYES[:n], rng)).covariance) for n in (1, 4))
    assert 0.4 < four / one < 0.8
