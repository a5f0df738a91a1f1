"""The model engines of one process."""

from __future__ import annotations

from dataclasses import replace
import threading
import traceback
from typing import cast
from typing import TYPE_CHECKING

from spatialclaw_ros import __version__
from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.device import device_of
from spatialclaw_ros.perception.device import memory_of
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import ENGINES
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.engine import ModelEngine
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights.checkpoints import lacking

if TYPE_CHECKING:
    from spatialclaw_ros.perception.depth_anything.engine import DepthAnything

#: What an engine raises in the course of things; anything else is a fault that is worth a trace.
_EXPECTED = (SpatialError, ValueError, CallCancelled)


def never() -> bool:
    """Nobody gives up: for a caller that cannot."""
    return False


class EngineRoom:
    """Holds the model engines, each made when it is first asked for, and kept.

    Its constructor takes plain data and `answer` is one plain method, so that a deployment of Ray
    Serve can wrap it unchanged. One thread asks; `health` may be asked by another meanwhile.
    """

    def __init__(self, settings: EngineSettings) -> None:
        """Nothing is loaded yet."""
        self._settings = settings
        self._engines: dict[str, ModelEngine] = {}
        self._making = threading.RLock()

    def answer(self, call: EngineCall, cancelled: Cancelled = never) -> EngineReply | Failed:
        """Answer `call`; whatever its engine raises, and an unknown engine, becomes Failed."""
        try:
            engine = self._engine(call.engine)
            if isinstance(call.request, Load):
                engine.load()
                return engine.state()
            return engine.answer(call, cancelled)
        except (ImportError, OSError) as error:  # a package that is broken, or cannot be mapped
            return failed_of(Unanswerable(
                f'engine {call.engine!r} cannot run here: {" ".join(str(error).split())}; '
                '`spatialclaw doctor --models` shows its packages and the free memory'))
        except Exception as error:
            if not isinstance(error, _EXPECTED):
                traceback.print_exc()
            return failed_of(error)

    def health(self, waiting: int) -> EngineHealth:
        """How the engines stand while `waiting` calls wait or run; imports torch, loads nothing.

        What keeps the device from being used is told as the problem of every engine.
        """
        device, problem = self._settings.device, ''
        memory = memory_free = 0
        try:
            found = device_of(self._settings)
            device, (memory, memory_free) = str(found), memory_of(found)
        except Exception as error:
            problem = str(error)
        states = tuple(self._state(name, problem) for name in ENGINES)
        return EngineHealth(__version__, device, memory, memory_free, waiting, states)

    def _engine(self, name: str) -> ModelEngine:
        with self._making:
            if name not in self._engines:
                self._engines[name] = self._made(name)
            return self._engines[name]

    def _made(self, name: str) -> ModelEngine:
        if name == SAM3:
            from spatialclaw_ros.perception.sam3.engine import Sam3
            return Sam3(self._settings)
        if name == DEPTH_ANYTHING:
            from spatialclaw_ros.perception.depth_anything.engine import DepthAnything
            return DepthAnything(self._settings)
        if name == FUSED:
            from spatialclaw_ros.perception.fusion.engine import Fused
            return Fused(cast('DepthAnything', self._engine(DEPTH_ANYTHING)))
        raise Unanswerable(f'engine {name!r} runs no network here; there are {", ".join(ENGINES)}')

    def _state(self, name: str, problem: str) -> EngineState:
        """How the engine stands: what kept it from being loaded, or would, and the `problem`."""
        try:
            state = self._engine(name).state()
        except Exception as error:
            return EngineState(name, '', '', is_loaded=False, problem=problem or str(error))
        if not (state.is_loaded or state.problem):
            state = replace(state, problem=lacking(name, self._settings))
        return replace(state, problem='; '.join(filter(None, (state.problem, problem))))
