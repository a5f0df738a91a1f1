"""The `spatialclaw` command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys

from spatialclaw_ros import __version__
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.starting import ctrl_c_exits

#: Exit status after Ctrl-C, that of shells.
_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The command line of `spatialclaw`."""
    with ctrl_c_exits(_INTERRUPTED):
        from spatialclaw_ros.commands import ask
        from spatialclaw_ros.commands import demo
        from spatialclaw_ros.commands import doctor
        from spatialclaw_ros.commands import eval as evaluate
        from spatialclaw_ros.commands import kernel
        from spatialclaw_ros.commands import models
        from spatialclaw_ros.commands import replay
        from spatialclaw_ros.commands import report
        from spatialclaw_ros.commands import serve
        from spatialclaw_ros.commands import simulate

    top = argparse.ArgumentParser(
        prog='spatialclaw',
        description='Spatial questions about what a robot sees, answered with geometry.')
    top.add_argument('--version', action='version', version=__version__)
    commands = top.add_subparsers(required=True, metavar='COMMAND')
    for command in (ask, evaluate, replay, report, kernel, serve, models, simulate, demo, doctor):
        command.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; its exit status, 2 for a source that cannot be read."""
    try:
        args = parser().parse_args(arguments)
        return int(args.run(args))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (SpatialError, OSError, ValueError, RuntimeError) as error:
        print(f'spatialclaw: {error}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
