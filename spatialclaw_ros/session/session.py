"""One query: a kernel, its calls answered, and what its cells have found."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
import time

import numpy as np

from spatialclaw_ros.calls.codec import CodecError
from spatialclaw_ros.calls.codec import decode_from
from spatialclaw_ros.calls.codec import encode
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Opening
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.errors import Unwalled
from spatialclaw_ros.kernel.errors import SandboxUnavailable
from spatialclaw_ros.kernel.host import Kernel
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.kernel.outcome import CellOutcome
from spatialclaw_ros.memory import SealedMemory
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.cell_result import CallRecord
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.cell_result import Picture
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.engines import VisionModel
from spatialclaw_ros.session.handlers import call_name
from spatialclaw_ros.session.handlers import CellYield
from spatialclaw_ros.session.handlers import Handlers
from spatialclaw_ros.session.question import Question

#: The module whose names a cell sees; the nursery loads it once, before the first fork.
TOOLKIT = 'spatialclaw_ros.toolkit.cell'


@dataclass(frozen=True)
class Event:
    """Something that happens while a cell runs.

    `kind` is 'output' (`text`), 'picture' (`picture`), 'call_started' (`text` names it) or
    'call_ended' (`call`).
    """

    kind: str
    text: str = ''
    picture: Picture | None = None
    call: CallRecord | None = None


class Session:
    """One query's kernel. Cells run one after another; close it when the query ends."""

    def __init__(self, kernel: Kernel, question: Question, window: FrameWindow,
                 handlers: Handlers, vocabulary: tuple[str, ...] | None) -> None:
        """Use `open` instead."""
        self.question, self.window, self.vocabulary = question, window, vocabulary
        self._kernel, self._handlers = kernel, handlers
        self._findings: tuple[Finding, ...] = ()
        self._sent: list[SealedMemory] = []

    @classmethod
    async def open(cls, nursery: Nursery, question: Question, window: FrameWindow,
                   engines: Engines, limits: Limits, *,
                   model: VisionModel | None = None,
                   reference_images: Sequence[np.ndarray] = ()) -> Session:
        """Open a kernel that holds the frames of `window`.

        `reference_images` (H, W, 3) uint8 come with the question. Raises Unwalled where the policy
        for the kernel's walls is not met.
        """
        vocabulary = engines.segment.vocabulary(window.frames)
        opening = Opening(
            question.text, question.choices, window, engines.reconstruct.name,
            engines.segment.name, vocabulary, model is not None, tuple(reference_images),
            frame_rate(window))
        data, memories = encode(opening)
        try:
            kernel = await nursery.open(data, [memory.fd for memory in memories], limits)
        except SandboxUnavailable as missing:
            raise Unwalled(str(missing)) from missing
        handlers = Handlers(window, engines, question.choices, model)
        return cls(kernel, question, window, handlers, vocabulary)

    @property
    def sandbox(self) -> str:
        """Which walls are up, in words."""
        return self._kernel.sandbox

    async def run_cell(self, code: str,
                       on_event: Callable[[Event], None] | None = None) -> CellResult:
        """Run one cell; `on_event` hears of output, pictures and calls as they happen.

        When this is cancelled the cell is dropped; an engine's running call ends unseen.
        """
        tell = on_event or (lambda _event: None)
        cell = CellYield()
        calls: list[CallRecord] = []

        async def on_call(data: bytes) -> tuple[bytes, list[int]]:
            return await self._call(data, cell, calls, tell)

        outcome = await self._kernel.run(
            code, on_output=lambda text: tell(Event('output', text)), on_call=on_call)
        return self._result(outcome, cell, calls)

    async def interrupt(self) -> None:
        """End the running cell; `run_cell` then returns what came of it."""
        await self._kernel.interrupt()

    async def close(self) -> None:
        """End the kernel."""
        await self._kernel.close()

    async def _call(self, data: bytes, cell: CellYield, calls: list[CallRecord],
                    tell: Callable[[Event], None]) -> tuple[bytes, list[int]]:
        started = time.monotonic()
        try:
            request = decode_from(data, self._kernel.arena)
        except CodecError as error:
            return self._encoded(Failed('ValueError', str(error)))
        name = call_name(request)
        if name:
            tell(Event('call_started', name))
        shown = len(cell.pictures)
        reply = await self._handlers.answer(request, cell)
        if name:
            calls.append(CallRecord(
                name, time.monotonic() - started, isinstance(reply, Failed)))
            tell(Event('call_ended', name, call=calls[-1]))
        for picture in cell.pictures[shown:]:
            tell(Event('picture', picture.label, picture))
        return self._encoded(reply)

    def _encoded(self, reply: object) -> tuple[bytes, list[int]]:
        """Bytes and descriptors of `reply`; the memory lives until the next reply is made."""
        data, self._sent = encode(reply)
        return data, [memory.fd for memory in self._sent]

    def _result(self, outcome: CellOutcome, cell: CellYield,
                calls: list[CallRecord]) -> CellResult:
        note = outcome.note
        if outcome.undone:
            lost = [f'{len(cell.pictures)} pictures'] * bool(cell.pictures)
            lost += [f'{len(cell.findings)} findings'] * bool(cell.findings)
            lost += ['the answer'] * (cell.answer is not None)
            if lost:
                note = f'{note}; dropped with it: {", ".join(lost)}'
            cell = CellYield()
        self._findings += tuple(cell.findings)
        return CellResult(
            outcome.status, outcome.stdout, outcome.error, outcome.error_type, cell.answer,
            tuple(cell.pictures), tuple(cell.findings), outcome.variables, tuple(calls),
            outcome.seconds, note, self._findings)


def frame_rate(window: FrameWindow) -> float | None:
    """Frame numbers per second; None where it cannot be known.

    It is the source's rate, not that at which frames were kept: numbers and seconds agree.
    """
    if not window.frames:
        return None
    first = window.frames[0]
    last = next(f for f in reversed(window.frames) if f.camera.name == first.camera.name)
    if last.index <= first.index or last.stamp <= first.stamp:
        return None
    return (last.index - first.index) * 1e9 / (last.stamp - first.stamp)
