"""Pictures as a chat request carries them: no larger than a model profits from, never cropped."""

from __future__ import annotations

import base64
import io
import weakref

import numpy as np
from PIL import Image

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.geometry.resizing import within
from spatialclaw_ros.models.profile import Profile

_JPEG_QUALITY = 92


def sent_as(image: np.ndarray, profile: Profile) -> Resizing:
    """How `image` is sent: smaller where its long side is too long for the profile's model."""
    return within((image.shape[1], image.shape[0]), profile.image_edge)


def tokens_of(image: np.ndarray, profile: Profile) -> int:
    """About how many tokens `image` costs: one for each patch of what is sent."""
    width, height = sent_as(image, profile).network
    return max(width * height // profile.image_patch ** 2, 1)


class Pictures:
    """Pictures as data URLs, each coded once for as long as its array lives."""

    def __init__(self, profile: Profile) -> None:
        """Code as `profile` says."""
        self._profile = profile
        self._coded: dict[int, tuple[weakref.ref[np.ndarray], str]] = {}

    def url_of(self, image: np.ndarray) -> str:
        """`image`, (H, W, 3) uint8 RGB, which must not change, as a data URL."""
        key = id(image)
        known = self._coded.get(key)
        if known is not None and known[0]() is image:
            return known[1]
        url = as_data_url(image, self._profile)
        self._coded[key] = (weakref.ref(image, lambda _: self._coded.pop(key, None)), url)
        return url


def as_data_url(image: np.ndarray, profile: Profile) -> str:
    """`image`, (H, W, 3) uint8 RGB, as a data URL."""
    picture = Image.fromarray(np.ascontiguousarray(sent_as(image, profile).image(image)))
    buffer = io.BytesIO()
    if profile.image_format == 'jpeg':
        picture.save(buffer, 'JPEG', quality=_JPEG_QUALITY)
    else:
        picture.save(buffer, 'PNG', compress_level=1)
    coded = base64.b64encode(buffer.getvalue()).decode()
    return f'data:image/{profile.image_format};base64,{coded}'
