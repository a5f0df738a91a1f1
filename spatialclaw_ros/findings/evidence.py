"""What frames say of whether two masks show one thing, by the surfaces they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.patch import MaskedView
from spatialclaw_ros.findings.patch import Patch

#: How much less a point counts that lies on a mask at a pixel only, not all about; and one that
#: agrees no better than it must.
_ALL_ABOUT, _AGREEING = 0.7, 0.4


@dataclass(frozen=True, eq=False)
class Evidence:
    """Shares (N, N) of the points of patch i, as the frame of patch j sees them.

    `on`: they lie on the surface in mask j. `off`: the frame sees the place, and the surface in
    mask j is not there; of these, `through` are places it sees through. What is hidden, outside
    the image, or not read counts as neither. NaN where the two were not compared.
    """

    on: np.ndarray
    off: np.ndarray
    through: np.ndarray

    @classmethod
    def none(cls, count: int) -> Evidence:
        """Of `count` patches, nothing compared."""
        return cls(*(np.full((count, count), np.nan) for _ in range(3)))


def gather(patches: Sequence[Patch], pairs: Sequence[tuple[int, int]]) -> Evidence:
    """Compare the patches of the frames in `pairs`: those of the first are seen in the second."""
    evidence = Evidence.none(len(patches))
    by_frame: dict[int, list[int]] = {}
    for i, patch in enumerate(patches):
        by_frame.setdefault(patch.view.frame, []).append(i)
    layers = {frame: _layers([patches[i].masked for i in of])
              for frame, of in by_frame.items()}
    for first, second in pairs:
        of, to = by_frame[first], by_frame[second]
        on, off, through = _seen([patches[i] for i in of], patches[to[0]].masked.seen, len(to),
                                 layers[second])
        place = np.ix_(of, to)
        evidence.on[place], evidence.off[place], evidence.through[place] = on, off, through
    return evidence


def _layers(masks: Sequence[MaskedView]) -> list[np.ndarray]:
    """Images (H, W) that hold the number of the mask at each pixel, -1 for none.

    Masks that overlap are in different layers.
    """
    layers: list[np.ndarray] = []
    for number, mask in enumerate(masks):
        (x, y), (h, w) = mask.origin, mask.pixels.shape
        for layer in layers:
            crop = layer[y:y + h, x:x + w]
            if (crop[mask.pixels] < 0).all():
                break
        else:
            layers.append(np.full(mask.seen.depth.shape, -1, np.int16))
            crop = layers[-1][y:y + h, x:x + w]
        crop[mask.pixels] = number
    return layers


def _seen(patches: Sequence[Patch], other: DepthView, count: int, layers: Sequence[np.ndarray]
          ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares `on`, `off`, `through` (len(patches), count) in the frame `other`."""
    of = np.repeat(np.arange(len(patches)), [len(p.points) for p in patches])
    points, error = _at_the_time(patches, other.view.stamp)
    look = other.look(points, error)
    on = np.zeros((len(points), count))
    for layer in layers:
        number = np.where(look.inside & look.agrees, layer[look.rows, look.columns], -1)
        on = np.maximum(on, _on(number, np.abs(look.behind), count))
    size = np.bincount(of, minlength=len(patches))[:, None]
    member = (of == np.arange(len(patches))[:, None]).astype(float)
    off = (~look.silent[:, None] & (on == 0)).astype(float)
    through = np.broadcast_to(look.through[:, None], on.shape)
    with np.errstate(invalid='ignore'):
        shares = [np.nan_to_num(member @ votes / size) for votes in (on, off, through)]
    return shares[0], shares[1], shares[2]


def _at_the_time(patches: Sequence[Patch], stamp: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) of all patches, moved to where they are at `stamp` ns, and their errors."""
    moved = [patch.velocity * (stamp - patch.view.stamp) * 1e-9 for patch in patches]
    points = [patch.points + by for patch, by in zip(patches, moved, strict=True)]
    error = [np.hypot(patch.error, 0.3 * np.linalg.norm(by))
             for patch, by in zip(patches, moved, strict=True)]
    return np.concatenate(points), np.concatenate(error)


def _on(number: np.ndarray, apart: np.ndarray, count: int) -> np.ndarray:
    """Weights (N, count) in 0-1 of points with agreeing pixels of mask `number` (N, P), or -1.

    `apart` (N, P) is in units of what agrees.
    """
    hits = np.zeros((len(number), count))
    nearest = np.ones((len(number), count))
    for of_pixel, distance in zip(number.T, apart.T, strict=True):
        rows = np.flatnonzero(of_pixel >= 0)
        place = rows, of_pixel[rows]
        hits[place] += 1
        nearest[place] = np.minimum(nearest[place], distance[rows])
    about = 1 - _ALL_ABOUT + _ALL_ABOUT * hits / number.shape[1]
    return np.where(hits > 0, about * (1 - _AGREEING * nearest), 0.0)
