"""What is wrong with a recording, and what to do about it."""

from __future__ import annotations

from spatialclaw_ros.findings.errors import BadGoal


class RecordingError(BadGoal):
    """A recording that cannot be read; the message names the file and the remedy."""
