"""What is known of one frame in its parent: over time, or once and for all."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.spatial.transform import Slerp

from .exceptions import ExtrapolationException


@dataclass(frozen=True, eq=False)
class Sample:
    """
    Pose of a frame in its parent at one time.

    `stamp` is in nanoseconds, `translation` shape (3,) in metres, both seen from the parent.
    """

    stamp: int
    parent: str
    translation: np.ndarray
    rotation: Rotation


class MovingFrame:
    """The samples of the last `cache_time` nanoseconds, in the order of their stamps."""

    def __init__(self, cache_time: int) -> None:
        self._cache_time = cache_time
        self._stamps: list[int] = []
        self._samples: list[Sample] = []

    def insert(self, sample: Sample) -> bool:
        """Keep a sample; False when it is older than what the buffer holds."""
        if self._stamps and sample.stamp < self._stamps[-1] - self._cache_time:
            return False
        at = bisect_right(self._stamps, sample.stamp)
        self._stamps.insert(at, sample.stamp)
        self._samples.insert(at, sample)
        expired = bisect_right(self._stamps, self._stamps[-1] - self._cache_time - 1)
        del self._stamps[:expired]
        del self._samples[:expired]
        return True

    def latest(self) -> Sample | None:
        """Return the newest sample, None when there is none."""
        return self._samples[-1] if self._samples else None

    def at(self, time: int) -> Sample:
        """
        Return the pose at `time` (nanoseconds; 0 means the newest), between samples if need be.

        Raises ExtrapolationException where no two samples enclose `time`.
        """
        if not self._samples:
            raise ExtrapolationException(
                f'nothing is buffered of it, and time {_seconds(time)} was asked for')
        if time == 0:
            return self._samples[-1]
        before = bisect_right(self._stamps, time) - 1
        if before < 0:
            raise ExtrapolationException(
                'this would be extrapolation into the past: asked for time '
                f'{_seconds(time)}, the earliest is {_seconds(self._stamps[0])}')
        if self._stamps[before] == time:
            return self._samples[before]
        if before + 1 == len(self._stamps):
            raise ExtrapolationException(
                'this would be extrapolation into the future: asked for time '
                f'{_seconds(time)}, the latest is {_seconds(self._stamps[-1])}')
        return _between(self._samples[before], self._samples[before + 1], time)

    def clear(self) -> None:
        """Forget all samples."""
        self._stamps.clear()
        self._samples.clear()


class StaticFrame:
    """A pose that holds at all times, and that no flush removes."""

    def __init__(self) -> None:
        self._sample: Sample | None = None

    def insert(self, sample: Sample) -> bool:
        """Replace the pose; its stamp has no meaning and is dropped."""
        self._sample = Sample(0, sample.parent, sample.translation, sample.rotation)
        return True

    def latest(self) -> Sample | None:
        """Return the pose; its stamp 0 says that it sets no bound to a common time."""
        return self._sample

    def at(self, time: int) -> Sample:
        """Return the pose."""
        if self._sample is None:
            raise ExtrapolationException(f'nothing is known of it at time {_seconds(time)}')
        return self._sample

    def clear(self) -> None:
        """Keep the pose: it does not depend on time."""


def _between(older: Sample, newer: Sample, time: int) -> Sample:
    """Interpolate, translation linear and rotation by slerp; no mixing of two parents."""
    if older.parent != newer.parent:
        return older
    share = (time - older.stamp) / (newer.stamp - older.stamp)
    pair = Rotation.from_quat([older.rotation.as_quat(), newer.rotation.as_quat()])
    return Sample(
        time, older.parent,
        (1 - share) * older.translation + share * newer.translation,
        Slerp([0.0, 1.0], pair)(share))


def _seconds(time: int) -> str:
    return f'{time // 10**9}.{time % 10**9:09d}'
