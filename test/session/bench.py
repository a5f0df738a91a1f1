"""Cells run in this process, with a host beside them."""

from __future__ import annotations

import contextlib
from typing import Any

import box_world

from spatialclaw_ros.toolkit.cell import open_workshop


class Bench:
    """A workshop whose cells run in this process, and its host."""

    def __init__(self, window: Any, **options: Any) -> None:
        self.host = box_world.Host(window, **options)
        self.workshop = open_workshop(*self.host.opening(), self.host.call)
        self.names = self.workshop.namespace

    def run(self, code: str) -> dict[str, Any]:
        with contextlib.suppress(self.workshop.stop):
            exec(code, self.names)
        return self.names

    @property
    def cell(self) -> Any:
        return self.host.cell
