"""Bytes of sensor_msgs images as arrays: colour as RGB, depth as metres, labels as integers.

Encoding names are those of sensor_msgs/image_encodings. Depth is read by its encoding, never by a
divisor: 32FC1 is metres, 16UC1 (also called mono16) millimetres with 0 for "unknown". REP 117 is
kept: NaN unknown, +Inf beyond range, -Inf too close.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

#: encoding → (channels, order of RGB in them); mono8 has one channel.
_COLOR = {
    'rgb8': (3, (0, 1, 2)), 'bgr8': (3, (2, 1, 0)),
    'rgba8': (4, (0, 1, 2)), 'bgra8': (4, (2, 1, 0)),
    'mono8': (1, (0, 0, 0)), '8UC1': (1, (0, 0, 0)),
}
_DEPTH = {'32FC1': 'f4', '16UC1': 'u2', 'mono16': 'u2'}
_LABELS = {'mono8': 'u1', '8UC1': 'u1', '16UC1': 'u2', 'mono16': 'u2', '16SC1': 'i2',
           '32SC1': 'i4'}
#: Leading bytes of a compressedDepth message: format, then two quantisation parameters.
_DEPTH_HEADER = struct.Struct('<iff')
#: A median depth outside this is a mistaken unit, metres.
_NEAREST, _FARTHEST = 0.005, 200.0
_MILLIMETRE = np.float32(0.001)
#: A median depth outside this is a mistaken unit, metres.
_NEAREST, _FARTHEST = 0.005, 200.0


class EncodingError(ValueError):
    """An image whose bytes cannot be what its header says."""


def color_to_rgb(data: Any, encoding: str, height: int, width: int, step: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB of raw image bytes; a view of `data` where it already is that."""
    if encoding not in _COLOR:
        raise EncodingError(f'colour encoding {encoding!r} is not one of {sorted(_COLOR)}')
    channels, order = _COLOR[encoding]
    pixels = _rows(data, np.dtype('u1'), height, width, channels, step)
    return pixels if order == (0, 1, 2) and channels == 3 else pixels[:, :, list(order)]


def depth_to_metres(
        data: Any, encoding: str, height: int, width: int, step: int,
        is_bigendian: bool = False) -> np.ndarray:
    """(H, W) float32 metres of raw depth bytes; readings of 0 or less are unknown (NaN)."""
    if encoding not in _DEPTH:
        raise EncodingError(
            f'depth encoding {encoding!r} is not one of {sorted(_DEPTH)}: publish 32FC1 metres '
            'or 16UC1 millimetres')
    dtype = np.dtype(('>' if is_bigendian else '<') + _DEPTH[encoding])
    readings = _rows(data, dtype, height, width, 1, step)[:, :, 0]
    return _metres(readings)


def labels_to_ids(
        data: Any, encoding: str, height: int, width: int, step: int,
        is_bigendian: bool = False) -> np.ndarray:
    """(H, W) integer class of each pixel of raw label-image bytes."""
    if encoding not in _LABELS:
        raise EncodingError(f'label encoding {encoding!r} is not one of {sorted(_LABELS)}')
    dtype = np.dtype(('>' if is_bigendian else '<') + _LABELS[encoding])
    ids = _rows(data, dtype, height, width, 1, step)[:, :, 0]
    return ids.astype(dtype.newbyteorder('='), copy=False)


def decode_color(data: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a compressed colour image (JPEG, PNG, …)."""
    import cv2
    image = cv2.imdecode(_flat(data), cv2.IMREAD_COLOR)
    if image is None:
        raise EncodingError(f'{len(_flat(data))} bytes are no complete compressed image')
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def decode_labels(data: Any) -> np.ndarray:
    """(H, W) integer class of each pixel of a PNG label image."""
    import cv2
    ids = cv2.imdecode(_flat(data), cv2.IMREAD_UNCHANGED)
    if ids is None or ids.ndim != 2:
        raise EncodingError('a compressed label image must be a one-channel PNG')
    return ids


def decode_depth(data: Any, description: str) -> np.ndarray:
    """(H, W) float32 metres of a compressed depth image.

    `description` is the message's `format`, such as '16UC1; compressedDepth png' (PNG behind a
    12-byte header; 32FC1 is stored as quantised inverse depth) or '16UC1; png compressed'.
    """
    import cv2
    encoding = description.split(';')[0].strip()
    if 'rvl' in description.lower() or 'jpeg' in description.lower():
        raise EncodingError(
            f'depth format {description!r} is not read; set the publisher to PNG')
    payload = _flat(data)
    scale = (0.0, 0.0)
    if 'compressedDepth' in description:
        if len(payload) < _DEPTH_HEADER.size:
            raise EncodingError(f'{len(payload)} bytes of compressedDepth hold no header')
        _, *scale_values = _DEPTH_HEADER.unpack(payload[:_DEPTH_HEADER.size].tobytes())
        scale, payload = (scale_values[0], scale_values[1]), payload[_DEPTH_HEADER.size:]
    stored = cv2.imdecode(payload, cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 2:
        raise EncodingError(f'depth format {description!r} holds no complete 16-bit PNG')
    if encoding == '32FC1':
        with np.errstate(divide='ignore', invalid='ignore'):
            metres = scale[0] / (stored.astype(np.float32) - scale[1])
        return np.where(stored > 0, metres, np.nan).astype(np.float32)
    if encoding not in ('16UC1', 'mono16'):
        raise EncodingError(f'depth format {description!r} names neither 16UC1 nor 32FC1')
    return _metres(stored)


def _metres(readings: np.ndarray) -> np.ndarray:
    if readings.dtype.kind == 'u':
        metres = readings.astype(np.float32)
        metres *= _MILLIMETRE
    else:
        metres = readings.astype(np.float32, copy=False)
        check_range(metres, 'a 32FC1 image holds metres; does its driver send millimetres?')
    with np.errstate(invalid='ignore'):
        impossible = (metres <= 0) & (metres > -np.inf)
    if impossible.any():
        metres = np.where(impossible, np.float32(np.nan), metres)
    return metres


def check_range(metres: np.ndarray, remedy: str) -> None:
    """Raise EncodingError, with `remedy`, where most readings are none that a camera makes."""
    sample = metres[::4, ::4]
    known = sample[np.isfinite(sample) & (sample > 0)]
    if known.size and not _NEAREST < (typical := float(np.median(known))) < _FARTHEST:
        raise EncodingError(f'the depth image reads {typical:.4g} m in the median; {remedy}')


def _rows(data: Any, dtype: np.dtype[Any], height: int, width: int, channels: int,
          step: int) -> np.ndarray:
    """(H, W, channels) view of `data`, rows `step` bytes apart."""
    flat = _flat(data)
    used = width * channels * dtype.itemsize
    step = step or used
    if height <= 0 or width <= 0 or step < used:
        raise EncodingError(
            f'{width}x{height} pixels of {used // max(width, 1)} bytes do not fit in rows of '
            f'{step} bytes')
    if len(flat) < step * (height - 1) + used:
        raise EncodingError(
            f'{len(flat)} bytes are too few for {height} rows of {step} bytes')
    if step == used:
        return flat[:step * height].view(dtype).reshape(height, width, channels)
    strided = np.lib.stride_tricks.as_strided(flat, (height, used), (step, 1), writeable=False)
    return np.ascontiguousarray(strided).view(dtype).reshape(height, width, channels)


def _flat(data: Any) -> np.ndarray:
    if isinstance(data, np.ndarray):
        return data.reshape(-1).view(np.uint8)
    return np.frombuffer(data, np.uint8)
