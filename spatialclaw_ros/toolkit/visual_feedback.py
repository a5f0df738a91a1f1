"""A picture with its description."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from spatialclaw_ros.toolkit.guided import guided


@guided
class VisualFeedback:
    """A picture made by a tool; `show` shows it, `.image` is the PIL image."""

    def __init__(self, image: Image.Image, source: str = '', description: str = '',
                 frame_index: int | None = None) -> None:
        """Hold `image` with what made it, what it shows and of which frame it is."""
        if not isinstance(image, Image.Image):
            raise TypeError(f'VisualFeedback needs a PIL image, got {type(image).__name__}; '
                            'write PIL.Image.fromarray(array)')
        self.image, self.source, self.description = image, source, description
        self.frame_index = frame_index

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) px."""
        return self.image.size

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """(H, W, 3) uint8 RGB."""
        return np.array(self.image.convert('RGB'), dtype=dtype)

    def __repr__(self) -> str:
        width, height = self.image.size
        return f'<VisualFeedback {width}x{height}: {self.source} {self.description[:120]}>'
