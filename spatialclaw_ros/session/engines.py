"""What a session asks its engines and its model, and the bounded workers they run behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
import threading
from typing import Protocol
from typing import TypeVar

import numpy as np

from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.perception import select
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

T = TypeVar('T')


class ReconstructEngine(Protocol):
    """Finds depth and pose of frames."""

    @property
    def name(self) -> str:
        """Name of the engine, as in the configuration."""

    def reconstruct(self, frames: Sequence[Frame]) -> Reconstructed:
        """Geometry of `frames`; raises a SpatialError for what cannot be done."""


class SegmentEngine(Protocol):
    """Finds masks of objects."""

    @property
    def name(self) -> str:
        """Name of the engine, as in the configuration."""

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...] | None:
        """Names that can be asked for in `frames`; None when any text can."""

    def segment_text(self, request: SegmentText, frames: Sequence[Frame]) -> Segmented:
        """Every instance of each prompt in `frames`."""

    def segment_boxes(self, request: SegmentBoxes, frames: Sequence[Frame]) -> Segmented:
        """The object in each box."""

    def segment_points(self, request: SegmentPoints, frames: Sequence[Frame]) -> Segmented:
        """The object at each list of points."""


class VisionModel(Protocol):
    """A vision-language model, for `vlm` in a cell."""

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        """The model's text; `kind` is 'locate' or 'ask'. Raises after its own retries."""


class Worker:
    """One thread that runs one engine's calls in turn; what is too much is refused.

    A call whose awaiter is cancelled runs on unseen and keeps its place until it ends.
    """

    def __init__(self, name: str, most: int = 8) -> None:
        """At most `most` calls wait or run at a time."""
        self._name, self._most = name, most
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f'engine-{name}')
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Calls that wait or run, abandoned ones included."""
        return self._taken

    async def run(self, call: Callable[[], T]) -> T:
        """Result of `call()` on the worker's thread; raises Busy when it is full."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(f'engine {self._name!r} has {self._taken} calls to do; try again later')
            self._taken += 1
        future = self._executor.submit(call)
        future.add_done_callback(lambda _: self._free())
        return await asyncio.wrap_future(future)

    def _free(self) -> None:
        with self._lock:
            self._taken -= 1


@dataclass(frozen=True)
class Engines:
    """The engines of a query, or of many queries at once; each has one worker."""

    reconstruct: ReconstructEngine
    segment: SegmentEngine

    @cached_property
    def reconstruct_worker(self) -> Worker:
        """Runs the calls of `reconstruct`."""
        return Worker(self.reconstruct.name)

    @cached_property
    def segment_worker(self) -> Worker:
        """Runs the calls of `segment`."""
        return Worker(self.segment.name)


def engines_for(window: FrameWindow) -> Engines:
    """The engines that suit what the frames of `window` came with."""
    return Engines(*select.engines_for(window))
