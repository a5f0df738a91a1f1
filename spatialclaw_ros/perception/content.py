"""Whether images show anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.scene import Frame

#: An image without content: its middle 98 % of grey levels span fewer than this.
_CONTENT = 10


def has_content(image: np.ndarray) -> bool:
    """Whether `image` (H, W, 3) uint8 shows anything at all: not so when it is all black."""
    grey = image[::4, ::4].mean(axis=2)
    low, high = np.percentile(grey, (1, 99))
    return bool(high - low >= _CONTENT)


def check_content(frames: Sequence[Frame], engine: str) -> str:
    """What is to be said of those `frames` that show nothing, '' where all show something.

    Raises NotVisible where none shows anything: a network makes something up of any image.
    """
    blank = [frame for frame in frames if not has_content(frame.image)]
    if not blank:
        return ''
    said = f'frames {numbered(frame.index for frame in blank)} show nothing but one colour'
    if len(blank) < len(frames):
        return said
    cameras = ', '.join(sorted({repr(frame.camera.name) for frame in blank}))
    raise NotVisible(f'engine {engine!r}: {said}; see whether the lens of camera {cameras} is '
                     'covered, the light off or the exposure wrong')
