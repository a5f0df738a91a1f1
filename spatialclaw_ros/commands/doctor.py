"""`spatialclaw doctor`: what this system can do, and what it lacks."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
import json
import math
import shutil
import textwrap
from typing import Any

from spatialclaw_ros.commands import engines
from spatialclaw_ros.commands.engine_checks import Checked
from spatialclaw_ros.commands.engine_checks import checked
from spatialclaw_ros.commands.engine_checks import EngineCheck
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.kernel.walls import OPERATORS_CHOICE
from spatialclaw_ros.session.session import TOOLKIT

#: Engines that need no network, with what they need.
_ALWAYS = {'depth_camera': 'a depth image', 'label_image': 'a label image and its class map',
           'detections': 'boxes, points or masks'}
_WIDEST = 100


def add_parser(commands: Any) -> None:
    """Add `doctor` to the sub-commands."""
    parser = commands.add_parser(
        'doctor', help='say which walls guard the kernel here, or which engines can run',
        description='Start the kernel nursery and raise every wall there is, as a query would. '
                    'With --models say instead which perception engines can run. Exit status: 0 '
                    'all is there (with --models: for the engines chosen by --reconstruct and '
                    '--segment, or for all), 1 something is missing.')
    parser.add_argument('--models', action='store_true',
                        help='check the perception engines, not the walls')
    parser.add_argument('--time', action='store_true',
                        help='with --models: load each engine and time one frame')
    parser.add_argument('--json', action='store_true',
                        help='with --models: print exactly one JSON object')
    engines.add_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 where walls or engines are missing."""
    if args.models:
        return _models(args)
    if args.time or args.json:
        raise BadGoal('--time and --json go with --models')
    words, missing = asyncio.run(_walls())
    print(f'walls about the kernel: {words or "none"}')
    print(f'missing: {missing}. {OPERATORS_CHOICE}' if missing else
          'kernel.sandbox strict: every wall that it needs is up')
    return 1 if missing else 0


async def _walls() -> tuple[str, str]:
    nursery = await Nursery.start(TOOLKIT)
    try:
        return nursery.sandbox, nursery.missing
    finally:
        await nursery.close()


def _models(args: argparse.Namespace) -> int:
    found = asyncio.run(checked(engines.choice_of(args, args.reconstruct, args.segment), args.time))
    if args.json:
        print(json.dumps(_as_json(found, args.engine_server)))
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        for line in _lines(found, args.engine_server):
            print(textwrap.fill(line, width, subsequent_indent='    ', break_long_words=False,
                                break_on_hyphens=False))
    return int(any(engine.state.problem for engine in found.engines))


def _lines(found: Checked, server: str) -> Iterator[str]:
    for name, need in _ALWAYS.items():
        yield f'{name}: can run, here, on frames with {need}'
    health = found.health
    free, whole = health.memory_free / 2 ** 30, health.memory / 2 ** 30
    memory = f', {free:.1f} of {whole:.1f} GiB free' if health.memory else ''
    yield (f'{server or "child process"}, version {health.version}: on {health.device}{memory}, '
           f'{health.waiting} calls waiting')
    for engine in found.engines:
        yield from _lines_of(engine)


def _lines_of(engine: EngineCheck) -> Iterator[str]:
    state = engine.state
    yield f'{state.name}: ' + (f'cannot run: {state.problem}' if state.problem else 'can run')
    yield f'  {state.checkpoint}: {state.licence}'
    if not math.isnan(state.seconds):
        yield f'  {state.seconds:.3f} s for a frame'
    if engine.versions:
        yield '  ' + ', '.join(f'{package} {version or "missing"}'
                               for package, version in engine.versions.items())


def _as_json(found: Checked, server: str) -> dict[str, Any]:
    health = found.health
    return {
        'server': server or None, 'version': health.version, 'device': health.device,
        'memory': health.memory, 'memory_free': health.memory_free, 'waiting': health.waiting,
        'engines': [{'name': name, 'can_run': True, 'needs': need}
                    for name, need in _ALWAYS.items()] + [
            {'name': state.name, 'can_run': not state.problem, 'problem': state.problem,
             'checkpoint': state.checkpoint, 'licence': state.licence,
             'is_loaded': state.is_loaded, 'versions': dict(engine.versions),
             'seconds': None if math.isnan(state.seconds) else state.seconds}
            for engine in found.engines for state in [engine.state]]}
