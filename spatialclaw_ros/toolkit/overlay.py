"""Masks, findings and marks drawn on pictures."""

from __future__ import annotations

from collections.abc import Sequence
import colorsys
import itertools

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.objects import Box3D
from spatialclaw_ros.scene import Frame

Color = tuple[int, int, int]
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count('1') == 1]


def color(number: int) -> Color:
    """Colour of object `number`, RGB; neighbours differ clearly."""
    r, g, b = colorsys.hsv_to_rgb((number * 0.381966) % 1.0, 0.85, 1.0)
    return (int(r * 255), int(g * 255), int(b * 255))


def font(height: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Font that can be read on an image of `height` pixels."""
    return ImageFont.load_default(max(height / 32, 12))


def write(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, shade: Color,
          height: int) -> None:
    """Write `text` at `place` (x, y) px in `shade`, outlined in black."""
    draw.text(place, text, fill=shade, font=font(height), stroke_width=2, stroke_fill=(0, 0, 0))


def draw_masks(image: np.ndarray, masks: Sequence[tuple[str, InstanceMask]]) -> Image.Image:
    """`image` (H, W, 3) with each labelled mask tinted, outlined and named."""
    pixels = image.copy()
    for number, (_, mask) in enumerate(masks):
        (x, y), (h, w) = mask.origin, mask.mask.shape
        part = pixels[max(y, 0):y + h, max(x, 0):x + w]
        inside = mask.mask[max(-y, 0):, max(-x, 0):][:part.shape[0], :part.shape[1]].astype(bool)
        rim = inside.copy()
        rim[1:-1, 1:-1] &= ~(inside[:-2, 1:-1] & inside[2:, 1:-1]
                             & inside[1:-1, :-2] & inside[1:-1, 2:])
        shade = np.array(color(number))
        part[inside] = (part[inside] * 0.55 + shade * 0.45).astype(np.uint8)
        part[rim] = 255
    drawn = Image.fromarray(pixels)
    draw = ImageDraw.Draw(drawn)
    for number, (label, mask) in enumerate(masks):
        write(draw, (mask.origin[0] + 3, max(mask.origin[1] - 14, 0)), f'{number}: {label}',
              color(number), pixels.shape[0])
    return drawn


def draw_findings(frame: Frame, findings: Sequence[Finding],
                  pose: np.ndarray | None = None) -> Image.Image:
    """`frame`'s image with `findings` drawn where they lie; `pose` (4, 4) camera-to-world."""
    canvas = _Canvas(frame, pose)
    for number, finding in enumerate(findings):
        shade = color(number)
        if isinstance(finding, Distance):
            canvas.line([finding.from_point, finding.to_point], shade)
            middle = (finding.from_point + finding.to_point) / 2
            canvas.name(middle, f'{finding.value:.3f} m', shade)
        elif isinstance(finding, Found):
            corners = Box3D(finding.center, finding.size, finding.rotation).corners
            for a, b in _EDGES:
                canvas.line([corners[a], corners[b]], shade)
            canvas.name(finding.center, finding.name, shade)
        elif isinstance(finding, Position):
            if not finding.frame:
                canvas.line([finding.point, finding.point], shade)
                canvas.name(finding.point, finding.name, shade)
        elif isinstance(finding, FoundPlane):
            if len(finding.polygon):
                canvas.line([*finding.polygon, finding.polygon[0]], shade)
        elif isinstance(finding, Track):
            canvas.line(list(finding.positions), shade)
        else:
            for point in finding.points[:50]:
                canvas.line([point, point], shade)
            if len(finding.points):
                canvas.name(finding.points.mean(axis=0), _caption(finding), shade)
    return canvas.image


def _caption(finding: Finding) -> str:
    word = getattr(finding, 'word', None)
    return word if word else f'{finding.name} {finding.value:.3g} {finding.unit}'  # type: ignore[union-attr]


class _Canvas:
    """A frame's image drawn on by world coordinates."""

    def __init__(self, frame: Frame, pose: np.ndarray | None) -> None:
        self.image = Image.fromarray(np.ascontiguousarray(frame.image))
        self._draw = ImageDraw.Draw(self.image)
        self._camera = frame.camera
        own = frame.camera_to_world if pose is None else pose
        self._world_to_camera = np.eye(4) if own is None else np.linalg.inv(own)
        self._width = max(round(frame.camera.height / 240), 2)

    def _pixels(self, points: Sequence[np.ndarray]) -> np.ndarray:
        world = np.reshape(points, (-1, 3))
        pixels = self._camera.project(
            world @ self._world_to_camera[:3, :3].T + self._world_to_camera[:3, 3])
        limit = 4.0 * max(self._camera.width, self._camera.height)
        return np.where(np.abs(pixels) < limit, pixels, np.nan)

    def line(self, points: Sequence[np.ndarray], shade: Color) -> None:
        """Polyline of world points with its ends marked; parts behind the camera are left out."""
        pixels = self._pixels(points)
        for (x1, y1), (x2, y2) in itertools.pairwise(pixels):
            if np.isfinite([x1, y1, x2, y2]).all():
                self._draw.line([(x1, y1), (x2, y2)], fill=shade, width=self._width)
        radius = self._width + 1
        for x, y in pixels[[0, -1]]:
            if np.isfinite([x, y]).all():
                self._draw.ellipse([x - radius, y - radius, x + radius, y + radius],
                                   fill=shade, outline=(0, 0, 0))

    def name(self, point: np.ndarray, text: str, shade: Color) -> None:
        """Write `text` beside a world point."""
        x, y = self._pixels([point])[0]
        if np.isfinite([x, y]).all():
            write(self._draw, (x + 6, y - 6), text, shade, self._camera.height)
