"""Model engines: what they are asked, wherever they run.

An `EngineRoom` holds them in one process and is asked by one thread. An `EngineHost` is how the
rest of the package asks: a child process (`process`) or a server (`remote`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import Protocol

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.findings import errors

#: Names of the engines that run networks.
SAM3, DEPTH_ANYTHING, FUSED = 'sam3', 'depth_anything_3', 'fused'
ENGINES = (SAM3, DEPTH_ANYTHING, FUSED)

#: Shortest long side of an image that Depth Anything 3 is given, pixels: a few of its patches.
LEAST_EDGE = 56

#: Says whether the caller has given up; asked between frames and between passes of a network.
Cancelled = Callable[[], bool]


class CallCancelled(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class EngineSettings:
    """Which checkpoints to run, and how.

    Checkpoints are local folders or names on the Hugging Face hub; with `offline` a name must be
    in the hub's cache. `device` is 'auto', 'cpu', 'cuda' or 'cuda:N'; `precision` is 'auto'
    (bfloat16 on a GPU that has it, else float16 there, float32 on a CPU) or one of these three.
    `depth_anything` reconstructs from several frames, `depth_anything_metric` from one; at most
    `views` frames of `edge` pixels on the long side go through the network at a time.
    """

    device: str = 'auto'
    precision: str = 'auto'
    offline: bool = False
    sam3: str = 'facebook/sam3'
    depth_anything: str = 'depth-anything/DA3-BASE'
    depth_anything_metric: str = 'depth-anything/DA3METRIC-LARGE'
    views: int = 16
    edge: int = 504

    def __post_init__(self) -> None:
        """Refuse what no network could run with."""
        if not re.fullmatch(r'auto|cpu|cuda(:\d{1,3})?', self.device):
            raise errors.BadGoal(f'engine device {self.device!r}; it may be auto, cpu, cuda or '
                                 'cuda:N')
        if self.precision not in ('auto', 'bfloat16', 'float16', 'float32'):
            raise errors.BadGoal(f'engine precision {self.precision!r}; it may be auto, bfloat16, '
                                 'float16 or float32')
        if self.views < 1 or self.edge < LEAST_EDGE:
            raise errors.BadGoal(f'engine views {self.views}, edge {self.edge}: at least 1 view '
                                 f'of {LEAST_EDGE} pixels is needed')


class ModelEngine(Protocol):
    """One engine, its network loaded by `load` or at the first call, and kept."""

    def load(self) -> None:
        """Load what most calls need; raises Unanswerable where that cannot be."""

    def answer(self, call: EngineCall, cancelled: Cancelled) -> EngineReply:
        """Answer `call`; raises a SpatialError or ValueError for what cannot be done."""

    def state(self) -> EngineState:
        """How it stands, without loading anything."""


class EngineHost(Protocol):
    """Where model engines run; used on one asyncio loop."""

    async def answer(self, call: EngineCall) -> EngineReply:
        """Answer `call`; cancelling this ends the call where it runs.

        Raises what the engine raised, EngineDied when its process ended or cannot be reached,
        Busy when too many calls wait.
        """

    async def health(self) -> EngineHealth:
        """How the engines stand; raises EngineDied where nobody answers."""

    async def close(self) -> None:
        """End what was started; calls that run end with EngineDied."""
