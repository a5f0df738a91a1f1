"""A session that plays results, and findings to play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.session import Event


def window(**changes: Any) -> FrameWindow:
    camera = Camera('head', 'head_optical', 8, 6, np.array([[8, 0, 4], [0, 8, 3], [0, 0, 1.0]]))
    frames = tuple(Frame(index, index, camera, np.zeros((6, 8, 3), np.uint8)) for index in (0, 1))
    return FrameWindow(frames, **{'world_frame': 'odom', **changes})


def distance(value: float = 0.5) -> Distance:
    return Distance('mug', 'tape', 'CLOSEST', np.zeros(3), np.array([value, 0, 0]), value,
                    Sigma(0.003, 0.004), Interval(value - 0.01, value + 0.012), frames=(0, 1))


def submitted(finding: Distance) -> SubmitAnswer:
    return SubmitAnswer(f'{finding.value:.6g}', finding.value, 'm', (finding,), 0)


def ran(status: str = 'ok', **changes: Any) -> CellResult:
    values: dict[str, Any] = {
        'status': status, 'stdout': '', 'error': '', 'error_type': '', 'answer': None,
        'shown': (), 'findings': (), 'variables': (), 'calls': (), 'seconds': 0.01, 'note': ''}
    return CellResult(**values | changes)


class FakeSession:
    """Gives the results of a list; `block` waits for ever instead."""

    sandbox = 'none: a fake'

    def __init__(self, *results: CellResult, block: bool = False) -> None:
        self.window = window()
        self.results, self.block, self.cells = list(results), block, []
        self.cancelled = False
        self.running = asyncio.Event()

    async def run_cell(self, code: str, on_event: Callable[[Event], None] | None = None
                       ) -> CellResult:
        self.cells.append(code)
        self.running.set()
        if self.block:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        result = self.results.pop(0)
        if on_event and result.stdout:
            on_event(Event('output', result.stdout))
        return result
