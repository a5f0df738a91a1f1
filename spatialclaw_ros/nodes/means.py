"""What every query of a node may use, read from its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rclpy.node import Node

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.connect import model_client
from spatialclaw_ros.nodes.described import value_of


@dataclass(frozen=True, eq=False)
class Means:
    """Limits of its kernel, folder of its transcript, the model if there is one, its budget."""

    limits: Limits
    transcripts: Path | None
    model: ModelClient | None
    budget: Budget


def means_of(node: Node) -> Means:
    """The means that the parameters give; SpatialError where they name a model that cannot be."""
    folder = value_of(node, 'transcripts')
    return Means(
        Limits(cell_seconds=value_of(node, 'kernel.cell_seconds'),
               arena_bytes=value_of(node, 'kernel.arena_megabytes') << 20,
               sandbox=value_of(node, 'kernel.sandbox')),
        Path(folder).expanduser() if folder else None,
        model_client(*(value_of(node, f'model.{name}') for name in (
            'url', 'name', 'profile', 'key_variable'))),
        Budget(failures=value_of(node, 'max_failures'), tokens=value_of(node, 'max_tokens'),
               images=value_of(node, 'max_images')))
