"""What `ros2 run` starts: each node's main, from whose first line on Ctrl-C ends it cleanly."""

from __future__ import annotations

from importlib import import_module

from spatialclaw_ros.starting import ctrl_c_exits


def server() -> int:
    """Run the server of spatial questions."""
    return _main_of('serve')


def player() -> int:
    """Play a recording as topics."""
    return _main_of('player')


def simulator() -> int:
    """Simulate a camera as topics."""
    return _main_of('simulator')


def _main_of(module: str) -> int:
    with ctrl_c_exits(0):
        main = import_module(f'spatialclaw_ros.nodes.{module}').main
    return int(main())
