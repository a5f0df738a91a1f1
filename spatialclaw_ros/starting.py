"""Ctrl-C in the seconds that the imports of a program take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
import signal


@contextmanager
def ctrl_c_exits(status: int) -> Iterator[None]:
    """Let Ctrl-C end the process at once, where nothing is started that would have to be ended.

    KeyboardInterrupt would not do: an extension module that is being initialised turns it into
    ImportError. For the main thread.
    """
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(status))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
