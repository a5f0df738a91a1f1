"""Stamps: a step whose inputs have not changed since it last succeeded is skipped."""

from __future__ import annotations

from collections.abc import Iterable
import hashlib
from pathlib import Path


def digest(paths: Iterable[Path], *values: str) -> str:
    """Hash the files below `paths` (names and contents) together with `values`."""
    total = hashlib.sha256()
    for value in values:
        total.update(value.encode() + b'\0')
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob('*') if p.is_file())
        for file in files:
            total.update(str(file.relative_to(path.parent)).encode() + b'\0')
            total.update(file.read_bytes() + b'\0')
    return total.hexdigest()


class Stamp:
    """Remembers in one file the digest a step last succeeded with."""

    def __init__(self, file: Path, current: str) -> None:
        self._file = file
        self._current = current

    def fresh(self) -> bool:
        """Say whether the step already succeeded with these inputs."""
        return self._file.is_file() and self._file.read_text() == self._current

    def clear(self) -> None:
        """Forget the last success: the step is about to change what it made."""
        self._file.unlink(missing_ok=True)

    def write(self) -> None:
        """Note that the step succeeded with these inputs."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(self._current)
