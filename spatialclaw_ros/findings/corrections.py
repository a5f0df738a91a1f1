"""Errors of the poses, as the things that several frames show tell them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.findings.patch import Patch

#: One sigma, in extents of its mask, of where a thing's centre is told to be.
_CENTER_SIGMA = 0.5
_LEAST_THINGS = 3


def corrections(patches: Sequence[Patch], labels: np.ndarray, valid: np.ndarray
                ) -> dict[int, np.ndarray]:
    """Metres (3,) by which each frame's camera is best moved: frame number → shift.

    Things with equal `labels` (N,) are one, where `valid` (N, N) bool lets two be compared. Two
    frames that show two things or more tell how their poses differ: the middle one of what
    centres are apart. That counts as far as centres can be told, against what the poses are told
    to err by.
    """
    frames = sorted({patch.view.frame for patch in patches})
    of = np.array([frames.index(patch.view.frame) for patch in patches])
    centers = np.array([patch.center for patch in patches])
    weight = np.square(1 / (_CENTER_SIGMA * np.maximum([p.reach for p in patches], 1e-3)))
    known = np.isfinite(centers).all(axis=1)
    same = valid & (labels[:, None] == labels) & known[:, None] & known
    members = [np.flatnonzero(of == f) for f in range(len(frames))]
    precision = np.diag([_told(patches[here[0]], centers[here[known[here]]]) for here in members])
    pull = np.zeros((len(frames), 3))
    for a in range(len(frames)):
        for b in range(a):
            i, j = np.nonzero(same[np.ix_(members[a], members[b])])
            if len(i) < _LEAST_THINGS:
                continue
            i, j = members[a][i], members[b][j]
            apart = np.median(centers[j] - centers[i], axis=0)
            sure = float(np.minimum(weight[i], weight[j]).sum())
            precision[[a, b], [a, b]] += sure
            precision[[a, b], [b, a]] -= sure
            pull[a] += sure * apart
            pull[b] -= sure * apart
    return dict(zip(frames, np.linalg.solve(precision, pull), strict=True))


def _told(patch: Patch, centers: np.ndarray) -> float:
    """1/m²: how well the frame of `patch` is told to place things at `centers` (N, 3)."""
    view = patch.view
    away = float(np.median(np.linalg.norm(centers - view.origin, axis=1))) if len(centers) else 1.0
    return 1 / (view.pose_translation_sigma ** 2 + (view.pose_rotation_sigma * away) ** 2
                + (view.bias_share * away) ** 2 + 1e-8)
