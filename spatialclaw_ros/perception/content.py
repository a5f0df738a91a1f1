"""Whether images show anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.scene import Frame

#: An image without content: the middle 98 % of each channel's levels span fewer than this.
_CONTENT = 10


def has_content(image: np.ndarray) -> bool:
    """Whether `image` (H, W, 3) uint8 shows anything at all: not so when it is all black."""
    low, high = np.percentile(image[::4, ::4], (1, 99), axis=(0, 1))
    return bool((high - low).max() >= _CONTENT)


def blank_told(frames: Sequence[Frame]) -> str:
    """What is to be said of those `frames` that show nothing, '' where all show something."""
    blank = [frame.index for frame in frames if not has_content(frame.image)]
    return f'frames {numbered(blank)} show nothing but one colour' if blank else ''


def check_content(frames: Sequence[Frame], engine: str) -> str:
    """As `blank_told`; raises NotVisible where no frame shows anything.

    A network makes something up of any image.
    """
    if any(has_content(frame.image) for frame in frames):
        return blank_told(frames)
    cameras = ', '.join(sorted({repr(frame.camera.name) for frame in frames}))
    raise NotVisible(f'engine {engine!r}: {blank_told(frames)}; see whether the lens of camera '
                     f'{cameras} is covered, the light off or the exposure wrong')
