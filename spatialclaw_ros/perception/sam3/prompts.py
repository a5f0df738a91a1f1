"""What a request points at: checked against its frames, boxes cut to their image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import math

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentRequest
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.perception.content import check_content
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


@dataclass(frozen=True, eq=False)
class Asked:
    """A request that can be answered.

    `frames`, in time order, are those it names and `prompt`, the frame that its prompts are on
    or start from. It asks for the objects of `regions`, which lie on `prompt`, or of `texts`:
    prompts, each with the label of its objects. `blank` tells which of the frames that masks are
    asked of show nothing, '' where all show something.
    """

    frames: list[Frame]
    prompt: Frame | None
    regions: list[Region]
    texts: list[tuple[str, str]]
    blank: str


def asked_of(call: EngineCall, request: SegmentRequest) -> Asked:
    """What `request` asks of the frames of `call`.

    Raises NoFrames where there are none, ValueError for frames that are not there and for a box,
    points or a threshold that cannot be meant, NotVisible where all frames that masks are asked of
    show nothing, or the one that a box or points lie on.
    """
    frames = _frames(call, request)
    prompt = next((frame for frame in frames if frame.index == request.prompt_frame), None)
    regions: list[Region] = []
    texts: list[tuple[str, str]] = []
    if isinstance(request, SegmentText):
        texts = _texts(request)
    else:
        assert prompt is not None
        regions = [_checked(region, prompt) for region in _drawn(request)]
        check_content([prompt], SAM3)
    blank = check_content([frame for frame in frames if frame.index in request.frames], SAM3)
    return Asked(frames, prompt, regions, texts, blank)


def regions_named(prompt: str, label: str, frames: Sequence[Frame]) -> list[Region]:
    """The regions of `frames` whose name means the same as `prompt`, under the name `label`."""
    return [_checked(replace(region, name=label, frame=frame.index), frame)
            for frame in frames for region in frame.regions if matching(prompt, [region.name])]


def _frames(call: EngineCall, request: SegmentRequest) -> list[Frame]:
    if not request.frames:
        raise NoFrames('there are no frames to segment: the request names none; name at least one')
    if not call.frames:
        raise NoFrames(f'there are no frames to segment: {numbered(request.frames)} are asked for '
                       'and no image came with the request; see whether the camera sends any')
    wanted = {*request.frames, *(() if request.prompt_frame is None else (request.prompt_frame,))}
    missing = sorted(wanted - {frame.index for frame in call.frames})
    if missing:
        what = 'the prompt frame' if missing == [request.prompt_frame] else 'frames'
        raise ValueError(f'{what} {", ".join(map(str, missing))} not among the frames given: '
                         f'{[frame.index for frame in call.frames]}')
    return [frame for frame in call.frames if frame.index in wanted]


def _texts(request: SegmentText) -> list[tuple[str, str]]:
    """Each prompt with its label; a prompt that is given twice, once."""
    if not 0 <= request.threshold <= 1:  # so is NaN
        raise ValueError(f'threshold {request.threshold} is no score; give a number from 0 to 1')
    labels = request.labels or request.prompts
    if len(labels) != len(request.prompts) or not labels:
        raise ValueError(f'{len(request.prompts)} prompts and {len(request.labels)} labels; give '
                         'at least one prompt, and one label for each or none')
    pairs: dict[str, str] = {}
    for prompt, label in zip(request.prompts, labels, strict=True):
        pairs.setdefault(prompt, label)
    return list(pairs.items())


def _drawn(request: SegmentBoxes | SegmentPoints) -> list[Region]:
    prompts = request.boxes if isinstance(request, SegmentBoxes) else request.points
    if len(prompts) != len(request.labels) or not prompts:
        raise ValueError(f'{len(prompts)} objects to segment and {len(request.labels)} labels; '
                         'give at least one object, and one label for each')
    if isinstance(request, SegmentBoxes):
        return [Region(label, request.prompt_frame, box=box)
                for label, box in zip(request.labels, request.boxes, strict=True)]
    if len(request.point_labels) != len(prompts):
        raise ValueError(f'{len(prompts)} objects to segment and {len(request.point_labels)} lists '
                         'of point labels; give one list for each object, a label for each point')
    return [Region(label, request.prompt_frame, points=_points(label, points),
                   point_labels=tuple(point_labels))
            for label, points, point_labels in zip(
                request.labels, request.points, request.point_labels, strict=True)]


def _points(label: str, points: np.ndarray) -> np.ndarray:
    array = np.asarray(points, float)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f'region {label!r}: points are an array of shape (N, 2), x and y of each '
                         f'in pixels; got shape {array.shape}')
    return array


def _checked(region: Region, frame: Frame) -> Region:
    """`region` of `frame`, its box cut to the image."""
    if region.box is not None and len(region.box) != 4:
        raise ValueError(f'region {region.name!r}: box {region.box} has {len(region.box)} numbers; '
                         'give the 4 numbers x1,y1,x2,y2')
    if region.box is not None and not all(map(math.isfinite, region.box)):
        raise ValueError(f'region {region.name!r}: box {region.box} is not finite')
    width, height = frame.camera.width, frame.camera.height
    region.check_inside(width, height)
    labels = region.point_labels
    if region.points is not None and (1 not in labels or not set(labels) <= {0, 1}):
        raise ValueError(f'region {region.name!r}: point labels are 1 (the object) or 0, at '
                         f'least one 1; got {list(labels)}')
    if region.box is None:
        return region
    x1, y1, x2, y2 = region.box
    return replace(region, box=(max(x1, 0.0), max(y1, 0.0),
                                min(x2, float(width)), min(y2, float(height))))
