"""Everything that a text names: in one image, or in the frames of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import numpy as np

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.instances import CANDIDATES
from spatialclaw_ros.perception.sam3.instances import Instances
from spatialclaw_ros.perception.sam3.instances import instances
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.network import Text
from spatialclaw_ros.perception.sam3.outline import outlined
from spatialclaw_ros.scene import Frame

#: A candidate that overlaps a mask's box by this much shows what was found.
_SHOWN = 0.5
#: So many frames are told by number.
_LISTED = 8
#: Why what scored above the threshold is not shown.
EMPTY = 'its mask is empty'
FLEETING = 'it does not last in the frames followed from there: ask for that image alone'


@dataclass
class Search:
    """One prompt and what came of it.

    `shown` are the boxes of what was found, by frame; it was found `elsewhere` too, in frames that
    no masks are asked of. `rejected` is the best score at or below the threshold, `near` what of
    it came near, in the frames `looked` at. `dropped` is the best of what scored above it and is
    not shown for all that: score, frame and why.
    """

    text: Text
    label: str
    threshold: float
    rejected: float = 0.0
    shown: dict[int, list[Box2D]] = field(default_factory=dict)
    near: list[Candidate] = field(default_factory=list)
    looked: set[int] = field(default_factory=set)
    elsewhere: set[int] = field(default_factory=set)
    dropped: tuple[float, int, str] | None = None

    def look(self, frame: Frame, seen: Instances) -> None:
        """Remember what of `seen` in `frame` was not found, the first time."""
        if frame.index in self.looked:
            return
        self.looked.add(frame.index)
        self.rejected = max(self.rejected, seen.rejected)
        if seen.empty:
            self.drop(frame, seen.empty, EMPTY)
        whole = Resizing((frame.camera.width, frame.camera.height), (1, 1))
        for box, score in zip(seen.boxes[seen.found:], seen.scores[seen.found:], strict=True):
            x1, y1, x2, y2 = map(float, box)
            x1, y1, x2, y2 = whole.box_back((x1, y1, x2, y2))
            if x1 < x2 and y1 < y2:
                self.near.append(
                    Candidate(self.label, float(score), frame.index, (x1, y1, x2, y2)))

    def add(self, job: Job, frame: Frame, number: int, mask: Mask) -> None:
        """Add `mask`, which this search found in `frame`, to the reply."""
        if job.asks_for(frame):
            job.add(frame, number, self.label, mask)
            self.shown.setdefault(frame.index, []).append(mask.box)
        else:
            self.elsewhere.add(frame.index)

    def drop(self, frame: Frame, score: float, why: str) -> None:
        """Remember what scored `score`, above the threshold, in `frame`, and is not shown."""
        if self.dropped is None or score >= self.dropped[0]:
            self.dropped = score, frame.index, why

    def tell(self, job: Job) -> None:
        """Add the best candidates to the reply, and the reason where nothing was found."""
        best = sorted((near for near in self.near if not self._is_shown(near)),
                      key=lambda near: -near.score)
        job.candidates += best[:CANDIDATES]
        if not self.shown:
            numbers = [frame.index for frame in job.frames if job.asks_for(frame)]
            where = str(numbers) if len(numbers) <= _LISTED else f'{numbers[0]} to {numbers[-1]}'
            job.reasons.append(
                f'{self.text.prompt!r} was not found in frames {where}: {self._reason()}')

    def _reason(self) -> str:
        if self.elsewhere:
            return f'it is seen in frames {sorted(self.elsewhere)} only, which are not asked for'
        if self.dropped is not None:
            score, frame, why = self.dropped
            return (f'the best match scores {score:.2f} in frame {frame}, above the threshold of '
                    f'{self.threshold:g}, but {why}')
        return f'the best match scores {self.rejected:.2f}, the threshold is {self.threshold:g}'

    def _is_shown(self, near: Candidate) -> bool:
        """Whether `near` is what a mask in its frame shows."""
        if near.frame is None or near.box is None:
            return False
        return any(_box_overlap(near.box, box) > _SHOWN for box in self.shown.get(near.frame, ()))


def _box_overlap(a: Box2D, b: Box2D) -> float:
    """Intersection over union of two boxes."""
    sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1)]
    common = max(sides[0], 0.0) * max(sides[1], 0.0)
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return common / (areas - common)


def search_image(job: Job, frame: Frame, searches: Sequence[Search]) -> None:
    """Add every instance of each prompt in `frame`, an object number each."""
    network = job.network
    view = network.detector_view(network.features.of(frame.image))
    for search in searches:
        job.go_on()
        output = network.detect(view, search.text)
        seen = instances(output, search.threshold)
        search.look(frame, seen)
        logits = [output.pred_masks[0, int(query)].float().cpu().numpy()
                  for query in seen.queries[:seen.found]]
        masks = apart(frame, logits, seen.scores)
        for mask, score in zip(masks, seen.scores[:seen.found], strict=True):
            if mask is None:
                search.drop(frame, float(score), EMPTY)
            else:
                search.add(job, frame, job.new_object(), mask)


def apart(frame: Frame, logits: Sequence[np.ndarray], scores: Sequence[float] | np.ndarray
          ) -> list[Mask | None]:
    """Masks of one prompt in one frame, best score first; a pixel is of the first that has it."""
    size = (frame.camera.width, frame.camera.height)
    taken = np.zeros(size[::-1], bool)
    masks = []
    for one, score in zip(logits, scores, strict=False):
        mask = outlined(one, size, float(score), taken=taken)
        if mask is not None:
            taken |= mask.full(size[::-1])
        masks.append(mask)
    return masks
