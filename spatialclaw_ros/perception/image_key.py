"""What an image is known by: its content."""

from __future__ import annotations

import hashlib

import numpy as np


def image_key(image: np.ndarray) -> bytes:
    """16 bytes that are equal for arrays of equal content, shape and dtype, and for no others.

    BLAKE2b of the whole content: about 1 ms for an image of 640×480×3 bytes.
    """
    about = f'{image.shape}{image.dtype.str}'.encode()
    digest = hashlib.blake2b(about, digest_size=16)
    digest.update(np.ascontiguousarray(image).reshape(-1).view(np.uint8).data)
    return digest.digest()
