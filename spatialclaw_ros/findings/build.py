"""From masks and depth to objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from functools import partial
from typing import Any
from typing import Protocol

import numpy as np
from scipy import ndimage

from spatialclaw_ros.findings.depth_errors import depth_errors
from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import TooClose
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.outliers import without_outliers
from spatialclaw_ros.findings.patch import MaskedView
from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.backproject import crop_points
from spatialclaw_ros.geometry.backproject import crop_rays
from spatialclaw_ros.geometry.layers import agreement
from spatialclaw_ros.geometry.layers import bled_in
from spatialclaw_ros.geometry.layers import mixed_rim
from spatialclaw_ros.geometry.layers import seen_through
from spatialclaw_ros.geometry.layers import step_tolerance
from spatialclaw_ros.geometry.layers import stray_readings
from spatialclaw_ros.geometry.misplaced import readings_beside
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.geometry.pixels import eroded
from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.frame import Frame

#: World of every frame whose pose is known.
WORLD = 'world'
_LEAST_READINGS = 6
_TOO_CLOSE_SHARE = 0.2
_PADDING = 2
_RING_SHARE = 0.5
_RING_LEAST = 16
_RING_POINTS = 6000


class Geometry(Protocol):
    """What is asked of a frame's geometry; calls.requests.FrameGeometry has it."""

    depth: Any
    noise: DepthNoise
    sigma: Any
    bias: Any
    matrix: Any
    camera_to_world: Any
    pose_sigma: Any


@dataclass(frozen=True, eq=False)
class ViewPart:
    """One frame's share of an object: the frame, its geometry, and the object's mask in it."""

    frame: Frame
    geometry: Any
    mask: Any


@dataclass(frozen=True)
class _Tally:
    """Pixels of one mask: how many, how many read a depth, how many were too close."""

    frame: int
    masked: int
    read: int
    close: int

    @property
    def too_close(self) -> bool:
        return self.close > _TOO_CLOSE_SHARE * self.masked


def build_object(name: str, parts: Sequence[ViewPart], up: np.ndarray | None) -> Object3D:
    """Back-project the masks of one object, each in its own frame, into one Object3D.

    What one view shows against the others is cut; of a thing that moved the newest view counts:
    both with a note. `up` is the unit vector (3,) against gravity in the world, None where unknown.
    Raises TooClose where over a fifth of the masked pixels are nearer than the sensor can measure,
    NotVisible where no view has depth enough.
    """
    sights, tallies = [], []
    for part in parts:
        sight, tally = _sight(part)
        tallies.append(tally)
        if sight is not None:
            sights.append(sight)
    if not sights:
        raise _unusable(name, tallies)
    score = max(float(part.mask.score) for part in parts)
    checked = without_outliers(sights)
    found = Object3D(name, checked.sights, None if up is None else np.asarray(up, float), score,
                     note=checked.note, moved=checked.moved)
    if not found.moved:
        return found
    newest = [sight.view.frame for sight in found.shown if sight.view is not None]
    told = (f'frames see through where others show it, so it moved or a pose is wrong; its points '
            f'and box are those of its newest frame {newest[0]} alone')
    return replace(found, note='; '.join(filter(None, (found.note, told))))


def _unusable(name: str, tallies: Sequence[_Tally]) -> NotVisible | TooClose:
    told = '; '.join(
        f'frame {tally.frame}: {tally.masked} pixels masked, {tally.read} with depth'
        + (f', {tally.close} too close' if tally.close else '') for tally in tallies)
    if any(tally.too_close for tally in tallies):
        return TooClose(
            f'{name!r} is nearer than the depth sensor can measure ({told}); move the camera back')
    return NotVisible(
        f'{name!r} shows no usable surface ({told or "it is in no frame"}); '
        'ask of another frame or view')


def view_of(frame: Frame, geometry: Geometry) -> tuple[View, Camera]:
    """View and camera of a frame, with what the geometry's engine found put first."""
    camera = frame.camera
    if geometry.matrix is not None:
        camera = replace(camera, matrix=np.asarray(geometry.matrix, float))
    pose = geometry.camera_to_world
    pose = frame.camera_to_world if pose is None else pose
    pose_sigma = frame.pose_sigma if geometry.pose_sigma is None else geometry.pose_sigma
    intrinsics = camera.intrinsics
    view = View(
        frame.index, camera.name, frame.stamp,
        np.eye(4) if pose is None else np.asarray(pose, float),
        geometry.noise.bias_share, geometry.noise.focal_share,
        pose_sigma.translation, pose_sigma.rotation,
        WORLD if pose is not None else f'frame {frame.index}',
        float(np.sqrt(intrinsics['fx'] * intrinsics['fy'])))
    return view, camera


def whole_view(frame: Frame, geometry: Geometry) -> View:
    """The view of all that a frame shows; see `depth_errors` for what it has in common."""
    view, _ = view_of(frame, geometry)
    known = np.isfinite(geometry.depth)
    if not known.any():
        return view
    everything = (slice(None), slice(None))
    _, shared = depth_errors(geometry, everything, np.asarray(geometry.depth, float), known)
    return replace(view, own_bias_share=shared)


def masked_view(part: ViewPart) -> MaskedView:
    """The part as association compares it: its mask, and all that its frame measures."""
    view, camera = view_of(part.frame, part.geometry)
    geometry = part.geometry
    return MaskedView(DepthView(view, camera, geometry.depth, geometry.noise, geometry.sigma),
                      part.mask.origin, np.asarray(part.mask.mask) > 0)


def _sight(part: ViewPart) -> tuple[DepthSight | None, _Tally]:
    masks, origin = _masks_in_image(part)
    depth = np.asarray(part.geometry.depth)
    h, w = masks.shape[1:]
    window = (slice(origin[1], origin[1] + h), slice(origin[0], origin[0] + w))
    readings = np.asarray(depth[window], float)
    own = masks[0]
    valid = np.isfinite(readings) & (readings > 0)
    tally = _Tally(part.frame.index, int(own.sum()), int((own & valid).sum()),
                   int((own & np.isneginf(readings)).sum()))
    if tally.read < _LEAST_READINGS or tally.too_close:
        return None, tally
    view, camera = view_of(part.frame, part.geometry)
    z = np.where(valid, readings, np.nan)
    sigma, shared = depth_errors(part.geometry, window, z, own)
    view = replace(view, own_bias_share=shared)
    tolerance = step_tolerance(z, sigma, view.focal)
    union = np.asarray(masks.any(axis=0))
    stray = stray_readings(z, union, tolerance) | seen_through(z, union, tolerance)
    cleaned = np.where(stray, np.nan, z)
    beside = readings_beside(cleaned, union, tolerance, view.focal)
    cleaned = np.where(beside, np.nan, cleaned)
    sure = np.asarray(masks.all(axis=0))
    bled = bled_in(cleaned, union, sure, tolerance, view.focal) | beside
    cleaned = np.where(bled | ~union, np.nan, cleaned)
    mixed = mixed_rim(z, own, own & np.isfinite(cleaned), 0.75 * tolerance,
                      agreement(z, sigma, view.focal))
    cleaned = np.where(mixed, np.nan, cleaned)
    if (own & np.isfinite(cleaned)).sum() < _LEAST_READINGS:
        return None, tally
    typical = float(np.nanmedian(np.where(np.isfinite(cleaned), tolerance, np.nan)))
    sight = DepthSight(
        view, origin, cleaned, np.where(np.isfinite(sigma), sigma, 0.0), masks,
        fillable=~np.isposinf(readings) & ~bled,
        tolerance=np.where(np.isfinite(tolerance), tolerance, typical),
        rays=crop_rays(camera, origin, (h, w)),
        look_around=partial(_surroundings, depth, masks, origin, camera, view),
        visible=_visible_share(z, cleaned, own, tolerance),
        truncated=_touches_border(own, origin, depth.shape),
        seen=DepthView(view, camera, depth, part.geometry.noise, part.geometry.sigma))
    return sight, tally


def _masks_in_image(part: ViewPart) -> tuple[np.ndarray, tuple[int, int]]:
    """Masks (V, h, w) bool, the object's own first, cropped to the image with some padding."""
    x, y = part.mask.origin
    own = np.asarray(part.mask.mask) > 0
    others = np.asarray(part.mask.alternatives) > 0
    masks = np.concatenate([own[None], others.reshape(-1, *own.shape)])
    height, width = part.geometry.depth.shape
    left, top = max(x - _PADDING, 0), max(y - _PADDING, 0)
    right = min(x + own.shape[1] + _PADDING, width)
    bottom = min(y + own.shape[0] + _PADDING, height)
    placed = np.zeros((len(masks), max(bottom - top, 0), max(right - left, 0)), bool)
    inside = masks[:, max(-y, 0):height - y, max(-x, 0):width - x]
    row, column = max(y, 0) - top, max(x, 0) - left
    placed[:, row:row + inside.shape[1], column:column + inside.shape[2]] = inside
    return placed, (left, top)


def _surroundings(depth: np.ndarray, masks: np.ndarray, origin: tuple[int, int], camera: Camera,
                  view: View) -> np.ndarray:
    """Points (S, 3), world metres, of a ring about the object in the image."""
    h, w = masks.shape[1:]
    pad = max(_RING_LEAST, int(_RING_SHARE * max(h, w)))
    left, top = max(origin[0] - pad, 0), max(origin[1] - pad, 0)
    right = min(origin[0] + w + pad, depth.shape[1])
    bottom = min(origin[1] + h + pad, depth.shape[0])
    taken = np.zeros((bottom - top, right - left), bool)
    row, column = origin[1] - top, origin[0] - left
    taken[row:row + h, column:column + w] = masks.any(axis=0)
    free = eroded(~taken, 3, corners=False)
    stride = int(np.ceil(np.sqrt(max(free.sum(), 1) / _RING_POINTS)))
    crop = np.where(free, depth[top:bottom, left:right], np.nan)
    points = crop_points(crop, (left, top), camera, view.camera_to_world)
    points = points[::stride, ::stride].reshape(-1, 3)
    return points[np.isfinite(points[:, 2])]


def _visible_share(depth: np.ndarray, cleaned: np.ndarray, mask: np.ndarray,
                   tolerance: np.ndarray) -> float:
    """Share of the mask's outline that no nearer surface cuts off."""
    rim = mask & ~eroded(mask, corners=False)
    behind = np.where(np.isfinite(cleaned), cleaned, np.inf)
    nearest_own = ndimage.minimum_filter(behind, 5)
    outside = np.where(mask | ~np.isfinite(depth), np.inf, depth)
    nearest_other = ndimage.minimum_filter(outside, 5)
    with np.errstate(invalid='ignore'):
        hidden = rim & (nearest_other < nearest_own - 2 * np.nan_to_num(tolerance, nan=0.02))
    return 1.0 - float(hidden.sum()) / max(int(rim.sum()), 1)


def _touches_border(mask: np.ndarray, origin: tuple[int, int], size: tuple[int, ...]) -> bool:
    rows, columns = np.nonzero(mask)
    return bool(rows.min() + origin[1] == 0 or columns.min() + origin[0] == 0
                or rows.max() + origin[1] == size[0] - 1
                or columns.max() + origin[0] == size[1] - 1)
