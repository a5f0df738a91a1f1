"""What the network has seen of an image, kept for the next prompt on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch

from spatialclaw_ros.perception.image_key import image_key

#: Images whose features are kept. Those of SAM 3 are 5184 tokens of 1024 numbers: 10.6 MB an
#: image in half precision, 85 MB for all; twice that in float32. The maps that detector and
#: tracker make of them are six times as big and soon made again: they are not kept.
KEPT = 8


class Features:
    """Output of the image encoder (1, N, C) by the image's content; the least used goes first."""

    def __init__(self, encode: Callable[[np.ndarray], torch.Tensor], kept: int = KEPT) -> None:
        """Encode (H, W, 3) uint8 images with `encode` when they are new."""
        self._encode, self._most = encode, kept
        self._known: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def of(self, image: np.ndarray, *, keep: bool = True) -> torch.Tensor:
        """Features of `image`; without `keep` they are only taken from what is known."""
        key = image_key(image)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        found = self._encode(image)
        if keep:
            while len(self._known) >= self._most:
                self._known.popitem(last=False)
            self._known[key] = found
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of the device's memory that are kept."""
        return sum(known.nbytes for known in self._known.values())
