"""The folder in which a kernel may keep files: measured and removed whatever a cell made of it."""

from __future__ import annotations

from collections.abc import Iterable
import contextlib
import os
from pathlib import Path
import stat
import uuid

#: What a kernel may keep there, and what a single file may take of it.
MOST_BYTES, MOST_ENTRIES, MOST_DEPTH = 256 << 20, 10_000, 32
MOST_FILE_BYTES = 128 << 20

_PAGE, _BLOCK = 4096, 512
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Scratch:
    """A private folder, removed after its kernel."""

    def __init__(self, folder: Path) -> None:
        """Make `folder`. Raises OSError."""
        self.folder = folder
        folder.mkdir(mode=0o700)

    def is_over_full(self, pids: Iterable[int]) -> bool:
        """Whether there is more than is allowed, what cannot be counted included.

        `pids` are the processes that may hold files there that have no name any more.
        """
        held: dict[int, int] = {}
        for pid in pids:
            with contextlib.suppress(OSError):
                held |= self._nameless(pid)
        measure = _Measure(MOST_BYTES - sum(held.values()))
        try:
            fd = os.open(self.folder, _FOLDER)
            try:
                return measure.exceeds(fd, MOST_DEPTH)
            finally:
                os.close(fd)
        except OSError:
            return True

    def empty(self) -> None:
        """Remove all that is in the folder."""
        with contextlib.suppress(OSError):
            fd = os.open(self.folder, _FOLDER)
            try:
                _empty(fd)
            finally:
                os.close(fd)

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        remove(self.folder)

    def _nameless(self, pid: int) -> dict[int, int]:
        """Inode → bytes of files of this folder that a process has open or mapped, unlinked.

        One that is mapped only may be as large as a file can be: how large, nobody tells.
        """
        device = self.folder.stat().st_dev
        found: dict[int, int] = {}
        for line in Path(f'/proc/{pid}/maps').read_bytes().split(b'\n'):
            if line.endswith(b'(deleted)') and os.fsencode(self.folder) in line:
                found[int(line.split(maxsplit=5)[4])] = MOST_FILE_BYTES
        for link in Path(f'/proc/{pid}/task').glob('*/fd/*'):
            with contextlib.suppress(OSError):
                seen = link.stat()
                if stat.S_ISREG(seen.st_mode) and not seen.st_nlink and seen.st_dev == device:
                    found[seen.st_ino] = seen.st_blocks * _BLOCK
        return found


class _Measure:
    """What is left of the limits while a folder is gone through."""

    def __init__(self, left: int) -> None:
        self._bytes, self._entries = left, MOST_ENTRIES

    def exceeds(self, folder: int, depth: int) -> bool:
        """Whether what is in `folder`, a descriptor, goes beyond what is left. Raises OSError."""
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    seen = entry.stat(follow_symlinks=False)
                    self._entries -= 1
                    self._bytes -= max(seen.st_blocks * _BLOCK, _PAGE)
                    if self._bytes < 0 or self._entries < 0:
                        return True
                    if stat.S_ISDIR(seen.st_mode) and self._inner(entry.name, folder, depth):
                        return True
                except FileNotFoundError:
                    continue  # removed meanwhile
        return self._bytes < 0

    def _inner(self, name: str, folder: int, depth: int) -> bool:
        if not depth:
            return True
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            return self.exceeds(inner, depth - 1)
        finally:
            os.close(inner)


def remove(folder: Path) -> None:
    """Remove `folder` and all that is in it, however deep."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, _FOLDER)
        try:
            _empty(fd)
        finally:
            os.close(fd)
        folder.rmdir()


def _empty(folder: int) -> None:
    """Remove what is in `folder`; what is in its folders is brought up first, so none is deep."""
    progress = True
    while progress:
        progress = False
        for name in _names(folder):
            with contextlib.suppress(OSError):
                if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    _bring_up(name, folder)
                    os.rmdir(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
                progress = True


def _bring_up(name: str, folder: int) -> None:
    os.chmod(name, 0o700, dir_fd=folder)
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        for below in _names(inner):
            os.rename(below, uuid.uuid4().hex, src_dir_fd=inner, dst_dir_fd=folder)
    finally:
        os.close(inner)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]
