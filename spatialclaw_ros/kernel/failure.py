"""An exception as the writer of the cell wants to read it."""

from __future__ import annotations

import linecache
import traceback

from spatialclaw_ros.kernel.output import clip

MOST_TEXT = 1 << 16
_CELL = '<cell '


def cell_name(number: int) -> str:
    """File name under which the text of cell `number` is known in tracebacks."""
    return f'{_CELL}{number}>'


def remember(name: str, code: str) -> None:
    """Register the text of a cell, so that tracebacks show its source lines."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)


def describe(error: BaseException) -> str:
    """Traceback with the frames of cells only, and every line of the message."""
    try:
        summary = traceback.TracebackException.from_exception(error)
        _keep_cells(summary, set())
        bare = not (summary.stack or summary.__cause__ or summary.__context__)
        text = ''.join(summary.format_exception_only() if bare else summary.format())
    except Exception as broken:
        text = f'{type(error).__name__} (its message cannot be shown: {type(broken).__name__})'
    return clip(printable(text.rstrip('\n')), MOST_TEXT)


def printable(text: str) -> str:
    """`text` with lone surrogates escaped, so that it can be encoded."""
    return text.encode('utf-8', 'backslashreplace').decode('utf-8')


def _keep_cells(summary: traceback.TracebackException, seen: set[int]) -> None:
    if id(summary) in seen:
        return
    seen.add(id(summary))
    summary.stack = traceback.StackSummary.from_list(
        [frame for frame in summary.stack if frame.filename.startswith(_CELL)])
    for other in (summary.__cause__, summary.__context__,
                  *(getattr(summary, 'exceptions', None) or ())):
        if other is not None:
            _keep_cells(other, seen)


def whole(error: BaseException) -> str:
    """Traceback with all its frames, for an error that is not a cell's."""
    return printable(''.join(traceback.format_exception(error)))[-MOST_TEXT:]
