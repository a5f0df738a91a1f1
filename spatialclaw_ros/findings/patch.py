"""The surface that one mask shows, in a few points."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import cached_property

import numpy as np

from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.pixels import depth_inside
from spatialclaw_ros.geometry.pixels import eroded
from spatialclaw_ros.geometry.transforms import unit

_SAMPLE = 80
#: Pixels by which a mask is made smaller where that leaves this many readings.
_RIM, _LEAST = 2, 12
#: Of the readings of a mask, those deepest inside that tell how far the object is.
_INSIDE = 0.6
#: Of its mask's extent, how far a thing's centre lies behind the middle of what is visible.
_BEHIND = 0.3


@dataclass(frozen=True, eq=False)
class MaskedView:
    """A mask, `pixels` (h, w) bool with its corner at `origin` (x, y), of what was `seen`."""

    seen: DepthView
    origin: tuple[int, int]
    pixels: np.ndarray

    @property
    def view(self) -> View:
        """Where it was seen from."""
        return self.seen.view


@dataclass(frozen=True, eq=False)
class Patch:
    """What one mask shows of a thing.

    `points` (N, 3) world metres are spread over it, N = 0 where nothing was read, with `error`
    (N,) metres, one sigma. `reach` is the mask's extent from corner to corner, metres. `velocity`
    (3,) m/s is told where the thing is known to move.
    """

    masked: MaskedView
    points: np.ndarray
    error: np.ndarray
    reach: float
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(3))

    @property
    def view(self) -> View:
        """Where it was seen from."""
        return self.masked.view

    @cached_property
    def center(self) -> np.ndarray:
        """(3,) world metres: about where the thing's centre is; NaN without points.

        The visible side of a thing lies before its centre.
        """
        if not len(self.points):
            return np.full(3, np.nan)
        middle = np.median(self.points, axis=0)
        return middle + _BEHIND * self.reach * unit(middle - self.view.origin)

    def shifted(self, by: np.ndarray) -> Patch:
        """The same as seen from a camera that is `by` (3,) metres from where it was told to be."""
        pose = self.view.camera_to_world.copy()
        pose[:3, 3] += by
        view = replace(self.view, camera_to_world=pose)
        masked = replace(self.masked, seen=replace(self.masked.seen, view=view))
        return replace(self, masked=masked, points=self.points + by)


def patch_of(masked: MaskedView) -> Patch:
    """The surface that a mask shows.

    Readings at the mask's rim are left out, and those farther before or behind its inside than
    the mask is wide: they are of something else.
    """
    seen, pixels, (x, y) = masked.seen, masked.pixels, masked.origin
    h, w = pixels.shape
    depth = seen.depth[y:y + h, x:x + w]
    read = pixels & np.isfinite(depth) & (depth > 0)
    used = next((inner for steps in range(_RIM, 0, -1)
                 if (inner := eroded(pixels, steps) & read).sum() >= _LEAST), read)
    rows, columns = np.nonzero(used)
    reach = 0.0
    if len(rows):
        inside = depth_inside(pixels)[used]
        distance = float(np.median(depth[used][inside >= np.quantile(inside, _INSIDE)]))
        reach = float(np.hypot(*np.ptp(np.argwhere(pixels), axis=0))) * distance / seen.view.focal
        near = np.abs(depth[used] - distance) <= reach
        stride = max(-(-int(near.sum()) // _SAMPLE), 1)
        rows, columns = rows[near][::stride] + y, columns[near][::stride] + x
    points, error = seen.points(rows, columns), seen.error(rows, columns)
    placed = np.isfinite(points).all(axis=1)
    return Patch(masked, points[placed], error[placed], reach)
