"""Which engines that need a network can run: on this machine, or behind an engine server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from importlib import resources

from spatialclaw_ros import demo
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.demo.recorded import RECORDING
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights.packages import versions
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.perception import Choice
from spatialclaw_ros.session.perception import host_of

#: What is asked of a segment engine to time it, of the bundled recording.
_PROMPT = 'bottle'


@dataclass(frozen=True)
class EngineCheck:
    """One engine: how it stands, and the `versions` of its packages, '' for a missing one.

    `state.problem` is why it cannot run, with what mends it. Of a server's engine the versions
    are not known.
    """

    state: EngineState
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Checked:
    """The process of the engines as it stands, and those of them that were asked for."""

    health: EngineHealth
    engines: tuple[EngineCheck, ...]


async def checked(choice: Choice, timed: bool) -> Checked:
    """How the engines of `choice` that need a network stand, all of them where nothing is chosen.

    With `timed` each one that can run is loaded and answers twice. Raises EngineDied where their
    process cannot be started or their server does not answer.
    """
    host = host_of(choice)
    try:
        health = await host.health()
        asked = [state.name for state in health.engines if state.name in choice.models
                 or (choice.reconstruct, choice.segment) == (AUTO, AUTO)]
        problems = {state.name: state.problem for state in health.engines}
        if timed:
            for name in asked:
                problems[name] = problems[name] or await _tried(name, host)
            health = await host.health()
    finally:
        await host.close()
    return Checked(health, tuple(
        EngineCheck(replace(state, problem=problems[state.name] or state.problem),
                    {} if choice.server else versions(state.name))
        for state in health.engines if state.name in asked))


async def _tried(engine: str, host: EngineHost) -> str:
    """Let `engine` answer of two images, so that the second call tells its time; why it cannot."""
    with resources.as_file(resources.files(demo) / RECORDING) as folder:
        frame: Frame = replace(open_recording(folder).window().newest, labels=None)
    # An image that was seen before may take no time at all.
    darker = replace(frame, image=frame.image - frame.image // 8)
    request = (SegmentText((frame.index,), (_PROMPT,), (_PROMPT,)) if engine == SAM3
               else Reconstruct((frame.index,)))
    try:
        for one in (frame, darker):
            await host.answer(EngineCall(engine, request, (one,)))
    except Exception as error:  # whatever it raises keeps it from running
        return str(error) or type(error).__name__
    return ''
