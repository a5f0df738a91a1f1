"""`python -m spatialclaw_ros.evaluation`: check error bars over simulated placements.

Measures are asked directly of label images, without an agent: quick enough for 200 placements of
every family. Placements are shared out over processes; the result depends on the seed alone.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
import json
import multiprocessing
import os
import sys

from spatialclaw_ros.evaluation.coverage import as_markdown
from spatialclaw_ros.evaluation.coverage import honesty
from spatialclaw_ros.evaluation.direct import MEASURES
from spatialclaw_ros.evaluation.direct import score_placements
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.evaluation.table import as_json

_CHUNK = 4


def main(arguments: list[str] | None = None) -> int:
    """Print a row a family; 1 when one of them does not hold."""
    parser = argparse.ArgumentParser(prog='python -m spatialclaw_ros.evaluation',
                                     description=main.__doc__)
    parser.add_argument('--placements', type=int, default=200, metavar='N')
    parser.add_argument('--families', nargs='+', default=sorted(MEASURES), choices=sorted(MEASURES))
    parser.add_argument('--views', type=int, default=2, help='frames of each placement')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--json', action='store_true', help='print every score as JSON')
    parser.add_argument('--misses', action='store_true', help='tell every miss')
    args = parser.parse_args(arguments)
    os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
    chunks = [(args.families, min(_CHUNK, args.placements - first), args.seed + first, args.views)
              for first in range(0, args.placements, _CHUNK)]
    by_family: dict[str, list[Score]] = defaultdict(list)
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context('spawn')) as pool:
        for scores in pool.map(score_placements, *zip(*chunks, strict=True)):
            for one in scores:
                by_family[one.asked.family].append(one)
    rows = [honesty(family, by_family[family]) for family in args.families if by_family[family]]
    everything = [one for scores in by_family.values() for one in scores]
    if args.json:
        print(json.dumps(as_json(everything)))
    else:
        print(as_markdown(rows))
    for one in everything if args.misses else ():
        if not one.right or one.covered is False:
            print(one.asked.id, one.asked.text, one.asked.expected, one.got, f'{one.std_dev:.4f}',
                  one.reason, sep=' | ', file=sys.stderr)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
