"""The frames of the last seconds, bounded by memory and time; safe to use from any thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import threading

from spatialclaw_ros.scene.capture import Capture
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame import Frame

_NANOSECONDS = 1_000_000_000
_MEGABYTE = 1 << 20


class RateGate:
    """Lets through at most `rate` stamps a second; 0 lets all through."""

    def __init__(self, rate: float) -> None:
        """`rate` in hertz."""
        self._period = int(_NANOSECONDS / rate) if rate > 0 else 0
        self._due: int | None = None

    def admits(self, stamp: int) -> bool:
        """Whether a message stamped `stamp` (ns) is due.

        The next due time moves by whole periods and an eighth of a period early is on time, so
        that neither jitter nor an input slightly faster than the rate halves what gets through.
        """
        if self._period == 0:
            return True
        if self._due is None or not -self._period <= stamp - self._due < self._period:
            self._due = stamp + self._period
            return True
        if stamp - self._due < -self._period // 8:
            return False
        self._due += self._period
        return True

    def reset(self) -> None:
        """Let the next stamp through, whatever it is."""
        self._due = None


@dataclass(frozen=True)
class RingState:
    """How full the ring is: megabytes with conversions, and seconds from oldest to newest."""

    frames: int
    megabytes: float
    seconds: float
    evicted: int


class FrameRing:
    """Captures in order of arrival, the oldest dropped first.

    Holds at most `megabytes` (conversions included) and `seconds` of stamps. A frame in use by a
    query lives on with the query after the ring has dropped it.
    """

    def __init__(self, megabytes: float, seconds: float) -> None:
        """Both bounds must be positive; the newest frame is always kept."""
        if not (megabytes > 0 and seconds > 0):
            raise ValueError(f'ring of {megabytes} MB and {seconds} s: both must be positive')
        self._bytes = int(megabytes * _MEGABYTE)
        self._span = int(seconds * _NANOSECONDS)
        self._captures: deque[Capture] = deque()
        self._lock = threading.Lock()
        self._next_index = 0
        self._evicted = 0

    def add(self, sighting: Sighting) -> Capture:
        """Copy `sighting` into the ring under the next frame number."""
        with self._lock:
            index = self._next_index
            self._next_index += 1
        capture = Capture(index, sighting)
        with self._lock:
            self._captures.append(capture)
            self._trim()
        return capture

    def frame(self, capture: Capture) -> Frame:
        """The frame of `capture`; what its conversion takes counts against the ring."""
        frame = capture.frame()
        with self._lock:
            self._trim()
        return frame

    def flush(self) -> int:
        """Drop everything, as after a backward jump of the clock; returns how many there were."""
        with self._lock:
            dropped = len(self._captures)
            self._captures.clear()
        return dropped

    def newest(self, cameras: Sequence[str] = (), not_after: int | None = None,
               after: int | None = None) -> list[Capture]:
        """The newest capture of each of `cameras` (all when empty), oldest first.

        Only stamps up to `not_after` and later than `after` (ns) count.
        """
        newest: dict[str, Capture] = {}
        for capture in self.between(after, not_after, cameras):
            newest[capture.camera.name] = capture
        return sorted(newest.values(), key=_order)

    def newest_whole(self, cameras: Sequence[str] = (), not_after: int | None = None,
                     after: int | None = None) -> list[Capture]:
        """As `newest`, but one that lost its labels or detections gives way to a whole one.

        That may be a second older; where there is none, the newest stays.
        """
        chosen = {capture.camera.name: capture
                  for capture in self.newest(cameras, not_after, after)}
        oldest = {name: capture.stamp - _NANOSECONDS for name, capture in chosen.items()}
        for capture in self.between(after, not_after, cameras):
            if capture.is_whole and capture.stamp >= oldest[capture.camera.name]:
                chosen[capture.camera.name] = capture
        return sorted(chosen.values(), key=_order)

    def between(self, after: int | None, not_after: int | None,
                cameras: Sequence[str] = ()) -> list[Capture]:
        """Captures of `cameras` with after < stamp <= not_after (ns), oldest first."""
        with self._lock:
            captures = list(self._captures)
        return sorted((
            capture for capture in captures
            if (not cameras or capture.camera.name in cameras)
            and (after is None or capture.stamp > after)
            and (not_after is None or capture.stamp <= not_after)), key=_order)

    def state(self) -> RingState:
        """How full the ring is."""
        with self._lock:
            stamps = [capture.stamp for capture in self._captures]
            held = sum(capture.nbytes for capture in self._captures)
            span = (max(stamps) - min(stamps)) / _NANOSECONDS if stamps else 0.0
            return RingState(len(stamps), held / _MEGABYTE, span, self._evicted)

    def _trim(self) -> None:
        newest = max((capture.stamp for capture in self._captures), default=0)
        held = sum(capture.nbytes for capture in self._captures)
        while len(self._captures) > 1 and (
                held > self._bytes or newest - self._captures[0].stamp > self._span):
            held -= self._captures.popleft().nbytes
            self._evicted += 1


def _order(capture: Capture) -> tuple[int, int]:
    return capture.stamp, capture.index
