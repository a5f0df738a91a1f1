"""What the tests ask of SAM 3, and of which frames: a disc that moves past a square."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import cv2
import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentRequest
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import ModelEngine
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region
from spatialclaw_ros.session.checks import segmentation_of

#: Boxes about the disc of the first frames, and about the square.
DISC, SQUARE = (20.0, 30.0, 80.0, 90.0), (100.0, 20.0, 150.0, 70.0)
#: A threshold that some detections of the tiny checkpoint pass and others do not.
SOME = 0.3


def view(index: int, camera: str = 'camera', size: tuple[int, int] = (160, 120),
         regions: tuple[Region, ...] = (), image: np.ndarray | None = None) -> Frame:
    """Frame `index` of `size` (width, height), a tenth of a second after the one before it."""
    width, height = size
    matrix = np.array([[200, 0, width / 2], [0, 200, height / 2], [0, 0, 1.0]])
    if image is None:
        image = np.full((height, width, 3), 90, np.uint8)
        cv2.circle(image, (width // 4 + 4 * index, height // 2), height // 5, (250, 90, 90), -1)
        cv2.rectangle(image, (width * 2 // 3, height // 6), (width - 8, height * 3 // 5),
                      (30, 40, 220), -1)
    return Frame(index, index * 10**8, Camera(camera, camera, width, height, matrix), image,
                 regions=regions)


def ask(engine: ModelEngine, request: SegmentRequest, frames: list[Frame],
        cancelled: Cancelled = lambda: False) -> Segmented:
    """The engine's reply to `request` about `frames`."""
    reply = engine.answer(EngineCall('sam3', request, tuple(frames)), cancelled)
    assert isinstance(reply, Segmented)
    return reply


def text(*prompts: str, frames: Iterable[int] = (0,), threshold: float = SOME,
         prompt_frame: int | None = None, labels: tuple[str, ...] = ()) -> SegmentText:
    """Ask for what `prompts` name in `frames`."""
    return SegmentText(tuple(frames), prompts, labels or prompts, threshold, prompt_frame)


def boxes(*given: Box2D, frames: Iterable[int] = (0,), prompt_frame: int = 0) -> SegmentBoxes:
    """Ask for the things in the boxes `given` on `prompt_frame`."""
    return SegmentBoxes(tuple(frames), given, tuple(f'thing {i}' for i in range(len(given))),
                        prompt_frame)


def by_object(reply: Segmented) -> dict[int, list[int]]:
    """The frames of each object of `reply`."""
    frames = defaultdict(list)
    for mask in reply.masks:
        frames[mask.object_id].append(mask.frame)
    return dict(frames)


def check(reply: Segmented, frames: list[Frame]) -> None:
    """Boxes are those of the masks, alternatives have pixels, scores are shares."""
    segmentation_of(reply, frames)
    for mask in reply.masks:
        rows, columns = np.nonzero(mask.mask)
        x, y = mask.origin
        assert mask.box == (x + columns.min(), y + rows.min(),
                            x + columns.max() + 1, y + rows.max() + 1)
        assert mask.mask.dtype == mask.alternatives.dtype == np.uint8
        assert 2 <= len(mask.alternatives) <= 3
        assert mask.alternatives.any(axis=(1, 2)).all()
        assert 0 <= mask.score <= 1
