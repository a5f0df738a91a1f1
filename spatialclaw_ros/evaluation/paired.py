"""Two contestants over the same questions: how far apart they are, and whether by chance.

Questions are taken as independent of one another; those of one recording are not quite, so an
interval is somewhat too narrow where a suite has few recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
import math

from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.findings.uncertainty import Z95


@dataclass(frozen=True)
class Pair:
    """How many questions both, one or neither of two contestants had right."""

    first: str
    second: str
    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def asked(self) -> int:
        """Questions that both were asked."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def difference(self) -> float:
        """Share that the first had right less that of the second."""
        return (self.only_first - self.only_second) / self.asked

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference.

        Square-and-add of Wilson's score intervals with the correlation phi corrected for
        continuity: method 10 of R. G. Newcombe, "Improved confidence intervals for the difference
        between binomial proportions based on paired data", Statistics in Medicine 17 (1998)
        2635-2650.
        """
        first, second = self.both + self.only_first, self.both + self.only_second
        p1, p2 = first / self.asked, second / self.asked
        (low1, high1), (low2, high2) = wilson(first, self.asked), wilson(second, self.asked)
        phi = self._phi(first, second)
        below = _leg(p1 - low1, high2 - p2, phi)
        above = _leg(p2 - low2, high1 - p1, phi)
        return self.difference - below, self.difference + above

    @property
    def p_value(self) -> float:
        """Two-sided exact McNemar test that neither is better than the other."""
        from scipy.stats import binomtest
        unlike = self.only_first + self.only_second
        return float(binomtest(self.only_first, unlike, 0.5).pvalue) if unlike else 1.0

    def _phi(self, first: int, second: int) -> float:
        scale = first * (self.asked - first) * second * (self.asked - second)
        if not scale:
            return 0.0
        product = self.both * self.neither - self.only_first * self.only_second
        corrected = max(product - self.asked / 2, 0.0) if product > 0 else product
        return corrected / math.sqrt(scale)


def pairs(contestants: Mapping[str, Sequence[Row]]) -> list[Pair]:
    """Every two of `contestants` over the questions that both were asked, where there are any."""
    right = {name: {(row.recording, row.id): row.right for row in rows}
             for name, rows in contestants.items()}
    counted = [_pair(first, second, right[first], right[second])
               for first, second in combinations(right, 2)]
    return [pair for pair in counted if pair.asked]


def wilson(count: int, asked: int) -> tuple[float, float]:
    """95 % score interval of a share (E. B. Wilson, JASA 22 (1927) 209-212)."""
    square = Z95 * Z95
    middle = count + square / 2
    spread = Z95 * math.sqrt(square / 4 + count * (1 - count / asked))
    return (max((middle - spread) / (asked + square), 0.0),
            min((middle + spread) / (asked + square), 1.0))


def _leg(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))


def _pair(first: str, second: str, one: Mapping[tuple[str, str], bool],
          other: Mapping[tuple[str, str], bool]) -> Pair:
    seen = [(one[question], other[question]) for question in one if question in other]
    return Pair(first, second, seen.count((True, True)), seen.count((True, False)),
                seen.count((False, True)), seen.count((False, False)))
