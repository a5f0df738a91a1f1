"""SIGINT in a kernel: it ends the running cell, and never the kernel's own work."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import signal
from types import FrameType


class Interrupt:
    """Turns SIGINT into one KeyboardInterrupt inside a cell, and ignores it elsewhere."""

    def __init__(self) -> None:
        """Install the handler; call on the main thread."""
        self._armed = False
        self._held = False
        self._pending = False
        self.install()

    def install(self) -> None:
        """Take SIGINT, also from a cell that has taken it."""
        signal.signal(signal.SIGINT, self._handle)

    def arm(self) -> None:
        """From here on, one SIGINT raises KeyboardInterrupt."""
        self._armed, self._pending = True, False

    def disarm(self) -> None:
        """From here on, SIGINT is ignored."""
        self._armed = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Put the interrupt off until the end of the block, so that no frame is cut in two."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._armed:
            return
        self._armed = False
        if self._held:
            self._pending = True
        else:
            raise KeyboardInterrupt
