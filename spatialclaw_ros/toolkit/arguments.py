"""What cells hand over, in the forms they do: images, frame numbers, boxes, points, lists."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import numbers
from typing import Any

import numpy as np
from PIL import Image

from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region
from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.input_images import InputImages
from spatialclaw_ros.toolkit.input_images import shortened
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback


def note(text: str) -> None:
    """Tell the model something it should know, as one printed line."""
    print(f'[note] {text}')


def is_number(value: object) -> bool:
    """Whether `value` is a number; numpy scalars and 0-dimensional arrays are."""
    return (isinstance(value, (numbers.Number, np.generic)) and not isinstance(value, np.str_)) or (
        isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in 'biuf')


def is_list(value: object) -> bool:
    """Whether `value` is a list of things rather than one thing."""
    return isinstance(value, (list, tuple, InputImages))


def zipped(name: str, first: Any, second: Any, call: Callable[[Any, Any], Any],
           second_is_list: bool) -> Any:
    """`call(first, second)`, or the list of it where one or both are lists (of one length)."""
    if is_list(first) and second_is_list:
        if len(first) != len(second):
            raise TypeError(f'{name}: {len(first)} images and {len(second)} prompts do not pair '
                            'up; give one of either, or two lists of one length')
        return [call(a, b) for a, b in zip(first, second, strict=True)]
    if is_list(first):
        return [call(a, second) for a in first]
    return [call(first, b) for b in second] if second_is_list else call(first, second)


def frame_number(value: Any) -> int:
    """Absolute frame number of an int, numpy integer, whole float or FrameImage."""
    if isinstance(value, (FrameImage, VisualFeedback)):
        if value.frame_index is None:
            raise TypeError('this picture is of no frame; give a frame number')
        return value.frame_index
    if is_number(value) and not isinstance(value, (bool, np.bool_)) and float(value).is_integer():
        return int(value)
    raise TypeError(f'a frame is one absolute frame number (int) or an InputImages item, got '
                    f'{type(value).__name__} {str(value)[:60]!r}')


def missing_frame(what: str, frame: int, frames: Sequence[int]) -> KeyError:
    """The error for a frame number that `what` does not have: names the nearest."""
    if not frames:
        return _Message(f'{what} has no frame {frame}: it has no frames at all')
    nearest = min(frames, key=lambda f: abs(f - frame))
    return _Message(f'{what} has no frame {frame}; the nearest is {nearest}. '
                    f'It has frames {shortened(sorted(frames))}')


class _Message(KeyError):
    """A KeyError whose text is shown as written, not quoted."""

    def __str__(self) -> str:
        return str(self.args[0])


_Message.__name__ = _Message.__qualname__ = 'KeyError'


def key_error(text: str) -> KeyError:
    """KeyError with a readable message."""
    return _Message(text)


def subsampled(frames: Sequence[int], cap: int, what: str) -> list[int]:
    """At most `cap` of `frames`, uniformly, first and last kept; says so in one line."""
    frames = list(frames)
    if len(frames) <= cap:
        return frames
    chosen = np.unique(np.linspace(0, len(frames) - 1, cap).round().astype(int))
    kept = [frames[i] for i in chosen]
    note(f'{what} takes {cap} frames at most; of {len(frames)} it uses every '
         f'{len(frames) / len(kept):.1f}th: {shortened(kept)}')
    return kept


def frame_image(value: Any, window: FrameWindow) -> FrameImage:
    """The FrameImage meant by `value`: one itself, a frame number, or a picture of a frame."""
    if isinstance(value, FrameImage):
        return value
    if isinstance(value, VisualFeedback) or (is_number(value) and not isinstance(value, bool)):
        number = frame_number(value)
        for frame in window.frames:
            if frame.index == number:
                return FrameImage(frame)
        raise missing_frame('the input', number, [f.index for f in window.frames])
    if isinstance(value, (Image.Image, np.ndarray)):
        shape = np.shape(np.asarray(value))[:2]
        if len(window.frames) == 1 and shape == window.frames[0].image.shape[:2]:
            return FrameImage(window.frames[0])
        raise TypeError(
            f'this {type(value).__name__} of {shape[1]}x{shape[0]} does not say which frame it is '
            'of; pass InputImages[i] or InputImages.at(frame) (crop and resize keep the frame)')
    raise TypeError(f'an image is wanted (InputImages[i], InputImages.at(frame)), got '
                    f'{type(value).__name__} {str(value)[:60]!r}')


def picture(value: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a FrameImage, PIL image, VisualFeedback or uint8/bool array."""
    if isinstance(value, FrameImage):
        return np.asarray(value)
    if isinstance(value, (Image.Image, VisualFeedback)):
        inner = value.image if isinstance(value, VisualFeedback) else value
        return np.asarray(inner.convert('RGB'))
    array = np.asarray(value)
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise TypeError(
            f'an image is wanted, got array {array.dtype}{list(array.shape)}; an image array is '
            'uint8 (H, W) or (H, W, 3), values 0-255')
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[2] not in (1, 3, 4):
        raise TypeError(f'an image array has 1, 3 or 4 channels, got shape {array.shape}')
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[..., :3]


def box_of(value: Any, image: FrameImage) -> Box2D | None:
    """Box (x1, y1, x2, y2) in sensor pixels of a box in `image`'s pixels; None when there is none.

    Accepts four numbers in any nesting of list, tuple or array, a Location, or a Region.
    """
    if isinstance(value, Region):
        if value.box is None:
            raise TypeError(f'region {value.name!r} has no box; segment it by its name')
        return value.box
    if isinstance(value, str):
        box = getattr(value, 'box', None)
        if box is None and getattr(value, 'point', None) is not None:
            raise TypeError(f'the model gave a point {value.point}, not a box: write '  # type: ignore[attr-defined]
                            'segment_image_by_points(image, location.point, [1])')
        if box is None and not hasattr(value, 'visible'):
            raise TypeError(f'a box is four numbers [x1, y1, x2, y2] in pixels, got text '
                            f'{value[:60]!r}; pass what vlm.locate returned as it is')
        value = box
    if value is None:
        return None
    try:
        numbers_ = np.asarray(value, float).ravel()
    except (TypeError, ValueError):
        numbers_ = np.empty(0)
    if numbers_.shape != (4,) or not np.isfinite(numbers_).all():
        raise ValueError(f'a box is four numbers [x1, y1, x2, y2] in pixels, got {value!r:.80}')
    (x1, y1), (x2, y2) = image.edges_to_sensor(numbers_.reshape(2, 2))
    box = (float(min(x1, x2)), float(min(y1, y2)), float(max(x1, x2)), float(max(y1, y2)))
    if box[0] == box[2] or box[1] == box[3]:
        raise ValueError(f'box {numbers_.tolist()} has no area; give [x1, y1, x2, y2] in pixels')
    return box


def is_boxes(value: Any) -> bool:
    """Whether `value` is several boxes: a list of them or an (N, 4) array."""
    if isinstance(value, (str, Region)) or value is None:
        return False
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.shape[1:] == (4,)
    if not is_list(value):
        return False
    return len(value) == 0 or not (is_number(value[0]) or np.shape(value) in ((2, 2), (1, 4)))


def points_of(value: Any, image: FrameImage) -> np.ndarray | None:
    """Points (N, 2) in sensor pixels of point(s) in `image`'s pixels; None when there is none."""
    if isinstance(value, str):
        if getattr(value, 'point', None) is None and not hasattr(value, 'visible'):
            raise TypeError(f'points are pixels [[x, y], …], got text {value[:60]!r}')
        value = value.point  # type: ignore[attr-defined]
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, str) for v in value):
        value = [v.point for v in value]
    if value is None:
        return None
    try:
        points = np.asarray(value, float)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.size == 0 or points.size % 2 or not np.isfinite(points).all():
        raise ValueError(f'points are pixels [[x, y], …], got {value!r:.80}')
    return image.points_to_sensor(points.reshape(-1, 2))
