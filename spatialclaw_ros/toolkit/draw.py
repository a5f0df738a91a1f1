"""tools.Draw: marks on a copy of an image, in its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib import colors as named_colors
import numpy as np
from PIL import Image
from PIL import ImageDraw

from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.arguments import picture
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.overlay import Color
from spatialclaw_ros.toolkit.overlay import write


def _colors(colors: Any, count: int, default: str) -> list[Color]:
    if colors is None:
        colors = default
    single = isinstance(colors, str) or (len(colors) in (3, 4) and is_number(colors[0]))
    given = [colors] * count if single else list(colors)
    if len(given) != count:
        raise ValueError(f'{len(given)} colours for {count} marks; give one, or one for each')
    return [_rgb(one) for one in given]


def _rgb(one: Any) -> Color:
    if isinstance(one, str):
        r, g, b = named_colors.to_rgb(one)
        return (int(r * 255), int(g * 255), int(b * 255))
    r, g, b = (int(v) for v in tuple(one)[:3])
    return (r, g, b)


def _rows(values: Any, width: int, what: str) -> np.ndarray:
    if isinstance(values, str) or (
            isinstance(values, (list, tuple)) and values and isinstance(values[0], str)):
        name = 'box' if width == 4 else 'point'
        one = [values] if isinstance(values, str) else values
        values = [getattr(v, name) for v in one if getattr(v, name, None) is not None]
        if not values:
            return np.empty((0, width))
    array = np.asarray(values, float)
    if array.size % width:
        raise ValueError(f'{what}, got shape {array.shape}')
    return array.reshape(-1, width)


@guided
class DrawTool:
    """Each function returns a new PIL image; coordinates are pixels of the image passed."""

    @staticmethod
    def draw_bbox(image: Any, bboxes: Any, colors: Any = None,
                  thickness: int | None = None) -> Image.Image:
        """Box(es) [x1, y1, x2, y2]."""
        return _drawn(image, _rows(bboxes, 4, 'boxes are [x1, y1, x2, y2]'), colors, 'red',
                      lambda draw, row, shade, width: draw.rectangle(
                          list(row), outline=shade, width=thickness or width))

    @staticmethod
    def draw_line(image: Any, lines: Any, colors: Any = None,
                  thickness: int | None = None) -> Image.Image:
        """Line(s) [x1, y1, x2, y2]."""
        return _drawn(image, _rows(lines, 4, 'lines are [x1, y1, x2, y2]'), colors, 'green',
                      lambda draw, row, shade, width: draw.line(
                          list(row), fill=shade, width=thickness or width))

    @staticmethod
    def draw_point(image: Any, points: Any, colors: Any = None,
                   radius: int | None = None) -> Image.Image:
        """Point(s) [x, y]."""

        def dot(draw: Any, row: np.ndarray, shade: Color, width: int) -> None:
            r = radius or width + 1
            draw.ellipse([row[0] - r, row[1] - r, row[0] + r, row[1] + r], fill=shade)

        return _drawn(image, _rows(points, 2, 'points are [x, y]'), colors, 'blue', dot)

    @staticmethod
    def draw_arrow(image: Any, lines: Any, colors: Any = None,
                   thickness: int | None = None) -> Image.Image:
        """Arrow(s) [x1, y1, x2, y2], the head at the second point."""

        def arrow(draw: Any, row: np.ndarray, shade: Color, width: int) -> None:
            width = thickness or width
            start, end = row[:2], row[2:]
            length = np.linalg.norm(end - start)
            if not length:
                return
            along = (end - start) / length
            back = end - along * min(6 * width, length / 2)
            side = np.array([-along[1], along[0]]) * 3 * width
            draw.line([*start, *back], fill=shade, width=width)
            draw.polygon([tuple(end), tuple(back + side), tuple(back - side)], fill=shade)

        return _drawn(image, _rows(lines, 4, 'arrows are [x1, y1, x2, y2]'), colors, 'green', arrow)

    @staticmethod
    def draw_mask(image: Any, masks: Any, colors: Any = None, alpha: float = 0.45) -> Image.Image:
        """(H, W) bool mask, or several (N, H, W), tinted."""
        pixels = picture(image).copy()
        stack = np.asarray(masks, bool)
        stack = stack[None] if stack.ndim == 2 else stack
        if stack.shape[1:] != pixels.shape[:2]:
            raise ValueError(f'masks {stack.shape} do not lie on an image of {pixels.shape[:2]}')
        for mask, shade in zip(stack, _colors(colors, len(stack), 'red'), strict=True):
            pixels[mask] = (pixels[mask] * (1 - alpha) + np.array(shade) * alpha).astype(np.uint8)
        return Image.fromarray(pixels)

    @staticmethod
    def draw_text(image: Any, texts: str | Sequence[str], points: Any,
                  colors: Any = None) -> Image.Image:
        """Text(s) with their top left corner at point(s) [x, y]."""
        words = [texts] if isinstance(texts, str) else list(texts)
        rows = _rows(points, 2, 'points are [x, y]')
        if len(words) != len(rows):
            raise ValueError(f'{len(words)} texts for {len(rows)} points')
        drawn = Image.fromarray(picture(image).copy())
        draw = ImageDraw.Draw(drawn)
        for word, row, shade in zip(words, rows, _colors(colors, len(rows), 'yellow'), strict=True):
            write(draw, (row[0], row[1]), word, shade, drawn.height)
        return drawn


def _drawn(image: Any, rows: np.ndarray, colors: Any, default: str, mark: Any) -> Image.Image:
    drawn = Image.fromarray(picture(image).copy())
    draw = ImageDraw.Draw(drawn)
    width = max(round(min(drawn.size) * 0.004), 2)
    for row, shade in zip(rows, _colors(colors, len(rows), default), strict=True):
        mark(draw, row, shade, width)
    return drawn
