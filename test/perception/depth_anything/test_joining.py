from __future__ import annotations

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
from scipy.spatial.transform import Rotation

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.depth_anything.joining import joined
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView

SIZE = (56, 42)


def view(rng, pose=True):
    motion = np.eye(4)
    motion[:3, :3] = Rotation.random(random_state=rng.integers(2 ** 31)).as_matrix()
    motion[:3, 3] = rng.normal(size=3)
    return NetworkView(Resizing((80, 60), SIZE),
                       rng.uniform(1, 4, SIZE[::-1]).astype(np.float32),
                       rng.uniform(0, 1, SIZE[::-1]).astype(np.float32),
                       motion if pose else None, np.eye(3))


def moved(one, scale, motion):
    other = one.scaled(scale)
    return NetworkView(one.resizing, other.depth, one.confidence, motion @ other.camera_to_world,
                       one.matrix)


@settings(deadline=None)
@given(st.integers(0, 10 ** 6), st.floats(0.05, 20), st.integers(1, 3))
def test_views_of_another_gauge_are_brought_back(seed, scale, shared):
    rng = np.random.default_rng(seed)
    views = [view(rng) for _ in range(4)]
    motion = view(rng).camera_to_world
    again = [moved(one, scale, motion) for one in views]
    back = joined(again, list(zip(views[:shared], again[:shared], strict=True)))
    for one, found in zip(views, back, strict=True):
        np.testing.assert_allclose(found.depth, one.depth, rtol=1e-5)
        np.testing.assert_allclose(found.camera_to_world, one.camera_to_world, atol=1e-6)


def test_half_of_the_depth_may_be_wrong_and_a_shared_frame_may_have_another_size():
    rng = np.random.default_rng(1)
    one = view(rng)
    again = moved(one, 3.0, np.eye(4))
    other = NetworkView(Resizing((80, 60), (28, 28)), again.at(again.depth, np.array(
        [[(u + 0.5) * 80 / 28 - 0.5, (v + 0.5) * 60 / 28 - 0.5] for v in range(28)
         for u in range(28)])).reshape(28, 28), np.ones((28, 28), np.float32),
        again.camera_to_world, one.matrix)
    other.depth[:10] *= 5
    flat = NetworkView(one.resizing, np.full(SIZE[::-1], 2, np.float32), one.confidence,
                       one.camera_to_world, one.matrix)
    small = NetworkView(other.resizing, np.full((28, 28), 6, np.float32), other.confidence,
                        again.camera_to_world, one.matrix)
    small.depth[:10] *= 5
    np.testing.assert_allclose(joined([small], [(flat, small)])[0].depth[20], 2, rtol=1e-6)


def test_without_depth_in_common_nothing_is_joined():
    rng = np.random.default_rng(3)
    held, again = view(rng), view(rng)
    held.depth[:20] = np.nan
    again.depth[20:] = np.nan
    assert joined([again], [(held, again)]) is None
    assert joined([again], []) is None


def test_without_poses_only_the_scale_is_brought_back():
    rng = np.random.default_rng(2)
    held, again = view(rng, pose=False), view(rng)
    assert joined([again], [(held, again)])[0].camera_to_world is None
