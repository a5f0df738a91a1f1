"""What each contestant of an evaluation did, in sums and means."""

from __future__ import annotations

from collections import Counter
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from statistics import fmean
from statistics import median

from spatialclaw_ros.evaluation.endings import failures
from spatialclaw_ros.evaluation.policies import POLICIES
from spatialclaw_ros.evaluation.row import Row

Contestants = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Totals:
    """One contestant's rows in numbers.

    `right`, `wrong` and `refused` make up `asked`; the `guessed` are among the first two, the
    `broken` among the refused. Errors are in tolerances, over the `measured` numbers and
    positions; None where there are none. `failed` counts failed steps by cause.
    """

    name: str
    asked: int
    right: int
    wrong: int
    refused: int
    guessed: int
    guessed_right: int
    broken: int
    measured: int
    mean_error: float | None
    median_error: float | None
    mean_steps: float
    mean_tokens: float
    mean_seconds: float
    steps: int
    failed: dict[str, int] = field(default_factory=dict)


def contestants(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by policy, in the policies' order; by policy and model where there are several."""
    by_policy: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_policy[row.policy][row.model].append(row)
    ordered = sorted(by_policy, key=lambda name: (POLICIES.index(name) if name in POLICIES
                                                  else len(POLICIES), name))
    return {policy if len(by_policy[policy]) == 1 else f'{policy} ({model or "no model"})': found
            for policy in ordered for model, found in sorted(by_policy[policy].items())}


def totals(name: str, rows: Sequence[Row]) -> Totals:
    """The totals of a contestant's rows, of which there is at least one."""
    errors = [row.error for row in rows if row.answered and row.error is not None]
    endings: Counter[str] = Counter()
    for row in rows:
        endings.update(row.endings)

    def count(is_so: Callable[[Row], bool]) -> int:
        return sum(map(is_so, rows))

    return Totals(
        name, len(rows), count(lambda row: row.right),
        count(lambda row: row.answered and not row.right), count(lambda row: not row.answered),
        count(lambda row: row.guessed), count(lambda row: row.guessed and row.right),
        count(lambda row: row.broken), len(errors), fmean(errors) if errors else None,
        median(errors) if errors else None, fmean(row.steps for row in rows),
        fmean(row.tokens for row in rows), fmean(row.seconds for row in rows),
        sum(endings.values()), failures(endings))


def by_family(of: Contestants) -> dict[str, dict[str, tuple[int, int]]]:
    """Family of questions → contestant → how many it had right, of how many asked."""
    families = sorted({row.family for rows in of.values() for row in rows})
    return {family: {name: _right_of([row for row in rows if row.family == family])
                     for name, rows in of.items()} for family in families}


def _right_of(rows: Sequence[Row]) -> tuple[int, int]:
    return sum(row.right for row in rows), len(rows)
