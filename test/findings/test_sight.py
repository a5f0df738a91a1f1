"""The rim of a surface is of the object, not of what its readings there mix with."""

import numpy as np
from raycast import Box
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor
from raycast import Sphere
from raycast import visible_points
from scipy.spatial import cKDTree

POSE = looking((0.2, -1.2, 0.6), (0, 0, 0.1))


def farthest_off(shapes, seed):
    """How far, metres, what is found of the first shape reaches from what is really seen of it."""
    frame = frame_of(shapes, POSE, Sensor(np.random.default_rng(seed), flying=0.25))
    found = object_in([frame], 0).sights[0].surface().points
    return cKDTree(visible_points(shapes, 0, POSE)).query(found)[0].max()


def test_mixed_readings_do_not_draw_out_the_rim_of_a_slanting_face():
    shapes = [Box((0, 0, 0.15), (0.3, 0.2, 0.3), 0.8), Box((0, 0.25, 0.5), (6, 0.1, 5))]
    assert np.mean([farthest_off(shapes, seed) for seed in range(4)]) < 0.013


def test_the_rim_of_a_round_thing_stays():
    shapes = [Sphere((0, 0, 0.15), 0.12), Box((0, 2.0, 0.5), (6, 0.1, 5))]
    frame = frame_of(shapes, POSE, Sensor(np.random.default_rng(1)))
    found = object_in([frame], 0).sights[0].surface().points
    truth = visible_points(shapes, 0, POSE)
    assert cKDTree(found).query(truth)[0].max() < 0.024
