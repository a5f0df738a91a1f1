"""How the steps of a query ended, counted from its transcript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
import re
from typing import Any

FINE, NOTHING_FOUND = 'ok', 'nothing found'
FORMAT, RUN_TIME = 'format', 'run-time'
#: Endings that are no failure.
NO_FAILURE = (FINE, NOTHING_FOUND)
_BY_STATUS = {
    'ok': FINE,
    'refused': 'refused by check',
    'timeout': 'time-out/killed',
    'killed': 'time-out/killed',
}
#: Class of an exception that ended a cell → its group; the others are run-time, by their class.
_BY_TYPE = {
    'SyntaxError': 'syntax',
    'IndentationError': 'syntax',
    'TabError': 'syntax',
    'NameError': 'name',
    'UnboundLocalError': 'name',
    'UnknownObject': NOTHING_FOUND,
    'NotVisible': NOTHING_FOUND,
}
_HEADER = 'Traceback (most recent call last):'
_RAISED = re.compile(r'([\w.<>]+)(?::|$)')


def endings(events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How often each ending is there among the steps of a transcript's `events`."""
    counts: Counter[str] = Counter()
    for event in events:
        if event['event'] == 'bad_reply':
            counts[FORMAT] += 1
        elif event['event'] == 'result':
            counts[_ending(event)] += 1
    return dict(counts)


def failures(counts: Mapping[str, int]) -> dict[str, int]:
    """Those of the counted endings that are failures, the most frequent first."""
    failed = {ending: count for ending, count in counts.items() if ending not in NO_FAILURE}
    return dict(sorted(failed.items(), key=lambda item: (-item[1], item[0])))


def _ending(event: Mapping[str, Any]) -> str:
    status = str(event.get('status'))
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    kind = str(event.get('error_type') or raised_by(str(event.get('error', ''))))
    return _BY_TYPE.get(kind, f'{RUN_TIME}: {kind}')


def raised_by(text: str) -> str:
    """Class of the exception that a traceback tells of, of several the last; '?' for none."""
    for line in text.rpartition(_HEADER)[2].splitlines():
        raised = _RAISED.match(line)  # lines of code are indented
        if raised:
            return raised[1].rpartition('.')[2]
    return '?'
