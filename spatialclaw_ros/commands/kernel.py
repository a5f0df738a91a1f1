"""`spatialclaw kernel`: run cells by hand, at a prompt or as JSON lines."""

from __future__ import annotations

import argparse
import asyncio
import codeop
from collections.abc import Callable
from collections.abc import Coroutine
import contextlib
import json
from pathlib import Path
import sys
import tempfile
from typing import Any
from typing import TypeVar

from PIL import Image

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.budget import Spending
from spatialclaw_ros.agent.model_calls import ModelCalls
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.commands import engines
from spatialclaw_ros.commands import model
from spatialclaw_ros.commands import source
from spatialclaw_ros.findings.as_json import finding_json
from spatialclaw_ros.findings.as_json import plain
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session
from spatialclaw_ros.session.session import TOOLKIT

T = TypeVar('T')


def add_parser(commands: Any) -> None:
    """Add `kernel` to the sub-commands."""
    parser = commands.add_parser(
        'kernel', help='run cells by hand',
        description='Run cells in the kernel a question gets. End a cell with an empty line.')
    source.add_arguments(parser)
    parser.add_argument('--json', action='store_true',
                        help='read {"code": "…"} lines, print one result line for each')
    parser.add_argument('--cell-timeout', type=float, default=60.0, metavar='S',
                        help='limit of one cell, its tool calls not counted (default 60)')
    parser.add_argument('--no-check', action='store_true',
                        help='skip the courtesy check, to try what lies behind it')
    parser.add_argument('--images', type=Path, metavar='DIR',
                        help='where shown pictures are written (default: a new folder in /tmp)')
    engines.add_arguments(parser)
    model.add_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run cells until the input ends; 0 unless the source cannot be read."""
    if not args.cell_timeout > 0:
        raise BadGoal(f'--cell-timeout is {args.cell_timeout:g}; give a positive number of seconds')
    if args.images is not None:
        args.images.mkdir(parents=True, exist_ok=True)
    window = source.window_of(args)
    limits = Limits(cell_seconds=args.cell_timeout, check=not args.no_check)
    question = Question('', target_frame=args.target_frame)
    with contextlib.ExitStack() as ending:
        loop = asyncio.new_event_loop()
        ending.callback(loop.close)
        nursery = _result(loop, Nursery.start(TOOLKIT))
        ending.callback(lambda: loop.run_until_complete(nursery.close()))
        client = model.client_of(args)
        if client is not None:
            ending.callback(lambda: loop.run_until_complete(client.close()))
        calls = None if client is None else ModelCalls(
            client, Spending(Budget()), Transcript(None))
        perception = Perception(engines.choice_of(args, args.reconstruct, args.segment))
        ending.callback(lambda: loop.run_until_complete(perception.close()))
        session = _result(loop, Session.open(
            nursery, question, window, perception.engines_for(window), limits, model=calls))
        ending.callback(lambda: loop.run_until_complete(session.close()))
        (_json_lines if args.json else _prompt)(_Cells(loop, session), args.images)
    return 0


def _result(loop: asyncio.AbstractEventLoop, doing: Coroutine[Any, Any, T]) -> T:
    """Result of `doing`, which ends in good order when Ctrl-C is pressed."""
    task = loop.create_task(doing)
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        raise


class _Cells:
    """Runs cells on a loop that stands still while the input is read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, session: Session) -> None:
        self._loop, self.session = loop, session

    def run(self, code: str) -> CellResult:
        return _result(self._loop, self.session.run_cell(code))

    def run_or_interrupt(self, code: str) -> CellResult:
        """Run a cell; Ctrl-C ends the cell and no more."""
        running = self._loop.create_task(self.session.run_cell(code))
        try:
            return self._loop.run_until_complete(running)
        except KeyboardInterrupt:
            self._loop.run_until_complete(self.session.interrupt())
            return self._loop.run_until_complete(running)


def _json_lines(cells: _Cells, folder: Path | None) -> None:
    number = 0
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        number += 1
        try:
            code = json.loads(line)['code']
            if not isinstance(code, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            said = line.decode('utf-8', 'replace').strip()[:80]
            report = _refusal(f'line {number} is not {{"code": "…"}}: {said!r}')
        else:
            report = result_json(cells.run(code), number, folder)
        print(json.dumps(report), flush=True)


def _refusal(message: str) -> dict[str, Any]:
    return {'status': 'refused', 'stdout': '', 'error': message, 'answer': None, 'evidence': [],
            'images': [], 'variables': {}, 'seconds': 0.0, 'note': None}


def result_json(result: CellResult, number: int, folder: Path | None) -> dict[str, Any]:
    """One cell's result as a JSON object; its pictures are written to `folder`."""
    answer = result.answer
    return plain({
        'status': result.status,
        'stdout': result.stdout,
        'error': result.error or None,
        'answer': None if answer is None else (
            answer.text if answer.value is None else answer.value),
        'evidence': [finding_json(finding) for finding in (
            result.findings if answer is None else answer.evidence)],
        'images': _write(result, number, folder),
        'variables': {variable.name: variable.summary for variable in result.variables},
        'seconds': round(result.seconds, 6),
        'note': result.note or None,
    })


def _write(result: CellResult, number: int, folder: Path | None) -> list[str]:
    if not result.shown:
        return []
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix='spatialclaw-'))
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, picture in enumerate(result.shown):
        path = folder / f'cell{number:03d}_{index}.png'
        Image.fromarray(picture.image).save(path)
        paths.append(str(path))
    return paths


def _prompt(cells: _Cells, folder: Path | None) -> None:
    session = cells.session
    print(f'{len(session.window.frames)} frames; sandbox: {session.sandbox}. Ctrl-D ends.')
    print('There are InputImages, Metadata, tools, show, vlm and ReturnAnswer; '
          'help(tools.Geometry) tells of a tool.')
    number = 0
    while (code := _unless_interrupted(_read_cell)) is not None:
        if not code.strip():
            continue
        number += 1
        result = cells.run_or_interrupt(code)
        print(result.feedback(''))
        for path in _write(result, number, folder):
            print(f'picture: {path}')


def _unless_interrupted(read: Callable[[], str | None]) -> str | None:
    """What was read; nothing of it where Ctrl-C was pressed."""
    try:
        return read()
    except KeyboardInterrupt:
        print()
        return ''


def _read_cell() -> str | None:
    """One cell from the terminal: complete, or ended by an empty line; None at end of input."""
    lines: list[str] = []
    while True:
        try:
            lines.append(input('... ' if lines else '>>> '))
        except EOFError:
            print()
            return '\n'.join(lines) if lines else None
        text = '\n'.join(lines)
        try:
            if codeop.compile_command(text, symbol='exec') is not None and (
                    len(lines) == 1 or not lines[-1]):
                return text
        except (SyntaxError, ValueError, OverflowError):
            return text
