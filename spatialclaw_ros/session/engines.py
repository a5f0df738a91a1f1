"""What a session asks its engines and its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Protocol

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentRequest
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.perception.association import merged
from spatialclaw_ros.perception.depth_camera import DepthCamera
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.select import HostSegment
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session import checks
from spatialclaw_ros.session.worker import Worker

#: Frames of a query that are sent to an engine besides those it is asked of.
_MOST_CONTEXT = 16


class ReconstructEngine(Protocol):
    """Finds depth and pose of frames."""

    @property
    def name(self) -> str:
        """Name of the engine, as in the configuration."""

    async def reconstruct(self, frames: Sequence[Frame], window: FrameWindow) -> Reconstructed:
        """Geometry of `frames`, of `window`; raises a SpatialError for what cannot be done."""


class SegmentEngine(Protocol):
    """Finds masks of objects."""

    @property
    def name(self) -> str:
        """Name of the engine, as in the configuration."""

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names that can be asked for in `frames`; None when any text can."""

    async def segment(self, request: SegmentRequest, frames: Sequence[Frame]) -> Segmented:
        """Every instance of each prompt, or the object in each box or at each list of points."""


class VisionModel(Protocol):
    """A vision-language model, for `vlm` in a cell."""

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        """The model's text; `kind` is 'locate' or 'ask'. Raises after its own retries."""


@dataclass(frozen=True)
class Engines:
    """The engines of a query."""

    reconstruct: ReconstructEngine
    segment: SegmentEngine


class HereReconstruct:
    """A reconstruct engine that runs in this process, behind a worker of its own."""

    def __init__(self, engine: DepthCamera) -> None:
        """Run the calls of `engine`."""
        self.name = engine.name
        self._engine, self._worker = engine, Worker(engine.name)

    async def reconstruct(self, frames: Sequence[Frame], window: FrameWindow) -> Reconstructed:
        """Geometry of `frames`; raises Busy when too many calls wait."""
        del window
        return await self._worker.run(lambda: self._engine.reconstruct(frames))


class HereSegment:
    """A segment engine that runs in this process, behind a worker of its own."""

    def __init__(self, engine: HostSegment) -> None:
        """Run the calls of `engine`."""
        self.name = engine.name
        self._engine, self._worker = engine, Worker(engine.name)

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names that can be asked for in `frames`."""
        return self._engine.vocabulary(frames)

    async def segment(self, request: SegmentRequest, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects asked for; raises Busy when too many calls wait."""
        return await self._worker.run(lambda: self._answer(request, frames))

    def _answer(self, request: SegmentRequest, frames: Sequence[Frame]) -> Segmented:
        if isinstance(request, SegmentText):
            return self._engine.segment_text(request, frames)
        if isinstance(request, SegmentBoxes):
            return self._engine.segment_boxes(request, frames)
        return self._engine.segment_points(request, frames)


@dataclass(frozen=True)
class ModelReconstruct:
    """A reconstruct engine of an engine host, called `name` there."""

    name: str
    host: EngineHost

    async def reconstruct(self, frames: Sequence[Frame], window: FrameWindow) -> Reconstructed:
        """Geometry of `frames`; raises EngineDied where the host's process ended."""
        reply = await self.host.answer(EngineCall(
            self.name, Reconstruct(tuple(frame.index for frame in frames)),
            tuple(replace(frame, labels=None) for frame in _needed(frames, window)), window.up))
        return checks.reconstruction_of(reply, frames)


def _needed(frames: Sequence[Frame], window: FrameWindow) -> Sequence[Frame]:
    """What an engine must see to reconstruct `frames`, in time order.

    Those frames alone where depth and pose were measured. Else others tell of their scale and of
    where they lie: some all over the window, and the newest, whose camera is the world without
    poses.
    """
    if all(frame.depth is not None and frame.camera_to_world is not None for frame in frames):
        return frames
    told = {frame.index for frame in (
        *frames, *spread_out(window.frames, _MOST_CONTEXT), window.newest)}
    return [frame for frame in window.frames if frame.index in told]


class ModelSegment:
    """A segment engine of an engine host, called `name` there; it takes any text."""

    def __init__(self, name: str, host: EngineHost) -> None:
        """Ask `host`; which masks show one object is found by a worker of its own."""
        self.name = name
        self._host, self._worker = host, Worker(f'{name}, association')

    def vocabulary(self, frames: Sequence[Frame]) -> None:
        """None: any text can be asked for."""
        del frames

    async def segment(self, request: SegmentRequest, frames: Sequence[Frame]) -> Segmented:
        """Masks of the objects asked for, each object with one number in all frames.

        Raises EngineDied where the host's process ended, Busy when too many calls wait.
        """
        reply = await self._host.answer(EngineCall(
            self.name, request,
            tuple(replace(frame, labels=None, depth=None) for frame in frames)))
        found = checks.segmentation_of(reply, frames)
        return await self._worker.run(lambda: merged(found, frames))
