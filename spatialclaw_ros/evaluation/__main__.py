"""`python -m spatialclaw_ros.evaluation suite FOLDER…` and `… coverage`.

The first asks the agent every question of recordings with known answers. The second checks error
bars over simulated placements: measures are asked directly of label images, without an agent,
which is quick enough for 200 placements of every family; the result depends on the seed alone.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
import json
import multiprocessing
import os
from pathlib import Path
import sys

from spatialclaw_ros.evaluation import table
from spatialclaw_ros.evaluation.asking import agent
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.coverage import as_markdown
from spatialclaw_ros.evaluation.coverage import honesty
from spatialclaw_ros.evaluation.direct import MEASURES
from spatialclaw_ros.evaluation.direct import score_placements
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.evaluation.suite import run_suite

_CHUNK = 4


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 1 when a question is missed or a family does not hold."""
    parser = argparse.ArgumentParser(prog='python -m spatialclaw_ros.evaluation')
    commands = parser.add_subparsers(required=True)
    suite = commands.add_parser('suite', help='ask the agent the questions of recordings')
    suite.add_argument('folders', nargs='+', type=Path)
    suite.add_argument('--labels', action='store_true',
                       help='leave the names to label images: give no regions')
    suite.add_argument('--timeout', type=float, default=60.0, metavar='S')
    suite.add_argument('--json', action='store_true', help='print every score as JSON')
    suite.set_defaults(run=_suite)
    coverage = commands.add_parser('coverage', help='check error bars over simulated placements')
    coverage.add_argument('--placements', type=int, default=200, metavar='N')
    coverage.add_argument('--families', nargs='+', default=sorted(MEASURES),
                          choices=sorted(MEASURES))
    coverage.add_argument('--views', type=int, default=3,
                          help='frames of each placement; 3 is what simulate writes')
    coverage.add_argument('--seed', type=int, default=0)
    coverage.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    coverage.add_argument('--json', action='store_true', help='print every score as JSON')
    coverage.add_argument('--misses', action='store_true', help='tell every miss on stderr')
    coverage.set_defaults(run=_coverage)
    args = parser.parse_args(arguments)
    return int(args.run(args))


def _suite(args: argparse.Namespace) -> int:
    scores = asyncio.run(_ask_all(args))
    print(json.dumps(table.as_json(scores)) if args.json else table.as_markdown(scores))
    return 0 if all(score.right for score in scores) else 1


async def _ask_all(args: argparse.Namespace) -> list[Score]:
    terms = Terms(timeout=args.timeout, regions=not args.labels)
    async with agent() as answer:
        return [score for folder in args.folders
                for score in await run_suite(folder, answer, terms)]


def _coverage(args: argparse.Namespace) -> int:
    os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
    firsts = range(0, args.placements, _CHUNK)
    chunks = [(args.families, min(_CHUNK, args.placements - first), args.seed + first, args.views)
              for first in firsts]
    by_family: dict[str, list[Score]] = defaultdict(list)
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context('spawn')) as pool:
        for scores in pool.map(score_placements, *zip(*chunks, strict=True)):
            for one in scores:
                by_family[one.asked.family].append(one)
    rows = [honesty(family, by_family[family]) for family in args.families if by_family[family]]
    everything = [one for scores in by_family.values() for one in scores]
    print(json.dumps(table.as_json(everything)) if args.json else as_markdown(rows))
    for one in everything if args.misses else ():
        if not one.right or one.covered is False:
            print(one.asked.id, one.asked.text, one.asked.expected, one.got, f'{one.std_dev:.4f}',
                  one.reason, sep=' | ', file=sys.stderr)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
