"""Things sorted into groups by how well each two go together."""

from __future__ import annotations

import numpy as np

#: What a thing gains at least by changing over.
_LEAST_GAIN = 0.1


def partition(scores: np.ndarray, pairs: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Group (N,) of each of N things, from 0, in the order of the groups' first members.

    `scores` (N, N), symmetric, add up what is for two being one, positive, and against it; `pairs`
    (N, N) counts what was added up, 0 where nothing is known. Two that are `apart` (N, N) bool are
    never in one group. Groups are joined, those with the best mean score first (average linkage),
    while it is positive; then single things change over to where their scores add up to more, to
    another group or to none, the largest gain first.
    """
    if not len(scores):
        return np.zeros(0, int)
    scores = np.where(pairs > 0, scores, 0.0)
    labels = _joined(scores, pairs, apart)
    _change_over(labels, scores, apart)
    order: dict[int, int] = {}
    return np.array([order.setdefault(int(label), len(order)) for label in labels], int)


def _joined(scores: np.ndarray, pairs: np.ndarray, apart: np.ndarray) -> np.ndarray:
    count = len(scores)
    each = np.arange(count)
    labels = each.copy()
    total, known = scores.copy(), pairs.astype(float)
    apart = apart | np.eye(count, dtype=bool)
    mean = _mean(total, known, apart)
    best = mean.argmax(axis=1)
    while True:
        i = int(mean[each, best].argmax())
        i, j = sorted((i, int(best[i])))
        if mean[i, j] <= 0:
            return labels
        labels[labels == j] = i
        for sums in (total, known):
            sums[i] += sums[j]
            sums[:, i] = sums[i]
        apart[i] |= apart[j]
        apart[:, i] = apart[i]
        apart[j] = apart[:, j] = True
        mean[j] = mean[:, j] = -np.inf
        mean[i] = _mean(total[i], known[i], apart[i])
        mean[:, i] = mean[i]
        stale = (best == i) | (best == j)
        stale[i] = True
        best[stale] = mean[stale].argmax(axis=1)
        best[mean[:, i] > mean[each, best]] = i


def _mean(total: np.ndarray, known: np.ndarray, apart: np.ndarray) -> np.ndarray:
    return np.where(apart | (known <= 0), -np.inf, total / np.maximum(known, 1))


def _change_over(labels: np.ndarray, scores: np.ndarray, apart: np.ndarray) -> None:
    each = np.arange(len(labels))
    scores = np.where(np.eye(len(labels), dtype=bool), 0.0, scores)
    for _ in each:
        groups, place = np.unique(labels, return_inverse=True)
        member = labels[:, None] == groups
        gain = scores @ member
        own = gain[each, place].copy()
        gain[(apart.astype(float) @ member > 0) & ~member] = -np.inf
        gain = np.column_stack([gain, np.zeros(len(labels))]) - own[:, None]
        i, to = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[i, to] <= _LEAST_GAIN:
            return
        labels[i] = groups[to] if to < len(groups) else labels.max() + 1
