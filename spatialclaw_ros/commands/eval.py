"""`spatialclaw eval`: policies compared over questions whose answers are known."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
import itertools
import json
import math
from pathlib import Path
import signal
import sys
import time
from typing import Any

from spatialclaw_ros.commands import engines
from spatialclaw_ros.commands import model as model_options
from spatialclaw_ros.evaluation import asking
from spatialclaw_ros.evaluation import comparison
from spatialclaw_ros.evaluation import policies
from spatialclaw_ros.evaluation.asking import Answerer
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.plan import chosen
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import Suite
from spatialclaw_ros.evaluation.plan import suites_in
from spatialclaw_ros.evaluation.plan import Task
from spatialclaw_ros.evaluation.plan import tasks
from spatialclaw_ros.evaluation.results import Results
from spatialclaw_ros.evaluation.row import comparable
from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.evaluation.running import ask_all
from spatialclaw_ros.evaluation.running import Asker
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.session.question import Question

#: Gives what answers the questions, from a model or None, for as long as it is entered.
Agent = Callable[[Any, Any], AbstractAsyncContextManager[Answerer]]
#: Questions in a row that something other than a policy ended, before it is no use to go on.
_MOST_BROKEN = 8
_MOST_REASON = 200
_INTERRUPTED = 130


def add_parser(commands: Any) -> None:
    """Add `eval` to the sub-commands."""
    parser = commands.add_parser(
        'eval', help='compare policies over questions with known answers',
        description='Ask every question of recordings with each of the policies, score the '
        'answers, and compare. What is done is kept: run the same again to go on after an end. '
        'The status is 0, or 1 when a question ended in an error of model, engine or program.')
    parser.add_argument('folder', type=Path, metavar='FOLDER', help='a recording with a '
                        'questions.json, or a folder that holds such recordings')
    parser.add_argument(
        '--policies', metavar='A,B', help=f'of {", ".join(policies.POLICIES)}; default recipes, '
        f'and with a model {",".join(policies.DEFAULT)}')
    model_options.add_arguments(parser)
    engines.add_arguments(parser)
    parser.add_argument('--out', type=Path, metavar='DIR', help='where results, tables and '
                        'transcripts are kept (default ./spatialclaw-eval-DATE)')
    parser.add_argument('--jobs', type=int, default=4, metavar='N',
                        help='most questions asked at once (default 4)')
    parser.add_argument('--timeout', type=float, default=300.0, metavar='S',
                        help='of one question (default 300)')
    parser.add_argument('--max-steps', type=int, default=Question.max_steps, metavar='N',
                        help=f'most cells of one question (default {Question.max_steps})')
    parser.add_argument('--limit', type=int, metavar='N',
                        help='ask the first N questions of each recording')
    parser.add_argument('--only', metavar='ID,ID', help='ask these questions')
    parser.add_argument('--no-regions', action='store_true',
                        help='leave the names to label images: give no regions')
    parser.add_argument('--retry-errors', action='store_true', help='ask again what ended '
                        'MODEL_ERROR, ENGINE_DIED or INTERNAL')
    parser.add_argument('--json', action='store_true', help='print the tables as JSON')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, agent: Agent = asking.agent) -> int:
    """Ask, and print the tables; raises BadGoal for what cannot be asked."""
    _check(args)
    names = policies.policies_of(args.policies, with_model=bool(args.model_url))
    suites = suites_in(args.folder)
    only = [] if args.only is None else [name.strip() for name in args.only.split(',')]
    asked = chosen(suites, only, args.limit)
    terms = Terms(timeout=args.timeout, max_steps=args.max_steps, regions=not args.no_regions,
                  reconstruct=args.reconstruct, segment=args.segment)
    out = args.out or Path(time.strftime('spatialclaw-eval-%Y-%m-%d'))
    with Results(out) as results:
        results.check(suites, comparable(terms))
        evaluation = _Evaluation(args, names, asked, terms, out, results)
        finished = asyncio.run(_until_interrupted(evaluation.ask(agent)))
        rows = list(results.rows.values())
    _tell(rows, out, as_json=args.json)
    if not finished:
        print('interrupted; run the same again to ask the rest', file=sys.stderr)
        return _INTERRUPTED
    return 1 if any(row.broken for row in rows) else 0


@dataclass(frozen=True)
class _Evaluation:
    """What is asked, how, and where the results go."""

    args: argparse.Namespace
    policies: tuple[str, ...]
    suites: list[Suite]
    terms: Terms
    out: Path
    results: Results

    async def ask(self, agent: Agent) -> None:
        """Ask what is not done yet, and tell of each question on stderr."""
        async with (model_options.model_of(self.args) as model,
                    engines.perception_of(self.args) as perception):
            name = '' if model is None else await model.name_of()
            planned = tasks(self.suites, self.policies, name)
            todo = [task for task in planned if self._is_open(task.key)]
            print(f'{len(planned) - len(todo)} of {len(planned)} are done; results go to '
                  f'{self.results.path}', file=sys.stderr)
            if todo:
                await self._ask(todo, len(planned), agent(model, perception))

    async def _ask(self, todo: Sequence[Task], planned: int,
                   agent: AbstractAsyncContextManager[Answerer]) -> None:
        counter = itertools.count(planned - len(todo) + 1)
        broken = 0

        def done(row: Row) -> None:
            nonlocal broken
            self.results.add(row)
            why = '' if row.answered else f': {" ".join(row.reason.split())[:_MOST_REASON]}'
            print(f'{next(counter)}/{planned} {row.policy} {row.recording} {row.id} {row.verdict} '
                  f'{row.seconds:.1f} s{why}', file=sys.stderr, flush=True)
            broken = broken + 1 if row.broken else 0
            if broken == _MOST_BROKEN:
                raise RuntimeError(
                    f'{broken} questions in a row ended {row.status}; mend that and run the same '
                    'again with --retry-errors (what is done is kept)')

        async with agent as answer:
            asker = Asker(answer, self.terms, self.out / 'transcripts')
            await ask_all(todo, asker, self.args.jobs, done)

    def _is_open(self, key: Key) -> bool:
        row = self.results.rows.get(key)
        return row is None or (row.broken and self.args.retry_errors)


async def _until_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Do `work`; False when Ctrl-C ended it. A second Ctrl-C does not wait for it to end."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        await task
    except asyncio.CancelledError:
        return False
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    return True


def _check(args: argparse.Namespace) -> None:
    for name, value in (('jobs', args.jobs), ('max-steps', args.max_steps), ('limit', args.limit)):
        if value is not None and value < 1:
            raise BadGoal(f'--{name} is {value}; give 1 or more')
    if not 0 < args.timeout < math.inf:
        raise BadGoal(f'--timeout is {args.timeout:g} s; give a positive number of seconds')


def _tell(rows: Sequence[Row], out: Path, as_json: bool) -> None:
    """Write the tables of `rows` and print them."""
    report, tables = json.dumps(comparison.as_json(rows), indent=1), comparison.as_markdown(rows)
    (out / 'table.json').write_text(report + '\n', encoding='utf-8')
    (out / 'table.md').write_text(tables + '\n', encoding='utf-8')
    print(report if as_json else tables)
