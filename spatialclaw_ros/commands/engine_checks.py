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
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import EngineHost
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights.checkpoints import checkpoint_of
from spatialclaw_ros.perception.weights.checkpoints import located
from spatialclaw_ros.perception.weights.packages import how_to_install
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
        lacking = await _lacking(choice, host)
        if timed:
            for name in [name for name, problem in lacking.items() if not problem]:
                lacking[name] = await _tried(name, host)
        health = await host.health()
    finally:
        await host.close()
    states = {state.name: state for state in health.engines}
    return Checked(health, tuple(
        EngineCheck(replace(states[name], problem=problem or states[name].problem),
                    {} if choice.server else versions(name))
        for name, problem in lacking.items()))


async def _lacking(choice: Choice, host: EngineHost) -> dict[str, str]:
    """Engines asked for, each with what keeps it from running, '' where nothing is known."""
    states = {state.name: state for state in (await host.health()).engines}
    return {name: '; '.join(filter(None, (
        '' if choice.server else _missing_here(name, choice.settings), states[name].problem)))
        for name in (states if (choice.reconstruct, choice.segment) == (AUTO, AUTO)
                     else choice.models)}


def _missing_here(engine: str, settings: EngineSettings) -> str:
    """What `engine` lacks on this machine, with what mends it; '' for nothing."""
    lines = how_to_install(engine)
    if lines:
        return f'packages are missing or too old: {lines}'
    names = (settings.sam3,) if engine == SAM3 else (
        settings.depth_anything, settings.depth_anything_metric)
    return '; '.join(filter(None, (_missing_checkpoint(name, engine) for name in names)))


def _missing_checkpoint(name: str, engine: str) -> str:
    try:
        located(name, engine=engine, offline=True)
    except Unanswerable as error:
        known = checkpoint_of(name)
        if known is None or known.name != name:
            return str(error)
        return f'the weights of {name} are not here: {", then ".join(known.steps)}'
    return ''


async def _tried(engine: str, host: EngineHost) -> str:
    """Let `engine` answer twice, so that the second call tells its time; why it cannot."""
    with resources.as_file(resources.files(demo) / RECORDING) as folder:
        frame: Frame = replace(open_recording(folder).window().newest, labels=None)
    request = (SegmentText((frame.index,), (_PROMPT,), (_PROMPT,)) if engine == SAM3
               else Reconstruct((frame.index,)))
    try:
        for _ in range(2):
            await host.answer(EngineCall(engine, request, (frame,)))
    except (SpatialError, ValueError) as error:
        return str(error)
    return ''
