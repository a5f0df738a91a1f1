"""The tiny workshop in a nursery whose kernels get no walls: what attacks would do without."""

from __future__ import annotations

from tiny_workshop import open_workshop  # noqa: F401  (the nursery looks for it here)

from spatialclaw_ros.kernel import walls


def _no_walls(policy: str, site: walls.Site) -> walls.Walls:
    walls._enter(site.scratch)
    return walls.Walls(('none',), (), None)


walls.raise_walls = _no_walls
