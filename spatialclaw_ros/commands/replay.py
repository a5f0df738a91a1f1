"""`spatialclaw replay`: run a transcript's cells again and compare what comes of them."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
import json
from typing import Any

from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.likeness import ABSOLUTE
from spatialclaw_ros.agent.likeness import RELATIVE
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.replay import Compared
from spatialclaw_ros.agent.replay import replay
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.commands import engines
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.perception import Choice
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.session import TOOLKIT

_TOLERANCE = f'numbers within a relative {RELATIVE:g} (or {ABSOLUTE:g})'


def add_parser(commands: Any) -> None:
    """Add `replay` to the sub-commands."""
    parser = commands.add_parser(
        'replay', help="run a transcript's cells again and compare",
        description="Run a transcript's cells again on the frames kept with it, without a model. "
                    f'The same means: status, output, errors, findings and answer, {_TOLERANCE}. '
                    'Exit status: 0 all the same, 1 something differs, 2 cannot be read.')
    parser.add_argument('transcript', type=file_of, metavar='TRANSCRIPT',
                        help='its folder, its file, or the URI that an answer names')
    parser.add_argument('--json', action='store_true', help='print exactly one JSON object')
    engines.add_host(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay and print; 0 all the same, 1 something differs, 2 nothing could be compared."""
    record = read_record(args.transcript)
    kept = read_kept(record.folder)
    compared: list[Compared] = []

    def tell(one: Compared) -> None:
        compared.append(one)
        if not args.json:
            print(_line(one), flush=True)

    choice = engines.choice_of(args, kept.reconstruct or AUTO, kept.segment or AUTO)
    asyncio.run(_replay(record, kept, choice, tell))
    differing = [one for one in compared if one.differences]
    if args.json:
        print(json.dumps(_report(record, compared)))
    else:
        print(_last_line(compared, differing, choice.models))
    if not any(one.is_compared for one in compared):
        return 2
    return 1 if differing else 0


async def _replay(record: Record, kept: Kept, choice: Choice, tell: Any) -> None:
    nursery, perception = await Nursery.start(TOOLKIT), Perception(choice)
    try:
        await replay(record, kept, nursery, perception.engines_for(kept.window), tell)
    finally:
        await nursery.close()
        await perception.close()


def _line(one: Compared) -> str:
    purpose = ' '.join(one.purpose.split())
    shown = ''.join(c if c.isprintable() else '?' for c in purpose[:90])
    if one.differences:
        return f'{one.title}: differs: {"; ".join(one.differences)}'
    return f'{one.title}: {"same" if one.is_compared else "not compared"}   {shown}'.rstrip()


def _last_line(compared: list[Compared], differing: list[Compared], models: Sequence[str]) -> str:
    if differing:
        hint = '' if not models else (
            f'; {" and ".join(models)} ran as the options say (--sam3, --depth-anything, …): give '
            'those that the record was made with')
        return f'{len(differing)} of {len(compared)} differ: ' + ', '.join(
            one.title for one in differing) + hint
    skipped = sum(not one.is_compared for one in compared)
    if skipped == len(compared):
        return 'nothing could be compared: the recording has no results (is it unfinished?)'
    left_out = f', {skipped} not compared' if skipped else ''
    return f'all the same, {_TOLERANCE}{left_out}'


def _report(record: Record, compared: list[Compared]) -> dict[str, Any]:
    return {
        'transcript': str(record.folder), 'same': not any(one.differences for one in compared),
        'relative_tolerance': RELATIVE, 'absolute_tolerance': ABSOLUTE,
        'compared': [{'what': one.title, 'purpose': one.purpose,
                      'same': not one.differences if one.is_compared else None,
                      'differences': list(one.differences)} for one in compared],
    }
