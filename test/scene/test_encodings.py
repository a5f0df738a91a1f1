import struct

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from spatialclaw_ros.scene import encodings

RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def padded(array, padding):
    rows = np.ascontiguousarray(array).reshape(len(array), -1).view(np.uint8)
    return np.pad(rows, ((0, 0), (0, padding)), constant_values=77).tobytes(), \
        rows.shape[1] + padding


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding, stored', [
    ('rgb8', RGB), ('bgr8', RGB[:, :, ::-1]),
    ('rgba8', np.dstack([RGB, np.full((2, 3), 9, np.uint8)])),
    ('bgra8', np.dstack([RGB[:, :, ::-1], np.full((2, 3), 9, np.uint8)]))])
def test_every_colour_encoding_gives_the_same_rgb(encoding, stored, padding):
    data, step = padded(stored, padding)
    np.testing.assert_array_equal(encodings.color_to_rgb(data, encoding, 2, 3, step), RGB)


def test_grey_is_the_same_in_every_channel():
    got = encodings.color_to_rgb(bytes([1, 2, 3, 4, 5, 6]), 'mono8', 2, 3, 3)
    assert got.shape == (2, 3, 3)
    assert got[1, 2].tolist() == [6, 6, 6]


def test_rgb8_is_a_view_of_the_bytes():
    data = bytearray(RGB.tobytes())
    assert np.shares_memory(encodings.color_to_rgb(data, 'rgb8', 2, 3, 9),
                            np.frombuffer(data, np.uint8))


@given(st.lists(st.integers(0, 65535), min_size=6, max_size=6), st.booleans(),
       st.sampled_from([0, 4]))
def test_millimetres_become_metres_and_zero_unknown(values, big, padding):
    stored = np.array(values, '>u2' if big else '<u2').reshape(2, 3)
    data, step = padded(stored, padding)
    got = encodings.depth_to_metres(data, '16UC1', 2, 3, step, big)
    wanted = np.where(stored == 0, np.nan, stored / 1000)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize('order', ['<', '>'])
def test_rep_117_is_kept_apart(order):
    stored = np.array([[1.5, np.nan, np.inf], [-np.inf, 0.0, -0.1]], order + 'f4')
    got = encodings.depth_to_metres(stored.tobytes(), '32FC1', 2, 3, 12, order == '>')
    np.testing.assert_array_equal(
        got, np.float32([[1.5, np.nan, np.inf], [-np.inf, np.nan, np.nan]]))


def test_millimetres_called_metres_are_refused():
    stored = np.full((8, 8), 850, np.float32)
    with pytest.raises(encodings.EncodingError, match=r'reads 850 m in the median.*millimetres'):
        encodings.depth_to_metres(stored.tobytes(), '32FC1', 8, 8, 32)


def test_labels_keep_their_integers():
    stored = np.array([[1, 300], [2, 0]], '>u2')
    got = encodings.labels_to_ids(stored.tobytes(), '16UC1', 2, 2, 4, True)
    assert got.tolist() == [[1, 300], [2, 0]]
    assert got.dtype.isnative


def test_compressed_colour_is_rgb():
    ok, data = cv2.imencode('.png', RGB[:, :, ::-1])
    assert ok
    np.testing.assert_array_equal(encodings.decode_color(data.tobytes()), RGB)


@pytest.mark.parametrize('description, header', [
    ('16UC1; compressedDepth png', struct.pack('<iff', 0, 0, 0)), ('16UC1; png compressed ', b'')])
def test_compressed_millimetres(description, header):
    _, data = cv2.imencode('.png', np.array([[0, 1500]], np.uint16))
    got = encodings.decode_depth(header + data.tobytes(), description)
    np.testing.assert_allclose(got, [[np.nan, 1.5]], rtol=1e-6)


def test_compressed_metres_are_quantised_inverse_depth():
    a, b = 500.0, -3.0
    stored = np.array([[0, round(a / 2.0 + b)]], np.uint16)
    _, data = cv2.imencode('.png', stored)
    got = encodings.decode_depth(
        struct.pack('<iff', 0, a, b) + data.tobytes(), '32FC1; compressedDepth png')
    np.testing.assert_allclose(got, [[np.nan, 2.0]], atol=0.01)


@pytest.mark.parametrize('call', [
    lambda: encodings.color_to_rgb(b'123', 'rgb8', 2, 3, 9),
    lambda: encodings.color_to_rgb(b'1' * 18, 'rgb8', 2, 3, 8),
    lambda: encodings.color_to_rgb(b'1' * 18, 'bayer_rggb8', 2, 3, 9),
    lambda: encodings.depth_to_metres(b'1' * 18, 'rgb8', 2, 3, 9),
    lambda: encodings.decode_color(b'no picture'),
    lambda: encodings.decode_depth(b'short', '16UC1; compressedDepth png'),
    lambda: encodings.decode_depth(b'x' * 50, '16UC1; compressedDepth rvl'),
    lambda: encodings.decode_depth(b'x' * 50, '16UC1; compressedDepth png')])
def test_what_cannot_be_an_image_is_refused(call):
    with pytest.raises(encodings.EncodingError):
        call()
