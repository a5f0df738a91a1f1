"""Which frames go through the network together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.scene import Frame

#: Where the surfaces that frames see in common are taken to be, metres, where nothing tells.
TYPICAL_DEPTH = 2.0
#: Points across an image that tell how much of it another one sees.
_ACROSS = 7
#: Two views that share less than this are not related to one another.
ENOUGH = 0.3


def overlaps(frames: Sequence[Frame], depth: float = TYPICAL_DEPTH) -> np.ndarray:
    """(K, K) share, 0–1, of what frame i sees that frame j sees too.

    By their frusta where both have poses, at the measured depth or at `depth` metres; else by
    their places in time: next ones share most. Rows are the frames seen.
    """
    count = len(frames)
    place = np.arange(count)
    shared = 1 - np.abs(place[:, None] - place) / max(count, 2)
    posed = [i for i, frame in enumerate(frames) if frame.camera_to_world is not None]
    if not posed:
        return shared
    points = np.stack([_seen_points(frames[i], depth) for i in posed])
    for j in posed:
        shared[posed, j] = _shares_seen(points, frames[j])
    return shared


def batches(frames: Sequence[Frame], most: int) -> list[list[int]]:
    """Indices of `frames` that go through the network together, at most `most` (≥ 2) in each.

    Each frame is in one of them. The first is chosen so that every frame overlaps one of its
    frames as much as can be; with frames in time order only, that is a stride. The others begin
    with frames by which they are joined to it: of the first where these overlap theirs, else of
    any before.
    """
    count = len(frames)
    if count <= most:
        return [list(range(count))]
    if any(frame.camera_to_world is None for frame in frames):
        first = [int(i) for i in np.unique(np.rint(np.linspace(0, count - 1, most)))]
        shared = overlaps(frames)
    else:
        shared = overlaps(frames)
        first = _covering(shared, most)
    chosen, done = [first], list(first)
    links = max(1, min(most // 4, 4))
    while left := [i for i in range(count) if i not in done]:
        batch = _grown(left, done, shared, most - links)
        near = shared[np.ix_(batch, first)].max(axis=1).min() >= ENOUGH
        chosen.append(best_links(first if near else done, batch, shared, links) + batch)
        done += batch
    return chosen


def best_links(held: Sequence[int], batch: Sequence[int], shared: np.ndarray, most: int
               ) -> list[int]:
    """At most `most` of `held` by which the frames of `batch`, and one another, overlap most."""
    chosen: list[int] = []
    within = shared[np.ix_(batch, batch)]
    best = (within - np.diag(np.diag(within))).max(axis=1)
    while len(chosen) < min(most, len(held)):
        gains = {i: float(np.maximum(shared[batch, i], best).sum() + shared[batch, i].mean())
                 for i in held if i not in chosen}
        chosen.append(max(gains, key=lambda i: gains[i]))
        best = np.maximum(best, shared[batch, chosen[-1]])
    return chosen


def groups(members: Sequence[int], shared: np.ndarray) -> list[list[int]]:
    """`members` in groups: one overlaps another of its group enough, and none of other groups."""
    found, left = [], list(members)
    while left:
        group = [left.pop(0)]
        for i in group:
            near = [j for j in left if are_related(i, j, shared)]
            group += near
            left = [j for j in left if j not in near]
        found.append(sorted(group))
    return found


def are_related(i: int, j: int, shared: np.ndarray) -> bool:
    """Whether one of both frames shows enough of what the other one does."""
    return bool(max(shared[i, j], shared[j, i]) >= ENOUGH)


def _covering(shared: np.ndarray, most: int) -> list[int]:
    """Indices, sorted, whose views cover those of all; an unrelated one's gain counts a quarter.

    Greedy choice is within 1 - 1/e of the best (Nemhauser et al., Math. Programming 1978).
    """
    first = int(shared.sum(axis=0).argmax())
    chosen, best = [first], shared[:, first].copy()
    while len(chosen) < most:
        gain = np.maximum(shared - best[:, None], 0).sum(axis=0)
        gain[shared[:, chosen].max(axis=1) < ENOUGH] /= 4
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        best = np.maximum(best, shared[:, chosen[-1]])
    return sorted(chosen)


def _grown(left: Sequence[int], done: Sequence[int], shared: np.ndarray, most: int) -> list[int]:
    """The one of `left` that shares most with those `done`, then others with it; sorted."""
    chosen: list[int] = []
    while len(chosen) < min(most, len(left)):
        others = [i for i in left if i not in chosen]
        chosen.append(max(others, key=lambda i: float(shared[i, chosen or list(done)].max())))
    return sorted(chosen)


def _seen_points(frame: Frame, usual: float) -> np.ndarray:
    """(N, 3) world points that a posed `frame` sees, at its measured or the `usual` depth, m."""
    camera = frame.camera
    u, v = np.meshgrid(np.linspace(0, camera.width - 1, _ACROSS),
                       np.linspace(0, camera.height - 1, _ACROSS))
    rays = camera.normalized(np.column_stack([u.ravel(), v.ravel()]))
    depth = np.full(len(rays), usual)
    if frame.depth is not None:
        read = frame.depth[np.rint(v).astype(int), np.rint(u).astype(int)].ravel()
        depth = np.where(np.isfinite(read) & (read > 0), read, depth)
    return transform(np.asarray(frame.camera_to_world),
                     np.column_stack([rays, np.ones(len(rays))]) * depth[:, None])


def _shares_seen(points: np.ndarray, frame: Frame) -> np.ndarray:
    """(K,) share of each row of `points` (K, N, 3) that a posed `frame` has in its image."""
    pixels = frame.camera.project(
        transform(inverse(np.asarray(frame.camera_to_world)), points.reshape(-1, 3)))
    with np.errstate(invalid='ignore'):
        inside = (pixels >= -0.5) & (pixels < [frame.camera.width - 0.5, frame.camera.height - 0.5])
    return np.asarray(inside.all(axis=1).reshape(points.shape[:2]).mean(axis=1))
