"""One cell inside the kernel: parsed, checked, run, and reported on."""

from __future__ import annotations

import _thread
import ast
from collections.abc import Iterator
import copy
import dataclasses
from dataclasses import dataclass
import types
from typing import Any
from typing import Protocol

from spatialclaw_ros.kernel import check
from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel.interrupt import Interrupt
from spatialclaw_ros.kernel.outcome import NOTHING_RAN

MOST_VARIABLES = 200
_MOST_NAME = 100
_MOST_SUMMARY = 400
_UNPARSABLE = (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError)
_KEPT = 'what the cell assigned before it stopped is kept'


class Workshop(Protocol):
    """What the preloaded module's `open_workshop` gives the kernel.

    `namespace` are the globals of every cell. Raising `stop` ends a cell with status ok.
    """

    namespace: dict[str, Any]
    stop: type[BaseException]

    def summarize(self, name: str, value: object) -> str | None:
        """One line about a variable for the feedback; None when it is not worth one."""

    def after_cell(self) -> None:
        """Tidy up after a cell, however it ended."""


@dataclass(frozen=True)
class Report:
    """What the kernel says of a cell; see CellOutcome for the meaning of the fields.

    `ran`: something of it did. `exhausted`: it ran out of memory. `threads` of it still run.
    """

    status: str
    error: str = ''
    error_type: str = ''
    variables: tuple[tuple[str, str], ...] = ()
    note: str = ''
    ran: bool = True
    exhausted: bool = False
    threads: int = 0


class Cells:
    """Runs cells one after the other in the globals of one workshop."""

    def __init__(self, workshop: Workshop, interrupt: Interrupt) -> None:
        """Take over the workshop's namespace."""
        self._workshop = workshop
        self._interrupt = interrupt
        self._globals = workshop.namespace
        self._globals.setdefault('__name__', '__main__')
        self._given = dict(self._globals)
        self._known: dict[str, tuple[int, str | None]] = {}
        self._tidy = True

    def run(self, number: int, code: str, checked: bool) -> Report:
        """Run one cell; the refusals of the courtesy check come first when it is `checked`."""
        name = failure.cell_name(number)
        failure.remember(name, code)
        try:
            tree = ast.parse(code, name)
        except _UNPARSABLE as error:
            return _unparsable(error, code)
        if checked:
            refused = check.refusals(tree, self._globals)
            if refused:
                return Report('refused', '\n'.join(refused), 'Refused', note=NOTHING_RAN,
                              ran=False)
        mentioned: set[str] = set()
        try:
            self._interrupt.arm()
            for part in _parts(tree, name, code):
                mentioned |= set(_names(part))
                exec(part, self._globals)
            self._interrupt.disarm()
            report = Report('ok')
        except self._workshop.stop:
            report = Report('ok')
        except BaseException as error:
            self._interrupt.disarm()
            report = _failed(error)
        return self._finished(report, mentioned)

    def rehearse(self, number: int, code: str) -> Report:
        """Run a cell that leaves no trace, in a copy of the globals."""
        stand_in = copy.copy(self)
        stand_in._globals = dict(self._globals)
        stand_in._tidy = False
        return stand_in.run(number, code, True)

    def _finished(self, report: Report, mentioned: set[str]) -> Report:
        notes = [report.note] if report.note else []
        variables: tuple[tuple[str, str], ...] = ()
        try:
            self._interrupt.arm()
            if self._tidy:
                self._workshop.after_cell()
            variables, left_out = self._changes(mentioned)
            self._interrupt.disarm()
            if left_out:
                notes.append(f'{left_out} more new or changed variables are not listed')
        except BaseException as error:
            self._interrupt.disarm()
            notes.append(f'the variables could not be listed: {failure.describe(error)}')
        return dataclasses.replace(report, variables=variables, note='; '.join(notes),
                                   threads=_thread._count())

    def _changes(self, mentioned: set[str]) -> tuple[tuple[tuple[str, str], ...], int]:
        """Variables that are new or changed, and how many more there are than are listed.

        A changed one is another object, or one that the cell names and whose summary differs.
        """
        changes: list[tuple[str, str]] = []
        left_out = 0
        known: dict[str, tuple[int, str | None]] = {}
        for name, value in list(self._globals.items()):
            if not isinstance(name, str) or name.startswith('_') or (
                    name in self._given and self._given[name] is value):
                continue
            before = self._known.get(name)
            same = before is not None and before[0] == id(value)
            if before is not None and same and name not in mentioned:
                known[name] = before
            elif len(changes) < MOST_VARIABLES:
                summary = self._summary(name, value)
                known[name] = (id(value), summary)
                if summary is not None and not (same and before == known[name]):
                    changes.append((failure.printable(name[:_MOST_NAME]), summary))
            else:
                known[name] = (id(value), None)
                left_out += 1
        self._known = known
        return tuple(changes), left_out

    def _summary(self, name: str, value: object) -> str | None:
        try:
            text = self._workshop.summarize(name, value)
            return None if text is None else ' '.join(
                failure.printable(text[:_MOST_SUMMARY]).split('\n'))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return f'a {_type_name(value)} that cannot be shown ({_type_name(error)})'


def _parts(tree: ast.Module, name: str, code: str) -> Iterator[types.CodeType]:
    """Code of the cell; a last expression apart, so that its value is printed as at a prompt."""
    *body, last = tree.body or [ast.Pass(lineno=1, col_offset=0)]
    if not isinstance(last, ast.Expr) or _ends_quietly(last, code):
        yield compile(tree, name, 'exec', dont_inherit=True)
        return
    tree.body = body
    flags = _future_flags(body)
    if body:
        yield compile(tree, name, 'exec', dont_inherit=True)
    yield compile(ast.Interactive([last]), name, 'single', flags, dont_inherit=True)


def _future_flags(body: list[ast.stmt]) -> int:
    flags = 0
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == '__future__':
            import __future__
            for alias in node.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def _ends_quietly(last: ast.Expr, code: str) -> bool:
    """Whether a semicolon ends the cell, which silences its value."""
    if last.end_lineno is None or last.end_col_offset is None:
        return False
    line = code.splitlines()[last.end_lineno - 1].encode()
    return line[last.end_col_offset:].lstrip().startswith(b';')


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _unparsable(error: BaseException, code: str) -> Report:
    if isinstance(error, SyntaxError) and '\0' not in code:
        text = failure.describe(error)
        if any(line.lstrip().startswith(('!', '%')) for line in code.splitlines()):
            text += '\nA cell is plain Python: lines that start with ! or % are none.'
        return Report('error', text, 'SyntaxError', note=NOTHING_RAN, ran=False)
    if '\0' in code:
        reason = f'SyntaxError: the cell has a null byte at character {code.index(chr(0))}'
    else:
        reason = 'SyntaxError: the cell is nested too deeply to be parsed'
    return Report('error', reason, 'SyntaxError', note=NOTHING_RAN, ran=False)


def _failed(error: BaseException) -> Report:
    text = failure.describe(error)
    if isinstance(error, SystemExit):
        text += '\nA cell ends at its last line; exit() ends no more than the cell.'
    return Report('error', text, _type_name(error), note=_KEPT,
                  exhausted=isinstance(error, MemoryError))


def _type_name(value: object) -> str:
    """Name of the type, whatever its metaclass says."""
    return failure.printable(type.__dict__['__name__'].__get__(type(value))[:_MOST_NAME])
