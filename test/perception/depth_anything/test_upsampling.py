from __future__ import annotations

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.depth_anything.upsampling import depth_at_sensor

SIZES = st.tuples(st.integers(20, 90), st.integers(20, 90))


def grey(size, value=90):
    return np.full((size[1], size[0], 3), value, np.uint8)


@settings(deadline=None)
@given(SIZES, st.tuples(st.sampled_from([28, 56]), st.sampled_from([28, 56])),
       st.floats(-0.15, 0.15), st.floats(-0.15, 0.15))
def test_a_plane_stays_a_plane(sensor, network, a, b):
    def plane(u, v):
        return 1 / (0.5 + a * (u / sensor[0] - 0.5) + b * (v / sensor[1] - 0.5))

    resizing = Resizing(sensor, network)
    columns, rows = np.meshgrid(np.arange(network[0]), np.arange(network[1]))
    at = resizing.points_back(np.column_stack([columns.ravel(), rows.ravel()]))
    depth = plane(*at.T).reshape(columns.shape).astype(np.float32)
    u, v = np.meshgrid(np.arange(sensor[0]), np.arange(sensor[1]))
    found = depth_at_sensor(depth, resizing, grey(sensor))
    place = resizing.points(np.column_stack([u.ravel(), v.ravel()])).reshape(*u.shape, 2)
    inner = ((place >= 0) & (place <= np.array(network) - 1)).all(axis=-1)
    np.testing.assert_allclose(found[inner], plane(u, v)[inner], rtol=2e-3)


@settings(deadline=None)
@given(st.integers(0, 10 ** 6), SIZES)
def test_depths_are_never_mixed_across_a_step_and_holes_stay(seed, sensor):
    rng = np.random.default_rng(seed)
    depth = rng.choice(np.array([1.0, 3.0, np.nan], np.float32), (28, 28))
    found = depth_at_sensor(depth, Resizing(sensor, (28, 28)),
                            rng.integers(0, 256, (sensor[1], sensor[0], 3), np.uint8))
    known = found[np.isfinite(found)]
    assert np.isin(np.round(known, 5), [1.0, 3.0]).all()
    whole = depth_at_sensor(np.full((28, 28), np.nan, np.float32), Resizing(sensor, (28, 28)),
                            grey(sensor))
    assert np.isnan(whole).all()


def test_at_a_step_the_colour_tells_the_side():
    image = grey((160, 120), 40)
    image[:, 83:] = 200
    depth = np.full((28, 28), 1.0, np.float32)
    depth[:, 14:] = 3.0
    found = depth_at_sensor(depth, Resizing((160, 120), (28, 28)), image)
    assert (found[:, :80] == 1).all()
    assert (found[:, 85:] == 3).all()
    assert np.count_nonzero(found != np.where(np.arange(160) < 83, 1, 3)) < 120


@settings(deadline=None)
@given(st.tuples(*[st.integers(2, 40)] * 2), st.sampled_from([1, 3, 5]),
       st.sampled_from([1, 3, 5]))
def test_what_a_pixel_of_the_network_says_comes_back_at_its_centre(network, across, down):
    sensor = (network[0] * across, network[1] * down)
    depth = np.random.default_rng(0).uniform(1, 3, network[::-1]).astype(np.float32)
    found = depth_at_sensor(depth, Resizing(sensor, network), grey(sensor))
    np.testing.assert_allclose(found[down // 2::down, across // 2::across], depth, rtol=1e-5)
