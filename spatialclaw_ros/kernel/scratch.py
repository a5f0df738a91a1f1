"""The folder in which a kernel may keep files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
import shutil

#: What a kernel may keep there. A single file may take half of it: see `walls`.
MOST_BYTES = 256 << 20


class Scratch:
    """A private folder, removed after its kernel."""

    def __init__(self, folder: Path) -> None:
        """Make `folder`. Raises OSError."""
        self.folder = folder
        folder.mkdir(mode=0o700)

    def is_over_full(self) -> bool:
        """Whether the files take more than `MOST_BYTES`, an empty one counted as a page."""
        total = 0
        for where, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                with contextlib.suppress(OSError):
                    total += max((Path(where) / name).lstat().st_blocks * 512, 4096)
                if total > MOST_BYTES:
                    return True
        return False

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
