"""Things that moved from one frame of a camera to its next, without anyone having followed them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.findings.evidence import Evidence
from spatialclaw_ros.findings.patch import Patch

#: Longest time between two frames, s; share of the places that are the thing's or are empty.
_LONGEST, _CLEAR = 1.0, 0.5


def followed(patches: Sequence[Patch], evidence: Evidence, numbers: np.ndarray, apart: np.ndarray
             ) -> np.ndarray:
    """Group (P,) of each patch, those of one thing that moves joined.

    Patches with equal `numbers` (P,) are of one group already, those `apart` (P, P) bool never
    are. A thing has moved when a camera shows one in a frame and one in its next, no farther apart
    than it is large, and each frame sees that the other's place is empty, or holds a part of it.
    The nearest are joined first.
    """
    numbers = numbers.copy()
    for i, j in _steps(patches, evidence):
        first, second = numbers == numbers[i], numbers == numbers[j]
        if numbers[i] != numbers[j] and not apart[np.ix_(first, second)].any():
            numbers[second] = numbers[i]
    return numbers


def _steps(patches: Sequence[Patch], evidence: Evidence) -> list[tuple[int, int]]:
    """Pairs of patches that may be one thing before and after, the nearest first."""
    clear = evidence.on + evidence.through
    steps = []
    for i, j in np.argwhere(_successive(patches)):
        apart = float(np.linalg.norm(patches[i].center - patches[j].center))
        if (apart <= max(patches[i].reach, patches[j].reach)
                and min(clear[i, j], clear[j, i]) >= _CLEAR):
            steps.append((apart, int(i), int(j)))
    return [(i, j) for _, i, j in sorted(steps)]


def _successive(patches: Sequence[Patch]) -> np.ndarray:
    """(P, P) bool: patches i and j in frames of one camera of which j's is the next after i's."""
    stamps = np.array([patch.view.stamp for patch in patches], np.int64)
    cameras = np.array([patch.view.camera for patch in patches])
    following = np.full(len(patches), -1, np.int64)
    for i, (stamp, camera) in enumerate(zip(stamps, cameras, strict=True)):
        later = stamps[(cameras == camera) & (stamps > stamp)]
        if len(later) and later.min() - stamp <= _LONGEST * 1e9:
            following[i] = later.min()
    return (following[:, None] == stamps) & (cameras[:, None] == cameras)
