"""The engines that were chosen, for every query of a node or a command."""

from __future__ import annotations

from dataclasses import dataclass

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.engine import ENGINES
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.process.host import EngineProcess
from spatialclaw_ros.perception.select import DEPTH_CAMERA
from spatialclaw_ros.perception.select import HOST_SEGMENT
from spatialclaw_ros.perception.select import segment_engine
from spatialclaw_ros.perception.web.client import RemoteEngines
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.engines import HereReconstruct
from spatialclaw_ros.session.engines import HereSegment
from spatialclaw_ros.session.engines import ModelReconstruct
from spatialclaw_ros.session.engines import ModelSegment
from spatialclaw_ros.session.engines import ReconstructEngine
from spatialclaw_ros.session.engines import SegmentEngine

AUTO = 'auto'
#: What each choice may be; 'auto' takes what the frames came with.
RECONSTRUCT = (AUTO, DEPTH_CAMERA.name, DEPTH_ANYTHING, FUSED)
SEGMENT = (AUTO, *HOST_SEGMENT, SAM3)


@dataclass(frozen=True)
class Choice:
    """Which engines answer, and where those run that need a network.

    `server` is the URL of a `spatialclaw serve`; without one they run in a child process, as
    `settings` say. A call may take `call_seconds`.
    """

    reconstruct: str = AUTO
    segment: str = AUTO
    server: str = ''
    settings: EngineSettings = EngineSettings()
    call_seconds: float = 300.0

    def __post_init__(self) -> None:
        """Refuse an engine that there is not."""
        for what, name, known in (('reconstruct', self.reconstruct, RECONSTRUCT),
                                  ('segment', self.segment, SEGMENT)):
            if name not in known:
                raise BadGoal(f'{what} engine {name!r} is not known; there are {", ".join(known)}')

    @property
    def models(self) -> tuple[str, ...]:
        """Those of the engines that run a network."""
        return tuple(name for name in (self.reconstruct, self.segment) if name in ENGINES)

    @property
    def shown(self) -> str:
        """The choice in words, for people."""
        words = f'{self.reconstruct} and {self.segment}'
        if self.models:
            return f'{words} by {self.server or "a child process"}'
        return f'{words}, none of which runs by {self.server}' if self.server else words


class Perception:
    """Gives each query its engines; model engines are loaded once and kept. Close it at the end."""

    def __init__(self, choice: Choice = Choice()) -> None:
        """Take the engines of `choice`; nothing is started or loaded before the first call."""
        self.choice = choice
        self._host = host_of(choice) if choice.models or choice.server else None
        self._reconstruct: ReconstructEngine = HereReconstruct(DEPTH_CAMERA)
        self._segment: SegmentEngine | None = None
        if self._host is not None and choice.reconstruct in choice.models:
            self._reconstruct = ModelReconstruct(choice.reconstruct, self._host)
        if self._host is not None and choice.segment in choice.models:
            self._segment = ModelSegment(choice.segment, self._host)

    def engines_for(self, window: FrameWindow) -> Engines:
        """The engines for the frames of `window`."""
        if self._segment is not None:
            return Engines(self._reconstruct, self._segment)
        name = None if self.choice.segment == AUTO else self.choice.segment
        return Engines(self._reconstruct, HereSegment(segment_engine(window, name)))

    async def load(self) -> tuple[EngineState, ...]:
        """Load the networks of the chosen engines, which the first query else has to wait for.

        What keeps one from running is the problem of its state.
        """
        return tuple([await self._loaded(name) for name in self.choice.models])

    async def _loaded(self, name: str) -> EngineState:
        assert self._host is not None
        try:
            reply = await self._host.answer(EngineCall(name, Load()))
        except Exception as error:  # whatever an engine raises keeps it from running
            return EngineState(name, '', '', is_loaded=False, problem=str(error))
        if not isinstance(reply, EngineState):
            raise RuntimeError(f'the engine replied {type(reply).__name__}, not EngineState')
        return reply

    async def health(self) -> EngineHealth | None:
        """How the model engines stand; None where none was chosen."""
        return None if self._host is None else await self._host.health()

    async def close(self) -> None:
        """End the process of the model engines."""
        if self._host is not None:
            await self._host.close()


def host_of(choice: Choice) -> EngineHost:
    """Where the model engines of `choice` run: its server, or else a child process."""
    if choice.server:
        return RemoteEngines(choice.server, call_seconds=choice.call_seconds)
    return EngineProcess(choice.settings, call_seconds=choice.call_seconds)


def engines_for(window: FrameWindow) -> Engines:
    """The engines that suit what the frames of `window` came with; none runs a network."""
    return Perception().engines_for(window)
