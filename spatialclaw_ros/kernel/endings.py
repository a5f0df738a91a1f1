"""How a cell's end is told: what happened, why, and what was kept or lost."""

from __future__ import annotations

from typing import NamedTuple

from spatialclaw_ros.channel.framing import Message
from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.kernel.outcome import NOTHING_RAN
from spatialclaw_ros.kernel.outcome import Variable
from spatialclaw_ros.kernel.process import KernelProcess

MOST_CODE = 1 << 18



class Fate(NamedTuple):
    """What is left of a cell: `note` says it, in place of the kernel's own note where given."""

    undone: bool
    note: str


AS_REPORTED = Fate(False, '')
UNDONE = Fate(True, 'the cell was undone: all variables are as they were before it, files it wrote '
              'excepted')


def lost(why: str) -> Fate:
    """The process was lost, and there was no copy of it to go on from."""
    return Fate(True, 'the process was lost with the variables of this and all earlier cells, for '
                f'there was no copy of it ({why or "it has ended too"}); the next cell starts in a '
                'fresh kernel')


def given_up(times: int) -> Fate:
    """The process was lost so often on end that its copy is no place to go on from."""
    return Fate(True, f'the kernel was lost in {times} cells on end, perhaps for what an earlier '
                'cell did to it, so its copy was given up and with it the variables of all earlier '
                'cells; the next cell starts in a fresh kernel')


def cannot_be_undone(why: str) -> Fate:
    """The cell was stopped and the process lives, without a copy from before the cell."""
    return Fate(False, 'what the cell did before it stopped is kept, for there was no copy of the '
                f'kernel to go on from ({why})')


def with_threads(report: Message, threads: int, *, ended: bool) -> Fate:
    """The cell has left threads, which have ended with it, or not."""
    fate = 'were ended with it' if ended else 'still run; nothing may rely on them'
    note = f'{threads} thread(s) of the cell {fate}'
    return Fate(False, '; '.join(filter(None, (report.fields['note'], note))))


def unsendable(code: str) -> CellOutcome | None:
    """The refusal of a cell whose text cannot be run at all, or None."""
    try:
        length = len(code.encode())
    except UnicodeEncodeError as error:
        return _refused(f'the cell has a lone surrogate, {code[error.start]!r}, at character '
                        f'{error.start}; write the character itself or its \\u escape')
    if length > MOST_CODE:
        return _refused(f'the cell is {length} bytes long; at most {MOST_CODE} are run. Compute '
                        'data in the cell, or split it')
    return None


def never_ran() -> CellOutcome:
    """The outcome of a cell that was cancelled before it reached a kernel."""
    return CellOutcome('killed', '', 'Cancelled: before the cell ran', 'Cancelled', (), 0.0,
                       NOTHING_RAN)


def outcome(report: Message | None, process: KernelProcess, stopped_by: str, limit: float,
            stdout: str, seconds: float) -> CellOutcome:
    """What came of a cell with its `report`, or without one because its process ended.

    `stopped_by` is 'limit', 'cancel' or ''. Raises NurseryDied when that is what happened.
    """
    if report is None:
        return _without_report(process, stopped_by, limit, stdout, seconds)
    fields = report.fields
    status, error, error_type = fields['status'], fields['error'], fields['error_type']
    if stopped_by:
        error = '\n'.join(filter(None, (_stop_words(stopped_by, limit), error)))
        status, error_type = _STOPS[stopped_by]
    variables = tuple(Variable(name, summary) for name, summary in fields['variables'])
    return CellOutcome(status, stdout, error, error_type, variables, seconds, fields['note'])


_STOPS = {'limit': ('timeout', 'TimeoutError'), 'cancel': ('killed', 'Cancelled')}


def _without_report(process: KernelProcess, stopped_by: str, limit: float, stdout: str,
                    seconds: float) -> CellOutcome:
    ended = process.ended.result()
    if isinstance(ended, NurseryDied):
        raise ended
    if stopped_by:
        status, error_type = _STOPS[stopped_by]
        error = _stop_words(stopped_by, limit) + ' It did not heed the interrupt and was killed.'
    elif process.breach is not None:
        status, error_type = 'killed', 'ChannelError'
        error = f'ChannelError: the cell broke the way to its host: {process.breach}'
    else:
        status, error_type = 'killed', 'Crashed'
        error = f'Crashed: the kernel {ended}'
        where = process.crash_lines()
        if where:
            error += f' here (innermost first):\n{where}'
    return CellOutcome(status, stdout, error, error_type, (), seconds, '')


def _stop_words(stopped_by: str, limit: float) -> str:
    if stopped_by == 'limit':
        return f'TimeoutError: the cell passed its limit of {limit:g} s (calls not counted).'
    return 'Cancelled: the cell was cancelled.'


def _refused(reason: str) -> CellOutcome:
    return CellOutcome('refused', '', reason, 'Refused', (), 0.0, NOTHING_RAN)
