"""What every query of a node may use, read from its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields
from pathlib import Path
from typing import Any

from rclpy.node import Node

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.connect import model_client
from spatialclaw_ros.nodes.described import value_of
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.session.perception import Choice
from spatialclaw_ros.session.perception import Perception


@dataclass(frozen=True, eq=False)
class Means:
    """Limits of its kernel, folder of its transcript, engines, the model if any, its budget."""

    limits: Limits
    transcripts: Path | None
    perception: Perception
    model: ModelClient | None
    budget: Budget

    async def close(self) -> None:
        """End the process of the engines and the connections of the model."""
        await self.perception.close()
        if self.model is not None:
            await self.model.close()


def means_of(node: Node) -> Means:
    """The means that the parameters give; SpatialError where they name a model that cannot be."""
    folder = value_of(node, 'transcripts')
    return Means(
        Limits(cell_seconds=value_of(node, 'kernel.cell_seconds'),
               arena_bytes=value_of(node, 'kernel.arena_megabytes') << 20,
               sandbox=value_of(node, 'kernel.sandbox')),
        Path(folder).expanduser() if folder else None,
        Perception(_choice_of(node)),
        model_client(*(value_of(node, f'model.{name}') for name in (
            'url', 'name', 'profile', 'key_variable'))),
        Budget(failures=value_of(node, 'max_failures'), tokens=value_of(node, 'max_tokens'),
               images=value_of(node, 'max_images')))


def _choice_of(node: Node) -> Choice:
    def get(name: str) -> Any:
        return value_of(node, f'engines.{name}')

    settings = EngineSettings(**{field.name: get(field.name) for field in fields(EngineSettings)})
    return Choice(get('reconstruct'), get('segment'), get('server'), settings, get('call_seconds'))
