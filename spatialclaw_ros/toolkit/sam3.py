"""tools.SAM3: masks of objects by text, box or points, in one image or in many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import SegmentBoxes
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentPoints
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit.arguments import box_of
from spatialclaw_ros.toolkit.arguments import frame_image
from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.arguments import is_boxes
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.arguments import missing_frame
from spatialclaw_ros.toolkit.arguments import note
from spatialclaw_ros.toolkit.arguments import points_of
from spatialclaw_ros.toolkit.arguments import subsampled
from spatialclaw_ros.toolkit.arguments import zipped
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.link import Link
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask

MAX_VIDEO_FRAMES = 1000
_NO_PROMPT = 'there was nothing to segment: no box or point was given (was the object not visible?)'


@guided
class SAM3Tool:
    """Masks by text, box or points; every method returns a PerFrameMask.

    Frame numbers are absolute, coordinates are pixels of the image passed. Nothing found gives
    `num_objects == 0` with `.reason` and `.candidates`.
    """

    def __init__(self, link: Link, window: FrameWindow, vocabulary: tuple[str, ...] | None) -> None:
        """Ask the host through `link` about the frames of `window`."""
        self._link, self._window, self._vocabulary = link, window, vocabulary
        self._cameras = list(dict.fromkeys(frame.camera.name for frame in window.frames))

    def segment_image_by_text(self, image: Any, prompt: Any, label: str | None = None,
                              confidence_threshold: float = 0.3) -> Any:
        """Every instance of `prompt` in one image; lists of images or prompts give a list."""

        def one(image: Any, prompt: Any) -> PerFrameMask:
            frame = frame_image(image, self._window).frame_index
            text = _text(prompt)
            return self._masks(SegmentText((frame,), (text,), (label or text,),
                                           float(confidence_threshold), frame))

        return zipped('segment_image_by_text', image, prompt, one, is_list(prompt))

    def segment_image_by_box(self, image: Any, box: Any, label: str = 'object') -> Any:
        """The object in `box` (x1, y1, x2, y2), pixels of `image`, or a Location of vlm.locate.

        Several boxes, or images, give a list. A box that is None gives no object.
        """

        def one(image: Any, box: Any) -> PerFrameMask:
            view = frame_image(image, self._window)
            found = box_of(box, view)
            if found is None:
                return self._without_prompt(view)
            return self._masks(SegmentBoxes(
                (view.frame_index,), (found,), (label,), view.frame_index))

        return zipped('segment_image_by_box', image, box, one, is_boxes(box))

    def segment_image_by_points(self, image: Any, points: Any, point_labels: Any = None,
                                label: str = 'object') -> Any:
        """The object at `points` [[x, y], …]; `point_labels` 1 on the object, 0 beside it."""

        def one(image: Any, points: Any) -> PerFrameMask:
            view = frame_image(image, self._window)
            found = points_of(points, view)
            if found is None:
                return self._without_prompt(view)
            return self._masks(SegmentPoints(
                (view.frame_index,), (found,), (_point_labels(point_labels, len(found)),),
                (label,), view.frame_index))

        return zipped('segment_image_by_points', image, points, one, False)

    def segment_video_by_text(self, prompts: Any, labels: Any = None,
                              prompt_frame_idx: Any = 0, frame_indices: Any = None,
                              start_frame: int | None = None, end_frame: int | None = None,
                              video_index: int | None = 1) -> PerFrameMask:
        """Every instance of each of `prompts` in many frames, the same object under one label.

        Frames: `frame_indices`, or those of camera `video_index` (1 = first; None = all cameras)
        in [start_frame, end_frame), absolute numbers.
        """
        texts = [_text(p) for p in (prompts if is_list(prompts) else [prompts])]
        names = texts if labels is None else _names(labels, len(texts), 'prompts')
        frames = self._frames(frame_indices, start_frame, end_frame, video_index)
        if not frames:
            return PerFrameMask.nothing('there are no frames to search')
        return self._masks(SegmentText(tuple(frames), tuple(texts), tuple(names), 0.3,
                                       self._prompt_frame(prompt_frame_idx, frames)))

    def segment_video_by_box(self, boxes: Any, labels: Any = 'object', prompt_frame_idx: Any = 0,
                             frame_indices: Any = None, start_frame: int | None = None,
                             end_frame: int | None = None,
                             video_index: int | None = 1) -> PerFrameMask:
        """The object in each box, drawn on frame `prompt_frame_idx`, followed in many frames."""
        frames, view = self._prompted(
            prompt_frame_idx, frame_indices, start_frame, end_frame, video_index)
        found = [box_of(box, view) for box in (boxes if is_boxes(boxes) else [boxes])]
        names = _names(labels, len(found), 'boxes')
        kept = [(box, name) for box, name in zip(found, names, strict=True) if box is not None]
        if not kept:
            return self._without_prompt(view)
        return self._masks(SegmentBoxes(tuple(frames), tuple(box for box, _ in kept),
                                        tuple(name for _, name in kept), view.frame_index))

    def segment_video_by_points(self, points_per_object: Any, point_labels_per_object: Any = None,
                                labels: Any = 'object', prompt_frame_idx: Any = 0,
                                frame_indices: Any = None, start_frame: int | None = None,
                                end_frame: int | None = None,
                                video_index: int | None = 1) -> PerFrameMask:
        """The object at each list of points of frame `prompt_frame_idx`, in many frames."""
        frames, view = self._prompted(
            prompt_frame_idx, frame_indices, start_frame, end_frame, video_index)
        objects = _per_object(points_per_object)
        given = point_labels_per_object
        if given is None or (len(objects) == 1 and len(given) and is_number(given[0])):
            given = [given]
        if len(given) != len(objects):
            raise ValueError(f'{len(given)} lists of point labels for {len(objects)} objects')
        points = [points_of(one, view) for one in objects]
        names = _names(labels, len(points), 'objects')
        kept = [(p, _point_labels(g, len(p)), n) for p, g, n in
                zip(points, given, names, strict=True) if p is not None]
        if not kept:
            return self._without_prompt(view)
        return self._masks(SegmentPoints(
            tuple(frames), tuple(p for p, _, _ in kept), tuple(g for _, g, _ in kept),
            tuple(n for _, _, n in kept), view.frame_index))

    def is_object_exist(self, images: Any, object_name: str) -> dict[str, Any]:
        """Whether an object is in each image: dict(exists, counts, summary)."""
        chosen = list(images) if is_list(images) else [images]
        counts = [self.segment_image_by_text(image, object_name).num_objects for image in chosen]
        frames = [frame_image(image, self._window).frame_index for image in chosen]
        seen = [f for f, count in zip(frames, counts, strict=True) if count]
        return {'exists': [count > 0 for count in counts], 'counts': counts,
                'summary': f'{object_name!r} is in {len(seen)} of {len(frames)} images: '
                           f'frames {seen}'}

    def segment_image(self, *_args: Any) -> None:
        """Old name; raises with the names to use."""
        raise RuntimeError('use segment_image_by_text(image, prompt), segment_image_by_box(image, '
                           'box) or segment_image_by_points(image, points, point_labels)')

    def segment_video(self, *_args: Any) -> None:
        """Old name; raises with the names to use."""
        raise RuntimeError('use segment_video_by_text(prompts), segment_video_by_box(boxes, '
                           'labels) or segment_video_by_points(points, point_labels, labels)')

    def _masks(self, request: SegmentText | SegmentBoxes | SegmentPoints) -> PerFrameMask:
        reply: Segmented = self._link.ask(request)
        frames = [self._window.at(number) for number in request.frames]
        found = PerFrameMask(frames, reply.masks, reply.reason, reply.candidates)
        if not found.num_objects:
            note(f'SAM3 found no object: {found.reason}')
        elif isinstance(request, SegmentText):
            seen = {mask.label for mask in reply.masks}
            for prompt, label in zip(request.prompts, request.labels, strict=True):
                if label not in seen:
                    note(f'SAM3 found no {prompt!r}; the other objects are there')
        return found

    def _without_prompt(self, view: FrameImage) -> PerFrameMask:
        note(_NO_PROMPT)
        return PerFrameMask.nothing(_NO_PROMPT, [self._window.at(view.frame_index)])

    def _prompted(self, prompt_frame_idx: Any, frame_indices: Any, start: int | None,
                  end: int | None, video_index: int | None) -> tuple[list[int], FrameImage]:
        """Numbers of the frames to search, and the one that the prompts are drawn on."""
        frames = self._frames(frame_indices, start, end, video_index)
        return frames, frame_image(self._prompt_frame(prompt_frame_idx, frames), self._window)

    def _frames(self, frame_indices: Any, start: int | None, end: int | None,
                video_index: int | None) -> list[int]:
        if frame_indices is not None:
            return subsampled([frame_image(f, self._window).frame_index for f in frame_indices],
                              MAX_VIDEO_FRAMES, 'segment_video')
        frames = list(self._window.frames)
        if len(self._cameras) > 1 and video_index is not None:
            if not 1 <= video_index <= len(self._cameras):
                raise ValueError(f'video_index {video_index}: there are {len(self._cameras)} '
                                 f'videos, 1 to {len(self._cameras)}: {self._cameras}')
            frames = [f for f in frames if f.camera.name == self._cameras[video_index - 1]]
        numbers = [f.index for f in frames]
        if start is not None and end is not None and end <= start:
            raise ValueError(f'end_frame {end} must be greater than start_frame {start}')
        chosen = [n for n in numbers if (start is None or n >= start) and (end is None or n < end)]
        if numbers and not chosen:
            raise missing_frame(f'[{start}, {end}) of the input', start or 0, numbers)
        return subsampled(chosen, MAX_VIDEO_FRAMES, 'segment_video')

    def _prompt_frame(self, asked: Any, frames: Sequence[int]) -> int:
        if not frames:
            raise ValueError('there are no frames to segment')
        number = frames[0] if asked is None else frame_number(asked)
        if number in frames:
            return number
        if number == 0:
            return frames[0]
        nearest = min(frames, key=lambda f: abs(f - number))
        note(f'prompt_frame_idx {number} is not among the frames; the nearest, {nearest}, is used')
        return nearest

    def __repr__(self) -> str:
        known = 'any text' if self._vocabulary is None else f'labels {list(self._vocabulary)[:20]}'
        return (f'tools.SAM3: {known}; segment_image_by_text/box/points(image, …), '
                'segment_video_by_text/box/points(…)')


def _text(prompt: Any) -> str:
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError(f'a prompt is the name of an object as text, got {prompt!r:.60}')
    return prompt.strip()


def _names(labels: Any, count: int, what: str) -> list[str]:
    names = [str(name) for name in (labels if is_list(labels) else [labels])]
    if len(names) == 1 and count > 1:
        return [f'{names[0]}_{k}' for k in range(count)]
    if len(names) != count:
        raise ValueError(f'{len(names)} labels for {count} {what}; give one label for each')
    return names


def _point_labels(labels: Any, count: int) -> tuple[int, ...]:
    if labels is None:
        return (1,) * count
    given = tuple(int(v) for v in np.asarray(labels).ravel())
    if len(given) != count or not set(given) <= {0, 1}:
        raise ValueError(f'{count} points need {count} point labels, 1 on the object and 0 '
                         f'beside it, got {list(given)}')
    return given


def _per_object(points: Any) -> list[Any]:
    """Points of several objects; a flat [x, y] or one [[x, y], …] is one object."""
    if isinstance(points, str) or not is_list(points) or not points:
        return [points]
    first = points[0]
    if isinstance(first, str):
        return list(points)
    return list(points) if np.ndim(first) == 2 else [points]
