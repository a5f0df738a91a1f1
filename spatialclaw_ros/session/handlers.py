"""Answers to a cell's requests, each checked and given to the engine or model that can."""

from __future__ import annotations

from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
import math
from typing import Any

from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import Ask
from spatialclaw_ros.calls.requests import Done
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Reply
from spatialclaw_ros.calls.requests import Request
from spatialclaw_ros.calls.requests import Said
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.calls.requests import Show
from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session import checks
from spatialclaw_ros.session.cell_result import Picture
from spatialclaw_ros.session.choices import chosen
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.engines import VisionModel

_MOST_PICTURES = 250
_LONGEST_TEXT = 10_000


@dataclass
class CellYield:
    """What one cell has shown and answered so far."""

    pictures: list[Picture] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    answer: SubmitAnswer | None = None


def call_name(request: Request) -> str:
    """Short name of a tool or model call; empty for what is not reported as one."""
    if isinstance(request, Reconstruct):
        return f'Reconstruct of {len(request.frames)} frames'
    if isinstance(request, SegmentText):
        return f'SAM3 {", ".join(request.prompts)[:80]!r} in {len(request.frames)} frames'
    if isinstance(request, (SegmentBoxes, SegmentPoints)):
        kind = 'box' if isinstance(request, SegmentBoxes) else 'points'
        return f'SAM3 by {kind}, {", ".join(request.labels)[:80]!r}'
    if isinstance(request, Ask):
        return f'vlm.{request.kind} {request.question[:80]!r}'
    return ''


class Handlers:
    """Answers requests about one query's frames."""

    def __init__(self, window: FrameWindow, engines: Engines, choices: tuple[str, ...],
                 model: VisionModel | None) -> None:
        """Answer with `engines` and, where there is one, `model`."""
        self._window, self._engines = window, engines
        self._choices, self._model = choices, model
        self._handlers: dict[type, Callable[[Any, CellYield], Awaitable[Reply]]] = {
            Reconstruct: self._reconstruct, SegmentText: self._segment_text,
            SegmentBoxes: self._segment_boxes, SegmentPoints: self._segment_points,
            Ask: self._ask, Show: self._show, SubmitAnswer: self._submit}

    async def answer(self, request: Any, cell: CellYield) -> Reply:
        """Reply to `request`; any failure becomes `Failed` with its class name and message."""
        handler = self._handlers.get(type(request))
        if handler is None:
            return Failed('TypeError', f'{type(request).__name__} is not a request')
        try:
            return await handler(request, cell)
        except Exception as error:
            return failed_of(error)

    async def _reconstruct(self, request: Reconstruct, _cell: CellYield) -> Reconstructed:
        frames = checks.frames_of(self._window, request.frames)
        return await self._engines.reconstruct.reconstruct(frames, self._window)

    async def _segment_text(self, request: SegmentText, _cell: CellYield) -> Segmented:
        frames = checks.frames_of(self._window, request.frames)
        if len(request.prompts) != len(request.labels) or not all(request.prompts):
            raise ValueError(f'{len(request.prompts)} prompts and {len(request.labels)} labels; '
                             'give one label for each prompt, and no empty prompt')
        return await self._engines.segment.segment(request, frames)

    async def _segment_boxes(self, request: SegmentBoxes, _cell: CellYield) -> Segmented:
        frames = checks.frames_of(self._window, request.frames)
        prompt = self._window.at(request.prompt_frame)
        if len(request.boxes) != len(request.labels) or not request.boxes:
            raise ValueError(f'{len(request.boxes)} boxes and {len(request.labels)} labels')
        for box in request.boxes:
            checks.check_box(box, prompt)
        return await self._engines.segment.segment(request, frames)

    async def _segment_points(self, request: SegmentPoints, _cell: CellYield) -> Segmented:
        frames = checks.frames_of(self._window, request.frames)
        prompt = self._window.at(request.prompt_frame)
        if not len(request.points) == len(request.point_labels) == len(request.labels) > 0:
            raise ValueError(f'{len(request.points)} objects with points, '
                             f'{len(request.point_labels)} lists of point labels and '
                             f'{len(request.labels)} labels; give one of each per object')
        for points, labels in zip(request.points, request.point_labels, strict=True):
            checks.check_points(points, labels, prompt)
        return await self._engines.segment.segment(request, frames)

    async def _ask(self, request: Ask, _cell: CellYield) -> Reply:
        if self._model is None:
            return Failed('VLMError', 'no vision-language model is configured')
        checks.check_pictures(request.images)
        if request.kind not in ('locate', 'ask') or not 1 <= len(request.images) <= 64:
            raise ValueError(f'{request.kind!r} about {len(request.images)} images')
        try:
            return Said(await self._model.look(
                request.kind, request.images, request.question[:_LONGEST_TEXT]))
        except Exception as error:
            return Failed('VLMError', f'{type(error).__name__}: {error}')

    async def _show(self, request: Show, cell: CellYield) -> Reply:
        checks.check_pictures(request.images)
        checks.check_findings(request.findings)
        if len(request.images) != len(request.labels):
            raise ValueError(f'{len(request.images)} pictures and {len(request.labels)} labels')
        room = _MOST_PICTURES - len(cell.pictures)
        cell.pictures += [Picture(label[:200], image) for label, image in
                          zip(request.labels[:room], request.images, strict=False)]
        cell.findings += request.findings
        cut = len(request.images) - max(room, 0)
        return Done(f'a cell shows {_MOST_PICTURES} pictures at most; {cut} were left out'
                    if cut > 0 else '')

    async def _submit(self, request: SubmitAnswer, cell: CellYield) -> Reply:
        checks.check_findings(request.evidence)
        if cell.answer is not None:
            raise RuntimeError('the answer was already given; the first one counts')
        if request.main is not None and not 0 <= request.main < len(request.evidence):
            raise ValueError(f'main finding {request.main} of {len(request.evidence)}')
        if request.value is not None and not math.isfinite(request.value):
            raise ValueError(f'the answer is {request.value}; a number must be finite')
        text = request.text[:_LONGEST_TEXT].strip()
        if self._choices:
            forms = (text, f'{text} {request.unit}', f'{text}{request.unit}')
            named = next(filter(None, (chosen(form, self._choices) for form in forms)), None)
            if named is None:
                raise ValueError(
                    f'the answer {text[:80]!r} is none of the choices: '
                    f'{", ".join(map(repr, self._choices))}; return one of them')
            text = named
        cell.answer = SubmitAnswer(text, request.value, request.unit, request.evidence,
                                   request.main)
        return Done()
