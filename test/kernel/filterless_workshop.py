"""The tiny workshop on a system without seccomp filters."""

from __future__ import annotations

from tiny_workshop import open_workshop  # noqa: F401  (the nursery looks for it here)

from spatialclaw_ros.kernel import seccomp

seccomp.available = lambda: False
