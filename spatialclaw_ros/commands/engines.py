"""Which perception engines a command uses, and where their networks run."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import math

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.perception.engine import ENGINES
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.session.perception import AUTO
from spatialclaw_ros.session.perception import Choice
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.perception import RECONSTRUCT
from spatialclaw_ros.session.perception import SEGMENT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose engines, and those of `add_host`."""
    group = parser.add_argument_group('perception engines')
    group.add_argument('--reconstruct', default=AUTO, choices=RECONSTRUCT,
                       help='what finds depth (default: the depth camera)')
    group.add_argument('--segment', default=AUTO, choices=SEGMENT,
                       help='what finds masks (default: regions and label images, as there are)')
    add_host(parser)


def add_host(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the engines run that need a network, and how."""
    group = parser.add_argument_group('engines that run a network')
    group.add_argument('--engine-server', default='', metavar='URL',
                       help='a running `spatialclaw serve` (default: a child process)')
    group.add_argument('--engine-seconds', type=float, default=Choice.call_seconds, metavar='S',
                       help='limit of one engine call, loading apart '
                       f'(default {Choice.call_seconds:g})')
    add_settings(group)


def add_settings(group: argparse._ActionsContainer) -> None:
    """Add the options that say how the networks run."""
    group.add_argument('--device', default=EngineSettings.device,
                       help='auto (default), cpu, cuda or cuda:N')
    group.add_argument('--precision', default=EngineSettings.precision,
                       choices=('auto', 'bfloat16', 'float16', 'float32'))
    group.add_argument('--offline', action='store_true', help='never ask the hub for a checkpoint')
    group.add_argument('--sam3', default=EngineSettings.sam3, metavar='CHECKPOINT',
                       help=f'folder or name (default {EngineSettings.sam3})')
    group.add_argument('--depth-anything', default=EngineSettings.depth_anything,
                       metavar='CHECKPOINT', help='for several frames '
                       f'(default {EngineSettings.depth_anything})')
    group.add_argument('--depth-anything-metric', default=EngineSettings.depth_anything_metric,
                       metavar='CHECKPOINT', help='for one frame '
                       f'(default {EngineSettings.depth_anything_metric})')
    group.add_argument('--views', type=int, default=EngineSettings.views, metavar='N',
                       help='most frames that Depth Anything 3 takes at a time '
                       f'(default {EngineSettings.views})')
    group.add_argument('--edge', type=int, default=EngineSettings.edge, metavar='PIXELS',
                       help='long side of the images that Depth Anything 3 takes '
                       f'(default {EngineSettings.edge})')


def settings_of(args: argparse.Namespace) -> EngineSettings:
    """How the networks run; raises BadGoal for what cannot be."""
    return EngineSettings(
        device=args.device, precision=args.precision, offline=args.offline, sam3=args.sam3,
        depth_anything=args.depth_anything, depth_anything_metric=args.depth_anything_metric,
        views=args.views, edge=args.edge)


def seconds_of(args: argparse.Namespace) -> float:
    """The limit of one call; raises BadGoal for what is none."""
    if not 0 < args.engine_seconds < math.inf:
        raise BadGoal(f'--engine-seconds is {args.engine_seconds:g}; give a positive number')
    return float(args.engine_seconds)


def choice_of(args: argparse.Namespace, reconstruct: str, segment: str) -> Choice:
    """These engines, run as the arguments say; raises BadGoal for what cannot be."""
    return Choice(reconstruct, segment, args.engine_server, settings_of(args), seconds_of(args))


@asynccontextmanager
async def perception_of(args: argparse.Namespace) -> AsyncIterator[Perception]:
    """The engines that the arguments choose, loaded where they can be; closed in the end.

    Loading may bring weights from the hub, for which there is more time than for a call; the
    first call tells what kept them from it.
    """
    choice = choice_of(args, args.reconstruct, args.segment)
    if choice.server and not choice.models:
        raise BadGoal(f'--engine-server {choice.server} runs networks, and neither --reconstruct '
                      f'{choice.reconstruct} nor --segment {choice.segment} needs one; name an '
                      f'engine that does: {", ".join(ENGINES)}')
    perception = Perception(choice)
    try:
        await perception.load()
        yield perception
    finally:
        await perception.close()
