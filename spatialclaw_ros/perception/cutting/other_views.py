"""What the other frames of a window say of an object: where it is seen again, and where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from spatialclaw_ros.perception.cutting.crop import Crop
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region

#: A point is seen when the depth there agrees within this, metres and sigmas: hand-eye
#: calibrations and odometry are out by a centimetre or two.
_AGREEMENT, _SIGMAS = 0.02, 3.0
#: Share of the points that must be seen, and how many at least.
_LEAST_SEEN, _LEAST_POINTS = 0.3, 30
#: Log odds, nats, that a sure mask of another frame gives.
_WEIGHT = 3.0
#: Scores of masks that count for nothing, and in full.
_UNSURE, _SURE = 0.5, 0.9


@dataclass(frozen=True, eq=False)
class Sighting:
    """An object's mask in one frame."""

    frame: Frame
    mask: Mask


@dataclass(frozen=True, eq=False)
class _Look:
    """Points (N, 3) looked at in a frame.

    `index` (M,) of those in its image, whose pixels are `rows`, `columns` (M,); `depth` (M,)
    metres is what the frame reads there, `agrees` (M,) bool where that says they are there.
    """

    index: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    depth: np.ndarray
    agrees: np.ndarray


def seen_again(sighting: Sighting, name: str, other: Frame) -> Region | None:
    """Region of `other` in which the object of `sighting` is seen; None where it is not.

    Both frames need depth and a pose in one world.
    """
    points = surface(sighting)
    if points is None or len(points) < _LEAST_POINTS or not _is_posed(other):
        return None
    look = _look(points, other)
    if look.agrees.sum() < max(_LEAST_POINTS, _LEAST_SEEN * len(points)):
        return None
    seen = np.column_stack([look.columns, look.rows])[look.agrees]
    low, high = np.percentile(seen, (1, 99), axis=0)
    x1, y1 = np.maximum(low - 1, 0)
    x2, y2 = np.minimum(high + 2, [other.camera.width, other.camera.height])
    return Region(name, other.index, box=(float(x1), float(y1), float(x2), float(y2)))


def other_views_odds(crop: Crop, frame: Frame, sightings: Sequence[Sighting]) -> np.ndarray:
    """Log odds (h, w), nats, for the object: is what `crop` of `frame` measures in its masks.

    A place that another frame sees too, at the same depth, is of the object where that frame's
    mask holds it, and is not where the mask ends; near the outline, within what the poses may be
    out, neither. A place hidden there, or a thing that has moved since, says nothing.
    """
    odds = np.zeros(crop.shape, np.float32)
    if not _is_posed(frame):
        return odds
    pose = frame.camera_to_world
    assert pose is not None
    measured = np.flatnonzero(crop.measured)
    points = crop.points.reshape(-1, 3)[measured].astype(float) @ pose[:3, :3].T + pose[:3, 3]
    for sighting in sightings:
        sure = np.clip((sighting.mask.score - _UNSURE) / (_SURE - _UNSURE), 0, 1)
        if not _is_posed(sighting.frame) or not sure:
            continue
        look = _look(points, sighting.frame)
        inward = _inward(sighting)[look.rows, look.columns]
        focal = float(sighting.frame.camera.matrix[0, 0])
        with np.errstate(invalid='ignore'):
            says = np.clip(inward * look.depth / (focal * _AGREEMENT), -1, 1)
        odds.ravel()[measured[look.index]] += np.where(look.agrees, _WEIGHT * sure * says, 0)
    return np.clip(odds, -_WEIGHT, _WEIGHT)


def _is_posed(frame: Frame) -> bool:
    return frame.depth is not None and frame.camera_to_world is not None


def surface(sighting: Sighting) -> np.ndarray | None:
    """World points (N, 3) metres measured in the mask; None without depth or pose."""
    frame, mask = sighting.frame, sighting.mask
    if frame.depth is None or frame.camera_to_world is None:
        return None
    rows, columns = np.nonzero(mask.pixels)
    rows, columns = rows + mask.origin[1], columns + mask.origin[0]
    depth = frame.depth[rows, columns]
    valid = np.isfinite(depth)
    rays = frame.camera.normalized(np.column_stack([columns, rows])[valid])
    points = np.column_stack([rays, np.ones(len(rays))]) * depth[valid, None]
    return points @ frame.camera_to_world[:3, :3].T + frame.camera_to_world[:3, 3]


def _look(points: np.ndarray, frame: Frame) -> _Look:
    """Look at world `points` (N, 3) metres in a `frame` that has depth and a pose."""
    pose = frame.camera_to_world
    assert pose is not None and frame.depth is not None
    local = (points - pose[:3, 3]) @ pose[:3, :3]
    pixels = frame.camera.project(local)
    size = np.array([frame.camera.width, frame.camera.height])
    with np.errstate(invalid='ignore'):
        index = np.flatnonzero(((pixels >= 0) & (pixels <= size - 1)).all(axis=1))
    columns, rows = np.rint(pixels[index]).astype(int).T
    depth, expected = frame.depth[rows, columns], local[index, 2]
    with np.errstate(invalid='ignore'):
        agrees = np.abs(depth - expected) < _AGREEMENT + _SIGMAS * frame.noise.sigma(expected)
    return _Look(index, rows, columns, depth, agrees)


def _inward(sighting: Sighting) -> np.ndarray:
    """Pixels (H, W) from the outline of the mask, positive within."""
    mask = sighting.mask.full(sighting.frame.image.shape[:2])
    return ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
