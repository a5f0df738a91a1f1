"""The record of a query: every step the moment it happens, as JSON Lines and pictures."""

from __future__ import annotations

import dataclasses
import enum
import json
from pathlib import Path
import tempfile
import time
from typing import Any
from typing import TextIO
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
from PIL import Image

from spatialclaw_ros.findings.errors import BadGoal

_FILE = 'transcript.jsonl'
_MOST_NUMBERS = 64


class UnreadableRecord(ValueError):
    """A transcript, or what lies beside it, that cannot be what it claims to be."""


class Transcript:
    """Writes events as they happen; without a folder it keeps nothing.

    Each line is an object with `event` (question, step, output, image, result, bad_reply, answer)
    and `t`, seconds since the record began. `step` lines hold the whole code, so that the cells
    can be run again without what wrote them, and the name of that `writer`.
    """

    def __init__(self, folder: Path | None) -> None:
        """Make a new folder for this query inside `folder`; raises BadGoal where it cannot."""
        self._began = time.monotonic()
        self._file: TextIO | None = None
        self._pictures = 0
        self.path: Path | None = None
        if folder is not None:
            name = time.strftime('%Y%m%dT%H%M%S-', time.gmtime())
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self.path = Path(tempfile.mkdtemp(prefix=name, dir=folder)).absolute()
                self._file = (self.path / _FILE).open(
                    'w', encoding='utf-8', errors='backslashreplace')
            except OSError as error:
                raise BadGoal(f'no transcript can be kept in {folder} ({error.strerror}); name '
                              'another folder') from error

    @property
    def uri(self) -> str:
        """Where the record is; empty without one."""
        return '' if self.path is None else (self.path / _FILE).as_uri()

    def write(self, event: str, **values: Any) -> None:
        """Write one event and flush it."""
        if self._file is None:
            return
        record = {'event': event, 't': round(time.monotonic() - self._began, 4)}
        record.update((key, as_json(value)) for key, value in values.items())
        self._file.write(json.dumps(record, ensure_ascii=False) + '\n')
        self._file.flush()

    def picture(self, label: str, image: np.ndarray) -> None:
        """Keep a picture, (H, W, 3) uint8 RGB."""
        if self.path is None or self._file is None:
            return
        self._pictures += 1
        name = f'{self._pictures:03d}.png'
        Image.fromarray(np.asarray(image)).save(self.path / name)
        self.write('image', label=label, file=name)

    def close(self) -> None:
        """Close the file; later events are dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None


def file_of(uri: str) -> Path:
    """The file that an answer's `transcript` names, where a space is %20; a path is itself."""
    return Path(url2pathname(urlparse(uri).path) if uri.startswith('file:') else uri)


def read_transcript(path: Path) -> list[dict[str, Any]]:
    """Events of the record at `path`, the file or its folder; a torn last line is left out.

    Raises UnreadableRecord naming the file, and the line that is no event.
    """
    file = path / _FILE if path.is_dir() else path
    try:
        *lines, last = file.read_bytes().split(b'\n')
    except OSError as error:
        raise UnreadableRecord(f'{file}: no transcript can be read ({error.strerror})') from error
    events = []
    for number, line in enumerate(lines, 1):
        event = _event_of(line)
        if event is None:
            raise UnreadableRecord(f'{file}: line {number} is no event of a transcript')
        events.append(event)
    whole = _event_of(last)
    return events if whole is None else [*events, whole]


def _event_of(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get('event'), str) else None


def cells_of(path: Path) -> list[str]:
    """Code of the cells of a record, in order."""
    return [event['code'] for event in read_transcript(path) if event['event'] == 'step']


def as_json(value: Any) -> Any:
    """`value` as plain JSON: arrays as lists (large ones as their shape), NaN as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {'type': type(value).__name__} | {
            field.name: as_json(getattr(value, field.name))
            for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        if value.size > _MOST_NUMBERS:
            return {'shape': list(value.shape), 'dtype': str(value.dtype)}
        return as_json(value.tolist())
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
