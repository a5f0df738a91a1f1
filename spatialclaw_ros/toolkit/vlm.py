"""The vision-language model, and its pointing read as boxes and points."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import Ask
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.arguments import note
from spatialclaw_ros.toolkit.arguments import picture
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.guided import unknown_attribute
from spatialclaw_ros.toolkit.link import Link
from spatialclaw_ros.toolkit.link import VLMError

_NUMBER = re.compile(r'-?\d+(?:\.\d+)?')
_WORD = re.compile(r'[A-Za-z_]\w*')
_GROUP = re.compile(r'[\[({]([^\[\](){}]*)[\])}]')
_ABSENT = re.compile(r'^\W*(not visible|not present|none|no such)', re.IGNORECASE)


def parsed_coordinates(text: str) -> list[list[float]]:
    """Boxes (4 numbers) and points (2) that `text` gives, 0-1000 of the image, in order.

    Reads `451 480 493 566`, `451, 480, 493, 566`, `[451, 480, 493, 566]` or (…), JSON such as
    `{"bbox_2d": [451, 480, 493, 566]}`, `x1=451 y1=480 x2=493 y2=566`, two corner pairs
    `(451, 480), (493, 566)`, and several of them in a row. `Not visible` gives none. Numbers
    that are all at most 1 with a decimal point are taken as shares of the image.
    """
    if _ABSENT.match(text):
        return []
    plain = _WORD.sub(' ', text)
    groups = [_numbers(group) for group in _GROUP.findall(plain)]
    groups = [group for group in groups if len(group) in (2, 4)]
    if not groups:
        lines = [_numbers(line) for line in plain.splitlines()]
        groups = [line for line in lines if len(line) in (2, 4)]
        everything = _numbers(plain)
        if len(everything) % 4 == 0 and not any(len(line) == 4 for line in groups) and (
                len(groups) != len(everything) // 2 or len(everything) == 4):
            groups = [everything[i:i + 4] for i in range(0, len(everything), 4)]
    if len(groups) == 2 and len(groups[0]) == len(groups[1]) == 2 and (
            groups[0][0] < groups[1][0] and groups[0][1] < groups[1][1]):
        groups = [groups[0] + groups[1]]
    values = [value for group in groups for value in group]
    if values and max(values) <= 1.0 and '.' in text:
        groups = [[value * 1000 for value in group] for group in groups]
    return groups


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


class Location(str):
    """The model's own text, read: `.visible`, `.box`, `.point`, `.candidates`, all in pixels.

    `.box` (x1, y1, x2, y2; half-open edges), `.point` (x, y; of a box its centre; pixel u has its
    centre at u) are of the image that was asked about; None where the model gave none.
    `.candidates` has every box or point it gave. Takes as text too, and goes as it is wherever a
    box or a point is wanted.
    """

    visible: bool
    box: tuple[float, float, float, float] | None
    point: tuple[float, float] | None
    candidates: list[tuple[float, ...]]
    normalized: list[float]

    def __new__(cls, text: str, width: int, height: int) -> Location:
        """Read `text` about an image of width × height pixels."""
        self = super().__new__(cls, text)
        groups = parsed_coordinates(text)
        self.normalized = [value for group in groups for value in group]
        self.candidates = [_in_pixels(group, width, height) for group in groups]
        self.visible = bool(groups)
        self.box = next((c for c in self.candidates if len(c) == 4), None)
        points = [c for c in self.candidates if len(c) == 2]
        self.point = points[0] if points else None
        if self.box is not None:
            x1, y1, x2, y2 = self.box
            self.point = ((x1 + x2 - 1) / 2, (y1 + y2 - 1) / 2)
        return self

    def __getattr__(self, name: str) -> Any:
        raise unknown_attribute(self, name)


def _in_pixels(group: list[float], width: int, height: int) -> tuple[float, ...]:
    edges = np.clip(group, 0, 1000) / 1000 * ([width, height] * (len(group) // 2))
    if len(group) == 4:
        x1, y1, x2, y2 = edges
        return (float(min(x1, x2)), float(min(y1, y2)), float(max(x1, x2)), float(max(y1, y2)))
    return tuple(float(value) - 0.5 for value in edges)


@guided
class VLM:
    """The model: `locate(image, question)`, `ask_with_thinking(images, question)`."""

    def __init__(self, link: Link, has_model: bool, vocabulary: tuple[str, ...] | None) -> None:
        """Ask through `link`; without a model every call raises VLMError at once."""
        self._link, self._has_model, self._vocabulary = link, has_model, vocabulary

    def locate(self, image: Any, question: str) -> Any:
        """Where is it? A Location, or a list of them for a list of up to 8 images."""
        self._check(question)
        if not is_list(image):
            return self._locate(image, question)
        images = list(image)
        if len(images) > 8:
            note(f'vlm.locate takes 8 images at most; of {len(images)} it uses the first 8')
        return [self._locate(one, question) for one in images[:8]]

    def ask_with_thinking(self, images: Any, question: str) -> str:
        """The model's answer, free text, about one image or a list of up to 64."""
        self._check(question)
        pictures = [picture(one) for one in (images if is_list(images) else [images])]
        if len(pictures) > 64:
            note(f'vlm.ask takes 64 images at most; of {len(pictures)} it uses 64, spread evenly')
            pictures = [pictures[i] for i in np.linspace(0, len(pictures) - 1, 64).astype(int)]
        return str(self._link.ask(Ask('ask', tuple(pictures), question)).text)

    ask = ask_with_thinking

    def _locate(self, image: Any, question: str) -> Location:
        pixels = picture(image)
        said = self._link.ask(Ask('locate', (pixels,), question))
        return Location(said.text, pixels.shape[1], pixels.shape[0])

    def _check(self, question: str) -> None:
        if not self._has_model:
            known = '' if self._vocabulary is None else (
                f' for one of {", ".join(map(repr, self._vocabulary[:30])) or "no labels"}')
            raise VLMError(
                'no vision-language model is configured, so vlm.locate and vlm.ask cannot be '
                f'used; search with tools.SAM3.segment_image_by_text{known} instead')
        if not isinstance(question, str):
            raise TypeError(f'vlm takes (image, question): the question is text, got '
                            f'{type(question).__name__}')

    def __repr__(self) -> str:
        return f'vlm: {"a model is configured" if self._has_model else "no model configured"}'
