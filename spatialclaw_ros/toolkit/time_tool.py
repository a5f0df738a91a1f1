"""tools.Time: frame numbers and seconds."""

from __future__ import annotations

from typing import Any

from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.guided import guided


@guided
class TimeTool:
    """Frame numbers ↔ seconds, by the frames' own stamps, from the first of them."""

    def __init__(self, stamps: dict[int, float]) -> None:
        """`stamps`: frame number → seconds."""
        self._stamps = dict(sorted(stamps.items()))
        self._first = min(stamps.values(), default=0.0)

    def frame_to_seconds(self, frame_index: Any) -> float:
        """Seconds of a frame since the first (the nearest frame when it is absent)."""
        number = frame_number(frame_index)
        if not self._stamps:
            raise ValueError('there are no frames')
        return self._stamps[min(self._stamps, key=lambda f: abs(f - number))] - self._first

    def seconds_to_frame(self, seconds: float) -> int:
        """Number of the frame nearest to `seconds` after the first."""
        if not self._stamps:
            raise ValueError('there are no frames')
        return min(self._stamps, key=lambda f: abs(self._stamps[f] - self._first - float(seconds)))

    get_frame_at_time = seconds_to_frame

    def frame_range_to_seconds(self, start_frame: Any, end_frame: Any) -> float:
        """Seconds between two frames."""
        return self.frame_to_seconds(end_frame) - self.frame_to_seconds(start_frame)
