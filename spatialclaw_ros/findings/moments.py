"""Which frames are compared with which: all, or where there are many, a few moments with all."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from itertools import pairwise

from spatialclaw_ros.findings.surface import View

#: Frames of several cameras within this time are of one moment, ns.
MOMENT = 150_000_000
#: Frames that are all compared with one another; of more, so many, and moments at least.
_ALL = 12
_MOST, _LEAST_MOMENTS = 8, 4


def moments(views: Iterable[View]) -> list[list[int]]:
    """Frame numbers of `views`, in order of time, those of one moment together.

    A moment has at most one frame of each camera.
    """
    told = sorted(views, key=lambda view: (view.stamp, view.frame))
    groups: list[list[View]] = []
    for view in told:
        if (not groups or view.stamp - groups[-1][0].stamp > MOMENT
                or view.camera in {other.camera for other in groups[-1]}):
            groups.append([])
        groups[-1].append(view)
    return [[view.frame for view in group] for group in groups]


def anchors(groups: Sequence[Sequence[int]]) -> set[int]:
    """Frames of a few of the moments `groups`, spread over time, that all are compared with."""
    if sum(map(len, groups)) <= _ALL:
        return {frame for group in groups for frame in group}
    most = min(max(_MOST // max(map(len, groups)), _LEAST_MOMENTS), len(groups))
    places = {round(k * (len(groups) - 1) / (most - 1)) for k in range(most)}
    return {frame for place in places for frame in groups[place]}


def compared(groups: Sequence[Sequence[int]], chosen: set[int]) -> list[tuple[int, int]]:
    """Pairs of frames, either way: with each of the `chosen`, of one moment, and of the next."""
    frames = [frame for group in groups for frame in group]
    either = {(a, b) for a in frames for b in frames if a in chosen}
    for group, later in pairwise([*groups, []]):
        either |= {(a, b) for a in group for b in (*group, *later)}
    return sorted({pair for a, b in either if a != b for pair in ((a, b), (b, a))})
