"""Which masks of different frames show the same object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.other_views import Sighting
from spatialclaw_ros.perception.other_views import surface
from spatialclaw_ros.scene import Frame

_FAR = 1e6
_LEAST_POINTS = 5


def same_objects(sightings: Sequence[tuple[Frame, Sequence[Mask]]], *, gated: bool
                 ) -> list[list[int]]:
    """Number the objects seen in several frames: for each frame, each mask's object (from 0).

    Frames with known poses are matched by where the masks lie in the world; others by order.
    With `gated`, masks farther apart than their sizes are different objects; without it a new
    object is only opened when a frame shows more than were known.
    """
    known: list[tuple[np.ndarray, float]] = []
    numbers: list[list[int]] = []
    for frame, masks in sightings:
        places = [_place(frame, mask) for mask in masks]
        numbers.append(_assign(known, places, gated))
        for number, place in zip(numbers[-1], places, strict=True):
            if number == len(known):
                known.append(place)
            elif np.isnan(known[number][0]).any():
                known[number] = place
    return numbers


def _assign(known: list[tuple[np.ndarray, float]], places: list[tuple[np.ndarray, float]],
            gated: bool) -> list[int]:
    cost = np.full((len(places), len(known)), _FAR)
    for i, (center, size) in enumerate(places):
        for j, (other, other_size) in enumerate(known):
            distance = float(np.linalg.norm(center - other))
            if np.isnan(distance):
                cost[i, j] = _FAR / 2 + abs(i - j)
            elif not gated or distance < max(size, other_size):
                cost[i, j] = distance
    rows, columns = linear_sum_assignment(cost)
    chosen = {int(row): int(column) for row, column in zip(rows, columns, strict=True)
              if cost[row, column] < _FAR}
    fresh = len(known)
    numbers = []
    for i in range(len(places)):
        if i not in chosen:
            chosen[i], fresh = fresh, fresh + 1
        numbers.append(chosen[i])
    return numbers


def _place(frame: Frame, mask: Mask) -> tuple[np.ndarray, float]:
    """World centre (3,) of the mask's surface and its size, metres; NaN where unknown."""
    points = surface(Sighting(frame, mask))
    if points is None or len(points) < _LEAST_POINTS:
        return np.full(3, np.nan), np.nan
    center = np.median(points, axis=0)
    spread = np.percentile(np.linalg.norm(points - center, axis=1), 90)
    return center, 2 * float(spread)
