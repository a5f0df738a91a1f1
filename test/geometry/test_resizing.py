"""Images made smaller, and what a network finds in them back on the sensor's pixels."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.geometry.resizing import within

side = st.integers(1, 2000)
sizes = st.tuples(side, side)
shares = st.floats(0, 1, allow_subnormal=False)
resizings = st.builds(Resizing, sizes, sizes)
#: Images that are quick to make.
small = st.integers(1, 240)


@st.composite
def shrinking(draw, least=1):
    """A Resizing that enlarges neither side."""
    sensor = draw(st.tuples(st.integers(least, 240), st.integers(least, 240)))
    return Resizing(sensor, tuple(draw(st.integers(least, length)) for length in sensor))


def grid(size):
    """Centres (h, w, 2) of the pixels of an image of `size` (width, height)."""
    return np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), axis=-1).astype(float)


@given(resizings, st.lists(st.tuples(shares, shares), min_size=1, max_size=9))
def test_points_come_back(resizing, places):
    points = np.asarray(places) * resizing.sensor - 0.5
    there = resizing.points(points)
    assert there.min() >= -0.5 - 1e-9
    assert (there <= np.subtract(resizing.network, 0.5) + 1e-9).all()
    assert resizing.points_back(there) == pytest.approx(points, abs=1e-9)
    assert resizing.points(resizing.points_back(points)) == pytest.approx(points, abs=1e-9)


@given(resizings)
def test_corners_lie_on_corners(resizing):
    corners = np.array([[0, 0], resizing.sensor]) - 0.5
    expected = np.array([[0, 0], resizing.network]) - 0.5
    assert resizing.points(corners) == pytest.approx(expected, abs=1e-9)
    assert resizing.box((0, 0, *resizing.sensor)) == pytest.approx((0, 0, *resizing.network))


@given(resizings, st.tuples(shares, shares, shares, shares))
def test_boxes_come_back_and_scale_as_their_corners(resizing, ends):
    width, height = resizing.sensor
    (x1, x2), (y1, y2) = sorted(ends[:2]), sorted(ends[2:])
    box = (x1 * width, y1 * height, x2 * width, y2 * height)
    there = resizing.box(box)
    assert resizing.box_back(there) == pytest.approx(box, abs=1e-9)
    corners = resizing.points(np.reshape(box, (2, 2)) - 0.5) + 0.5
    assert there == pytest.approx(corners.ravel(), abs=1e-9)


@given(resizings, st.tuples(*[st.floats(-3000, 3000)] * 4))
def test_a_box_that_comes_back_lies_in_the_image(resizing, box):
    x1, y1, x2, y2 = resizing.box_back(box)
    assert min(x1, x2) >= 0 and max(x1, x2) <= resizing.sensor[0]
    assert min(y1, y2) >= 0 and max(y1, y2) <= resizing.sensor[1]


@given(resizings, st.floats(50, 2000), st.floats(50, 2000), shares, shares, st.floats(-5, 5),
       st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.2, 30)))
def test_a_point_is_projected_to_where_its_pixel_is_resized(resizing, fx, fy, u, v, skew, point):
    matrix = np.array([[fx, skew, u * resizing.sensor[0]], [0, fy, v * resizing.sensor[1]],
                       [0, 0, 1]])
    seen, there = matrix @ point, resizing.matrix(matrix) @ point
    assert there[:2] / there[2] == pytest.approx(
        resizing.points([seen[:2] / seen[2]])[0], rel=1e-9, abs=1e-6)
    back = Resizing(resizing.network, resizing.sensor).matrix(resizing.matrix(matrix))
    assert back == pytest.approx(matrix, rel=1e-9, abs=1e-6)


@given(sizes, st.integers(1, 3000), st.sampled_from([1, 14, 16]))
def test_within_keeps_the_aspect_and_enlarges_nothing(sensor, edge, multiple):
    resizing = within(sensor, edge, multiple)
    scale = min(1.0, edge / max(sensor))
    for whole, length in zip(sensor, resizing.network, strict=True):
        assert length % multiple == 0
        assert length == multiple or abs(length - whole * scale) <= multiple / 2
        assert length <= max(whole, 1) + (multiple - 1)
    if multiple == 1:
        assert max(resizing.network) <= edge
    if multiple == 1 and edge >= max(sensor):
        assert resizing.network == sensor


@given(shrinking(), st.sampled_from([np.float32, np.uint8, np.uint16]),
       st.sampled_from([(), (1,), (3,)]), st.integers(0, 99))
def test_a_smaller_image_keeps_its_mean_and_dtype(resizing, dtype, channels, seed):
    width, height = resizing.sensor
    image = np.random.default_rng(seed).integers(0, 256, (height, width, *channels)).astype(dtype)
    made = resizing.image(image)
    assert made.dtype == dtype and made.shape == (*resizing.network[::-1], *channels)
    # Integers are rounded, each to half a step at most.
    assert made.mean(dtype=float) == pytest.approx(image.mean(dtype=float), rel=1e-5, abs=(
        1e-3 if dtype == np.float32 else 0.5))


def blob(size, centre, sigma):
    """(h, w) float32 Gaussian in an image of `size`; `centre`, `sigma` in pixels (x, y)."""
    away = (grid(size) - centre) / sigma
    return np.exp(-(away ** 2).sum(axis=-1) / 2).astype(np.float32)


def centroid(image):
    weights = image.astype(float)[..., None]
    return (grid(image.shape[::-1]) * weights).sum(axis=(0, 1)) / weights.sum()


@settings(max_examples=60)
@given(sizes=st.tuples(*[st.integers(20, 240)] * 4), x=st.floats(0.4, 0.6), y=st.floats(0.4, 0.6))
def test_an_image_is_not_shifted(sizes, x, y):
    resizing = Resizing(sizes[:2], sizes[2:])
    centre = np.array([x, y]) * resizing.sensor - 0.5
    there = resizing.image(blob(resizing.sensor, centre, np.array(resizing.sensor) / 14))
    assert centroid(there) == pytest.approx(resizing.points([centre])[0], abs=0.03)


@settings(max_examples=60)
@given(sizes=st.tuples(*[st.integers(20, 240)] * 4), x=st.floats(0.4, 0.6), y=st.floats(0.4, 0.6))
def test_a_map_that_comes_back_is_not_shifted(sizes, x, y):
    resizing = Resizing(sizes[:2], sizes[2:])
    centre = np.array([x, y]) * resizing.network - 0.5
    back = resizing.map_back(blob(resizing.network, centre, np.array(resizing.network) / 14))
    scale = np.maximum(1 / np.array(resizing.scale), 1)
    assert np.abs(centroid(back) - resizing.points_back([centre])[0]).max() <= 0.03 * scale.max()


@pytest.mark.parametrize('axis', [0, 1])
def test_a_side_is_averaged_though_the_other_grows(axis):
    stripes = np.zeros((300, 30), np.float32)
    stripes[::10] = 1.0
    resizing = Resizing((30, 300), (42, 42)) if axis == 0 else Resizing((300, 30), (42, 42))
    made = resizing.image(stripes if axis == 0 else stripes.T)
    assert made.mean() == pytest.approx(0.1, abs=0.01)
    assert made.max() < 0.3


@settings(max_examples=60)
@given(shrinking(least=12), st.tuples(*[st.floats(0.05, 0.95)] * 4))
def test_a_box_drawn_in_the_network_comes_back_within_half_its_pixel(resizing, ends):
    (x1, x2), (y1, y2) = sorted(ends[:2]), sorted(ends[2:])
    box = np.array([x1, y1, x2, y2]) * (*resizing.network, *resizing.network)
    assume(min(box[2] - box[0], box[3] - box[1]) > 2)
    centres = grid(resizing.network) + 0.5
    drawn = ((centres >= box[:2]) & (centres < box[2:])).all(axis=-1)
    back = resizing.map_back(drawn.astype(np.float32)) > 0.5
    rows, columns = np.nonzero(back)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    # Half a pixel of the network, and half a pixel of the sensor, on which edges are found.
    scale = np.tile(resizing.scale, 2)
    assert (np.abs(found - box / scale) <= 0.5 / scale + 0.5 + 1e-6).all()


@settings(max_examples=60)
@given(st.integers(24, 240), st.floats(0.2, 1), st.floats(0.12, 0.3), st.floats(0.4, 0.6),
       st.floats(0.4, 0.6))
def test_a_disc_of_smooth_logits_comes_back_within_half_its_pixel(side, scale, radius, x, y):
    sensor = (side, round(side * 0.75))
    resizing = Resizing(sensor, (round(sensor[0] * scale), round(sensor[1] * scale)))
    centre, size = np.array([x, y]) * sensor - 0.5, radius * min(sensor)
    assume(size * min(resizing.scale) > 1)  # a smaller one may lie between the network's pixels
    places = resizing.points_back(grid(resizing.network).reshape(-1, 2))
    logits = size - np.linalg.norm(places - centre, axis=1)
    back = resizing.map_back(logits.reshape(resizing.network[::-1])) > 0
    away = np.linalg.norm(grid(sensor) - centre, axis=-1) - size
    wrong = back != (away < 0)
    assert np.abs(away[wrong]).max(initial=0) <= 0.5 / min(resizing.scale)


def test_nothing_is_done_where_the_sizes_are_equal():
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    assert np.shares_memory(Resizing((7, 9), (7, 9)).image(image), image)
    depth = image[..., 0].astype(np.float32)
    assert np.array_equal(Resizing((7, 9), (7, 9)).map_back(depth), depth)


@pytest.mark.parametrize('sizes', [((0, 4), (3, 3)), ((4, 4), (3, 0)), ((4, -1), (3, 3))])
def test_sizes_without_pixels_are_refused(sizes):
    with pytest.raises(ValueError, match='every side must be at least 1'):
        Resizing(*sizes)


def test_an_image_of_another_size_is_refused():
    resizing = Resizing((8, 6), (4, 3))
    with pytest.raises(ValueError, match='image of 6x8, not 8x6'):
        resizing.image(np.zeros((8, 6, 3), np.uint8))
    with pytest.raises(ValueError, match='image of 8x6, not 4x3'):
        resizing.map_back(np.zeros((6, 8), np.float32))
