"""Small holes and specks of a mask."""

from __future__ import annotations

import cv2
import numpy as np

#: A flaw is at most this share of the image: 16 of the 288×288 pixels of the network's mask, the
#: limit that SAM 3's own configuration sets (`fill_hole_area`).
_OF_IMAGE = 16 / 288 ** 2
#: … and at most this share of the mask's largest piece: small objects keep their parts.
_OF_PIECE = 0.05
#: What is longer than this many sides of a square of its area is a thin part or a slit, no flaw.
_THIN = 4.0


def cleaned(mask: np.ndarray, image_area: int) -> np.ndarray:
    """`mask` (h, w) bool, a crop of an image of `image_area` pixels, without specks and holes.

    Holes reach across corners only where the mask does not: pieces are 8-, holes 4-connected.
    What touches the crop's edge is no hole. The largest piece stays, and thin pieces stay.
    """
    pieces, areas, flawed = _components(mask, 8, image_area)
    if len(areas) < 2:
        return mask
    largest = areas[1:].max()
    limit = _OF_PIECE * largest
    specks = flawed & (areas < limit)
    whole = mask & ~specks[pieces]
    holes, areas, flawed = _components(~whole, 4, image_area)
    flawed &= areas < limit
    for edge in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
        flawed[edge] = False
    return whole | flawed[holes]


def _components(mask: np.ndarray, connectivity: int, image_area: int
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of the component of each pixel; area of each; whether it is small and not thin."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=connectivity)
    areas = stats[:, cv2.CC_STAT_AREA]
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    flawed = (areas <= _OF_IMAGE * image_area) & (length <= _THIN * np.sqrt(areas))
    flawed[0] = False
    return labels, areas, flawed
