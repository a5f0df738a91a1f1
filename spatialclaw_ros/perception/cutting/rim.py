"""The rim of a mask, moved to the nearest edge of colour."""

from __future__ import annotations

import cv2
import numpy as np

#: How far the rim may move: a share of the square root of the area, within limits, pixels.
_REACH_SHARE, _REACH_LIMITS = 0.05, (2, 8)
_LEAST_CORE = 10
#: Mean log odds, nats, that a moved part of the rim must have for it.
_LEAST_SUPPORT = -1.0


def snap_to_edges(image: np.ndarray, mask: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """`mask` (H, W) bool with its rim where GrabCut finds it in `image` (H, W, 3) uint8 RGB.

    Only a band about the rim is free, and each part of it moves only where `log_odds` (H, W)
    does not speak against it: GrabCut moves a rim at random where colours do not differ. A mask
    too thin to have a core stays as it is.
    """
    reach = int(np.clip(_REACH_SHARE * np.sqrt(mask.sum()), *_REACH_LIMITS))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    solid = mask.astype(np.uint8)
    core = cv2.erode(solid, disc, borderValue=0)
    if core.sum() < 0.3 * mask.sum():
        core = cv2.erode(solid, np.ones((3, 3), np.uint8))
    if core.sum() < _LEAST_CORE:
        return mask
    trimap = np.where(mask, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[core > 0] = cv2.GC_FGD
    trimap[cv2.dilate(solid, disc) == 0] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(image, trimap, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 1,
                cv2.GC_INIT_WITH_MASK)
    snapped = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    gained = np.where(snapped, log_odds, -log_odds)
    count, parts = cv2.connectedComponents((snapped ^ mask).astype(np.uint8), connectivity=4)
    support = np.bincount(parts.ravel(), gained.ravel(), count) / np.bincount(
        parts.ravel(), minlength=count)
    accepted = support > _LEAST_SUPPORT
    accepted[0] = False
    return mask ^ accepted[parts]
