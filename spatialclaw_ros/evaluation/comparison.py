"""The rows of an evaluation as Markdown tables and as JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from spatialclaw_ros.evaluation.paired import Pair
from spatialclaw_ros.evaluation.paired import pairs
from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.evaluation.totals import by_family
from spatialclaw_ros.evaluation.totals import contestants
from spatialclaw_ros.evaluation.totals import Totals
from spatialclaw_ros.evaluation.totals import totals

_TOTALS = ('policy', 'asked', 'right', 'wrong', 'refused', 'guessed', 'mean error',
           'median error', 'steps', 'tokens', 'seconds', 'failed steps')
_PAIRS = ('A', 'B', 'asked both', 'both right', 'only A', 'only B', 'neither', 'A - B',
          '95 % interval', 'p')
_LEGEND = (
    'Guessed answers rest on no geometry; they are among the right and the wrong. Errors are in '
    'tolerances, over answered numbers and positions. Steps, tokens and seconds are means.')
_PAIRED = (
    'A - B is the difference in the share that is right, its interval that of Newcombe for paired '
    'proportions; p is that of the exact McNemar test.')


def as_json(rows: Iterable[Row]) -> dict[str, Any]:
    """All tables as plain values; the share that is right is that of the questions asked."""
    of = contestants(rows)
    return {
        'policies': [asdict(totals(name, found)) for name, found in of.items()],
        'pairs': [_pair_json(pair) for pair in pairs(of)],
        'families': {family: {name: {'right': right, 'asked': asked}
                              for name, (right, asked) in cells.items()}
                     for family, cells in by_family(of).items()}}


def as_markdown(rows: Iterable[Row]) -> str:
    """The policies' totals, every two of them compared, and what each does with each family."""
    of = contestants(rows)
    if not of:
        return 'No question has been asked yet.'
    everyone = [totals(name, found) for name, found in of.items()]
    parts = [_table(_TOTALS, [_totals_row(one) for one in everyone]), _LEGEND]
    broken = sum(one.broken for one in everyone)
    if broken:
        parts.append(f'{broken} of the refused ended in an error of the model, an engine or the '
                     'program: --retry-errors asks them again.')
    compared = pairs(of)
    if compared:
        parts += [_table(_PAIRS, [_pair_row(pair) for pair in compared]), _PAIRED]
    families = [(family, *(f'{right}/{asked}' if asked else '' for right, asked in cells.values()))
                for family, cells in by_family(of).items()]
    return '\n\n'.join([*parts, _table(('right of asked', *of), families)])


def _totals_row(one: Totals) -> Sequence[str]:
    guessed = f'{one.guessed} ({one.guessed_right} right)' if one.guessed else '0'
    return (one.name, str(one.asked), f'{one.right} ({one.right / one.asked:.0%})',
            str(one.wrong), str(one.refused), guessed, _number(one.mean_error),
            _number(one.median_error), f'{one.mean_steps:.1f}', f'{one.mean_tokens:.0f}',
            f'{one.mean_seconds:.1f}', _failed(one))


def _failed(one: Totals) -> str:
    count = sum(one.failed.values())
    if not count:
        return f'0 of {one.steps}'
    causes = ', '.join(f'{cause} {times}' for cause, times in one.failed.items())
    return f'{count} of {one.steps} ({count / one.steps:.0%}): {causes}'


def _pair_row(pair: Pair) -> Sequence[str]:
    low, high = pair.interval
    return (pair.first, pair.second, str(pair.asked), str(pair.both), str(pair.only_first),
            str(pair.only_second), str(pair.neither), f'{100 * pair.difference:+.1f} %',
            f'{100 * low:+.1f} to {100 * high:+.1f} %', f'{pair.p_value:.2g}')


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {**asdict(pair), 'asked': pair.asked, 'difference': pair.difference,
            'interval': list(pair.interval), 'p_value': pair.p_value}


def _number(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(cell.replace("|", "/") for cell in line)} |'
                     for line in lines)
