"""One call as it is worked on: its frames, whether it is still wanted, what was found so far."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from functools import cached_property

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.network import Network
from spatialclaw_ros.scene import Frame


@dataclass
class Job:
    """What is asked of `network` in `frames`, which are in time order.

    Masks are wanted in the frames numbered `asked`; the prompt frame may be another one.
    """

    network: Network
    frames: list[Frame]
    asked: tuple[int, ...]
    cancelled: Cancelled
    masks: list[InstanceMask] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    objects: int = 0

    def go_on(self) -> None:
        """Raise CallCancelled when nobody waits any more; asked before each piece of work."""
        if self.cancelled():
            raise CallCancelled

    def new_object(self) -> int:
        """A number that no object of the reply has yet."""
        self.objects += 1
        return self.objects - 1

    def asks_for(self, frame: Frame) -> bool:
        """Whether masks of `frame` are wanted."""
        return frame.index in self._asked

    @cached_property
    def _asked(self) -> frozenset[int]:
        return frozenset(self.asked)

    def add(self, frame: Frame, number: int, label: str, mask: Mask, score: float = 1.0) -> None:
        """Reply `mask` of object `number` in `frame`, if it is asked for."""
        if self.asks_for(frame):
            self.masks.append(mask.instance(frame.index, number, label, score))

    @property
    def streams(self) -> list[list[Frame]]:
        """The frames of each camera."""
        by_camera: dict[str, list[Frame]] = {}
        for frame in self.frames:
            by_camera.setdefault(frame.camera.name, []).append(frame)
        return list(by_camera.values())

    @property
    def reply(self) -> Segmented:
        """What was found, masks in the order of objects and frames."""
        masks = sorted(self.masks, key=lambda mask: (mask.object_id, mask.frame))
        return Segmented(self.asked, tuple(masks), '; '.join(dict.fromkeys(self.reasons)),
                         tuple(self.candidates))


def nearest(stream: list[Frame], frame: Frame) -> int:
    """Position in `stream` of `frame`, or of what was taken nearest to it in time."""
    return min(range(len(stream)), key=lambda i: (
        stream[i] is not frame, abs(stream[i].stamp - frame.stamp)))
