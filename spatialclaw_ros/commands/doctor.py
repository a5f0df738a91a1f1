"""`spatialclaw doctor`: what this system can do, and what it lacks."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.kernel.walls import OPERATORS_CHOICE
from spatialclaw_ros.session.session import TOOLKIT


def add_parser(commands: Any) -> None:
    """Add `doctor` to the sub-commands."""
    parser = commands.add_parser(
        'doctor', help='say which walls guard the kernel here',
        description='Start the kernel nursery and raise every wall there is, as a query would.')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 where the default policy, strict, would refuse to run."""
    del args
    words, missing = asyncio.run(_walls())
    print(f'walls about the kernel: {words or "none"}')
    print(f'missing: {missing}. {OPERATORS_CHOICE}' if missing else
          'kernel.sandbox strict: every wall that it needs is up')
    return 1 if missing else 0


async def _walls() -> tuple[str, str]:
    nursery = await Nursery.start(TOOLKIT)
    try:
        return nursery.sandbox, nursery.missing
    finally:
        await nursery.close()
