"""Regions of an image that came with the question or from a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.geometry.pixels import Box2D


@dataclass(frozen=True, eq=False)
class Region:
    """A named part of one image: exactly one of a box, labelled points, or a mask.

    `box` is (x1, y1, x2, y2) in pixels, half-open; `points` is (N, 2) pixels with
    `point_labels` (N,) 1 for the object and 0 for what is not; `mask` is (H, W) bool.
    `frame` is the absolute frame number of the image.
    """

    name: str
    frame: int
    box: Box2D | None = None
    points: np.ndarray | None = None
    point_labels: tuple[int, ...] = ()
    mask: np.ndarray | None = None
    score: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a region that says nothing, or says it twice."""
        given = [kind for kind in ('box', 'points', 'mask') if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f'region {self.name!r}: give exactly one of box, points or mask, got '
                f'{" and ".join(given) or "none"}')
        if self.points is not None and len(self.points) != len(self.point_labels):
            raise ValueError(
                f'region {self.name!r}: {len(self.points)} points but '
                f'{len(self.point_labels)} point labels')

    def check_inside(self, width: int, height: int) -> None:
        """Raise ValueError unless the region has some area inside a width × height image.

        The centre of the first pixel is at 0, so that points begin at -0.5.
        """
        if self.box is not None:
            x1, y1, x2, y2 = self.box
            if not (x1 < x2 and y1 < y2):
                raise ValueError(
                    f'region {self.name!r}: box {self.box} has no area; give x1,y1,x2,y2 with '
                    'x1 < x2 and y1 < y2')
            if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
                raise ValueError(
                    f'region {self.name!r}: box {self.box} lies outside the '
                    f'{width}x{height} image')
        elif self.mask is not None:
            if self.mask.shape != (height, width):
                raise ValueError(
                    f'region {self.name!r}: mask is {self.mask.shape[1]}x{self.mask.shape[0]}, '
                    f'the image {width}x{height}')
            if not self.mask.any():
                raise ValueError(f'region {self.name!r}: the mask is empty')
        else:
            points = np.asarray(self.points)
            inside = ((points >= -0.5) & (points < [width, height])).all(axis=1)
            if not inside.all():
                raise ValueError(
                    f'region {self.name!r}: point {points[~inside][0].tolist()} lies outside the '
                    f'{width}x{height} image')
