"""What a model is told of a query before it looks: the question, the frames, what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.question import Question

T = TypeVar('T')
_MOST_NAMES = 60


@dataclass(frozen=True, eq=False)
class Briefing:
    """The first turn: facts in words, and some of the frames with their captions.

    `pictures` are (caption, (H, W, 3) uint8 RGB).
    """

    facts: str
    pictures: tuple[tuple[str, np.ndarray], ...]


def brief(question: Question, window: FrameWindow, vocabulary: Sequence[str] | None,
          budget: Budget, most_pictures: int) -> Briefing:
    """What is known of `question` and its frames, at most so many of them as pictures."""
    facts = '\n'.join([*_asked(question, window), *_frames(window), *_measured(window),
                       *_names(window, vocabulary), _limits(budget)])
    chosen = spread(window.frames, most_pictures)
    return Briefing(facts, tuple(
        (f'frame {frame.index}, camera {frame.camera.name}', np.asarray(frame.image))
        for frame in chosen))


def _asked(question: Question, window: FrameWindow) -> Iterator[str]:
    yield f'Question: {question.text.strip()}'
    if question.choices:
        yield f'The answer is one of: {", ".join(map(repr, question.choices))}.'
    if window.target_frame and window.world_to_target is not None:
        yield (f'Positions are wanted in the frame {window.target_frame!r}: return a position '
               'finding in the world, it is transformed for you.')


def _frames(window: FrameWindow) -> Iterator[str]:
    by_camera: dict[str, list[Frame]] = {}
    for frame in window.frames:
        by_camera.setdefault(frame.camera.name, []).append(frame)
    yield f'Input: {len(window.frames)} image(s) in InputImages, in time order.'
    if len(by_camera) > 1:
        yield 'segment_video_* search camera 1 unless told video_index=2, …, or None for all.'
    for number, (name, frames) in enumerate(by_camera.items(), 1):
        height, width = frames[0].image.shape[:2]
        seconds = (frames[-1].stamp - frames[0].stamp) * 1e-9
        numbers = ', '.join(str(frame.index) for frame in spread(frames, 24))
        also = f' (InputImages_{number})' if len(by_camera) > 1 else ''
        yield (f'- camera {name!r}{also}: {len(frames)} of {width}x{height} pixels over '
               f'{seconds:.1f} s, frame numbers {numbers}{", …" if len(frames) > 24 else ""}')


def _measured(window: FrameWindow) -> Iterator[str]:
    count = len(window.frames)
    depth = sum(frame.depth is not None for frame in window.frames)
    poses = sum(frame.camera_to_world is not None for frame in window.frames)
    gravity = 'known (recon.up)' if window.up is not None else 'unknown'
    yield (f'Measured: depth in {depth} of {count} images, camera pose of {poses}, gravity '
           f'{gravity}. World: {window.world_frame!r}. Viewpoint for left and right: '
           f'{window.viewpoint!r}.')
    lacking = {'depth': [f.index for f in window.frames if f.depth is None],
               'pose': [f.index for f in window.frames if f.camera_to_world is None]}
    for what, numbers in lacking.items():
        if 0 < len(numbers) < count:
            yield f'Without {what} are the frames {", ".join(map(str, numbers))}: leave them out.'


def _names(window: FrameWindow, vocabulary: Sequence[str] | None) -> Iterator[str]:
    regions: dict[str, list[int]] = {}
    for frame in window.frames:
        for region in frame.regions:
            regions.setdefault(region.name, []).append(frame.index)
    for name, numbers in regions.items():
        yield f'Region {name!r} was drawn on frame(s) {", ".join(map(str, numbers))}.'
    if vocabulary is None:
        yield 'Segmentation by text takes any words.'
    else:
        known = ', '.join(map(repr, vocabulary[:_MOST_NAMES])) or 'none'
        yield (f'Segmentation by text knows these names only: {known}. For anything else use '
               'vlm.locate and a box.')


def _limits(budget: Budget) -> str:
    tokens = f', {budget.tokens} tokens' if budget.tokens else ''
    return (f'Budget: {budget.steps} step(s), {budget.seconds:.0f} s{tokens}, {budget.images} '
            f'pictures, {budget.failures} failures in a row.')


def spread(things: Sequence[T], most: int) -> list[T]:
    """At most `most` of `things`, evenly, the first and the last among them."""
    if len(things) <= most:
        return list(things)
    return [things[i] for i in np.linspace(0, len(things) - 1, most).astype(int)] if most else []
