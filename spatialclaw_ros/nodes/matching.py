"""Messages of one moment, brought together by their stamps. No ROS needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

#: How long an image waits for intrinsics of its own stamp while older ones are there, seconds.
_SETTLING = 0.05


@dataclass(frozen=True)
class Companion:
    """A topic that goes with the image; without a `required` one the image is dropped.

    `slop` is the largest difference of stamps, ns; None where any message will do, if
    none of the image's own stamp comes soon (intrinsics).
    """

    name: str
    slop: int | None
    required: bool


@dataclass
class Moment:
    """An image and what was found to go with it."""

    stamp: int
    message: Any
    arrived: float
    deadline: float
    partners: dict[str, Any] = field(default_factory=dict)
    skew: int = 0


class StampMatcher:
    """Finds, for each image, the nearest message of every companion topic.

    A partner is settled when its stamp is the image's, or when the topic has gone past the
    image, so that nothing nearer can come. Every queue is bounded.
    """

    def __init__(self, companions: tuple[Companion, ...], wait: float, queue: int) -> None:
        """`wait` seconds an image waits for what is missing; `queue` messages per topic."""
        self._companions = companions
        self._wait = wait
        self._pending: deque[Moment] = deque()
        self._limit = queue
        self._queues: Mapping[str, deque[tuple[int, Any]]] = {
            companion.name: deque(maxlen=queue) for companion in companions}

    def add_image(self, stamp: int, message: Any, now: float) -> list[tuple[Moment, str]]:
        """Let an image wait from `now` (steady seconds) on; returns those pushed out, with why."""
        pushed = []
        if len(self._pending) >= self._limit:
            pushed.append((self._pending.popleft(), 'too many images wait to be matched'))
        self._pending.append(Moment(stamp, message, now, now + self._wait))
        return pushed

    def add_companion(self, name: str, stamp: int, message: Any) -> None:
        """Remember a message of companion topic `name`."""
        self._queues[name].append((stamp, message))

    def ready(self, now: float) -> tuple[list[Moment], list[tuple[Moment, str]]]:
        """Moments that are complete or as complete as they get, and those dropped, with why."""
        complete, dropped, waiting = [], [], deque[Moment]()
        for moment in self._pending:
            overdue = now >= moment.deadline
            missing = [c for c in self._companions if not self._match(moment, c, now, overdue)]
            if not missing:
                complete.append(moment)
            elif not overdue:
                waiting.append(moment)
            elif any(companion.required for companion in missing):
                name = next(c.name for c in missing if c.required)
                dropped.append((moment, self._why_missing(name)))
            else:
                complete.append(moment)
        self._pending = waiting
        return complete, dropped

    def clear(self) -> None:
        """Forget everything, as after a backward jump of the clock."""
        self._pending.clear()
        for queue in self._queues.values():
            queue.clear()

    def _match(self, moment: Moment, companion: Companion, now: float,
               overdue: bool) -> bool:
        if companion.name in moment.partners:
            return True
        queue = self._queues[companion.name]
        if not queue:
            return False
        stamp, message = min(queue, key=lambda entry: abs(entry[0] - moment.stamp))
        skew = abs(stamp - moment.stamp)
        if companion.slop is None:
            overdue = overdue or now >= moment.arrived + _SETTLING
        elif skew > companion.slop:
            return False
        if skew and not overdue and max(entry[0] for entry in queue) < moment.stamp:
            return False
        moment.partners[companion.name] = message
        moment.skew = max(moment.skew, 0 if companion.slop is None else skew)
        return True

    def _why_missing(self, name: str) -> str:
        return f'no {name} within the slop' if self._queues[name] else f'no {name}'
