"""The results of an evaluation on disk: one line each, written the moment a question is done."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
import fcntl
import json
from pathlib import Path
from types import TracebackType
from typing import Any
from typing import BinaryIO

from spatialclaw_ros.evaluation.plan import digest
from spatialclaw_ros.evaluation.plan import Key
from spatialclaw_ros.evaluation.plan import Suite
from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.evaluation.row import row_from
from spatialclaw_ros.findings.errors import BadGoal

NAME = 'results.jsonl'


class Results:
    """What is known of an evaluation, the newest row of each key; one process has it at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the results in `folder`, which is made; a torn last line is dropped.

        Raises BadGoal where that cannot be, or where the file holds something else.
        """
        self.path = folder / NAME
        self._file = _opened(folder)
        try:
            self.rows = self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Results:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """Keep a row, on disk before this returns."""
        line = json.dumps(asdict(row), ensure_ascii=False, allow_nan=False)
        self._file.write(line.encode('utf-8', 'backslashreplace') + b'\n')
        self._file.flush()
        self.rows[row.key] = row

    def check(self, suites: Sequence[Suite], terms: Mapping[str, Any]) -> None:
        """Raise BadGoal unless every row is of a question of `suites`, asked on these `terms`."""
        digests = {(suite.name, asked.id): digest(asked)
                   for suite in suites for asked in suite.questions}
        for row in self.rows.values():
            known = digests.get((row.recording, row.id))
            if known != row.digest:
                why = 'is not there' if known is None else 'is another one now'
                raise BadGoal(
                    f'{self.path} is of another suite: its question {row.id!r} of recording '
                    f'{row.recording!r} ({row.question!r}) {why}; give another --out, or the '
                    'folder that was asked about')
            for name, value in terms.items():
                if row.terms.get(name) != value:
                    raise BadGoal(
                        f'{self.path} was asked with {name} {row.terms.get(name)}, and now it is '
                        f'{value}; give the same, or another --out')

    def _read(self) -> dict[Key, Row]:
        self._file.seek(0)
        *lines, torn = self._file.read().split(b'\n')
        if torn:
            self._file.truncate(self._file.tell() - len(torn))
        rows: dict[Key, Row] = {}
        for number, line in enumerate(lines, 1):
            try:
                row = row_from(line)
            except (ValueError, TypeError) as error:
                raise BadGoal(f'{self.path}, line {number}: no result of `spatialclaw eval` '
                              f'({error}); give another --out') from error
            rows[row.key] = row
        return rows


def _opened(folder: Path) -> BinaryIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / NAME).open('a+b')
    except OSError as error:
        raise BadGoal(f'--out {folder}: no results can be kept there ({error.strerror}); name a '
                      'folder that can be written') from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise BadGoal(f'{folder / NAME} is written by another run; wait for it, or give another '
                      '--out') from error
    return file
