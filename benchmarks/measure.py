"""Timing shared by the benchmarks: medians, percentiles, and a ratio within one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import time

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Seconds of repeated calls."""

    seconds: np.ndarray

    @property
    def median(self) -> float:
        """Median, seconds."""
        return float(np.median(self.seconds))

    @property
    def p95(self) -> float:
        """95th percentile, seconds."""
        return float(np.percentile(self.seconds, 95))

    def __str__(self) -> str:
        """Median and 95th percentile, milliseconds."""
        return f'{self.median * 1e3:8.2f} ms median {self.p95 * 1e3:8.2f} ms p95'


def time_pairs(ours: Callable[[], object], theirs: Callable[[], object],
               runs: int = 20) -> tuple[Timing, Timing]:
    """Time two callables in turn, so that a drifting machine weighs on both alike."""
    ours(), theirs()
    samples = np.empty((runs, 2))
    for row in samples:
        for column, call in enumerate((ours, theirs)):
            began = time.perf_counter()
            call()
            row[column] = time.perf_counter() - began
    return Timing(samples[:, 0]), Timing(samples[:, 1])


def report(name: str, ours: Timing, theirs: Timing, what: str) -> None:
    """Print one line: our time, the other's, and the median ratio of the pairs."""
    ratio = float(np.median(ours.seconds / theirs.seconds))
    print(f'{name:44s} {ours}   {what}: {theirs}   ratio {ratio:.2f}')
