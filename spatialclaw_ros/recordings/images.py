"""Image files as arrays, with errors that name the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PIL import UnidentifiedImageError

from spatialclaw_ros.recordings.errors import RecordingError


def read_image(path: Path, kind: str) -> np.ndarray:
    """Pixels of the image file `path` as stored; raises RecordingError when it is damaged.

    `kind` says in the message what the file is for ('colour image', 'depth image').
    """
    if not path.is_file():
        raise RecordingError(
            f'{path}: the {kind} is missing; restore the file, or leave its frame out with '
            '--frames')
    try:
        with Image.open(path) as image:
            image.load()
            return np.asarray(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise RecordingError(
            f'{path}: the {kind} is truncated or no image ({error}); copy the file again, or '
            'leave its frame out with --frames') from error


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a colour or grey image file."""
    pixels = read_image(path, 'colour image')
    if pixels.ndim == 2 and pixels.dtype == np.uint8:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise RecordingError(
            f'{path}: colour image is {pixels.dtype}{list(pixels.shape)}, expected 8 bit RGB')
    return np.ascontiguousarray(pixels[:, :, :3])


def read_integers(path: Path, kind: str) -> np.ndarray:
    """(H, W) uint16 or wider of a one-channel integer image file."""
    pixels = read_image(path, kind)
    if pixels.ndim != 2 or pixels.dtype.kind not in 'iu':
        raise RecordingError(
            f'{path}: {kind} is {pixels.dtype}{list(pixels.shape)}, expected one channel of 8 or '
            '16 bit integers')
    return pixels


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8, (H, W) uint8 or (H, W) uint16 `pixels` as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)
