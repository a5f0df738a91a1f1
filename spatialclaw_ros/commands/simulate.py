"""`spatialclaw simulate`: a simulated scene as a recording with questions and their truth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add `simulate` to the sub-commands."""
    parser = commands.add_parser('simulate', help='write a simulated recording with its truth')
    parser.add_argument('--scene', required=True, metavar='NAME', help='room or tabletop')
    parser.add_argument('--seed', type=int, default=0, metavar='N')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the recording; ray casting needs open3d."""
    from spatialclaw_ros.simulation.export import simulate
    simulate(args.scene, args.seed, args.out)
    print(args.out)
    return 0
