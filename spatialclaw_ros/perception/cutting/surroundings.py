"""Flat surfaces around a box: what an object stands on, lies on, or stands in front of.

Planes are found in the ring around the box only, so that a warped desk or floor is taken as it
is near the object. A plane counts inside the box as far as it is seen on two sides of it: one
that is seen on one side only may just be a neighbour, a reflection, or the object's own face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy import ndimage

from spatialclaw_ros.perception.cutting.crop import Crop

_PLANES = 4
_SAMPLES, _HYPOTHESES = 1200, 120
#: A plane holds at least this share of the ring, and this many samples.
_LEAST_SHARE, _LEAST_SAMPLES = 0.06, 30
#: Depth steps between surfaces of one plane, and its waviness, as a share of range.
_WAVE = 0.0015
_AGREEING_NORMALS = 0.75
_NORMAL_REACH = 3


@dataclass(frozen=True, eq=False)
class Surroundings:
    """How likely each pixel lies on a flat surface of the surroundings.

    `density` (h, w) 1/metre: of its distance from those surfaces, each weighted by how surely it
    extends there; `unexplained` (h, w) in 0–1: share of the surroundings on no such surface;
    `on` (h, w) bool: within two sigma of a surface that surely extends there.
    """

    density: np.ndarray
    unexplained: np.ndarray
    on: np.ndarray


@dataclass(frozen=True, eq=False)
class _Plane:
    normal: np.ndarray
    offset: float
    spread: float


def surroundings(crop: Crop) -> Surroundings:
    """Fit the surfaces around the box of `crop` and extend them into it."""
    normals = _normals(crop)
    density = np.zeros(crop.shape, np.float32)
    unexplained = np.ones(crop.shape, np.float32)
    on = np.zeros(crop.shape, bool)
    ring = crop.outside & crop.measured
    for plane in _planes(crop, normals):
        distance = crop.points @ plane.normal.astype(np.float32) - plane.offset
        sigma = np.sqrt(crop.sigma ** 2 + plane.spread ** 2 + (0.002 * crop.depth) ** 2)
        off = np.nan_to_num(np.abs(distance) / sigma, nan=np.inf)
        facing = np.nan_to_num(np.abs(normals @ plane.normal.astype(np.float32)), nan=1.0)
        extends = _extends(crop, ring & (off < 3) & (facing > _AGREEING_NORMALS), ring)
        bell = np.exp(-0.5 * np.minimum(off, 10) ** 2) / (np.sqrt(2 * np.pi) * sigma)
        density += extends * np.nan_to_num(bell)
        unexplained -= extends
        on |= (off < 2) & (extends > 0.3)
    return Surroundings(density, np.clip(unexplained, 0.06, 1), on)


def _normals(crop: Crop) -> np.ndarray:
    """Surface normals (h, w, 3), NaN where depth is missing or steps."""
    known = crop.measured.astype(np.float32)
    share = cv2.blur(known, (5, 5))
    smooth = cv2.blur(np.nan_to_num(crop.points), (5, 5)) / np.maximum(share, 1e-3)[..., None]
    along_x, along_y = np.full_like(smooth, np.nan), np.full_like(smooth, np.nan)
    r = _NORMAL_REACH
    along_x[:, r:-r] = smooth[:, 2 * r:] - smooth[:, :-2 * r]
    along_y[r:-r] = smooth[2 * r:] - smooth[:-2 * r]
    normals = np.cross(along_x, along_y)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    step = np.maximum(np.abs(along_x[..., 2]), np.abs(along_y[..., 2]))
    continuous = step < 8 * r * crop.depth / crop.focal + 4 * crop.sigma
    normals[~(continuous & (share > 0.6))] = np.nan
    return normals


def _planes(crop: Crop, normals: np.ndarray) -> list[_Plane]:
    """Planes of the ring, largest first, by RANSAC with normals and weighted least squares."""
    ring = np.flatnonzero(crop.outside & crop.measured)
    if len(ring) < 2 * _LEAST_SAMPLES:
        return []
    ring = ring[::max(1, len(ring) // _SAMPLES)]
    points = crop.points.reshape(-1, 3)[ring].astype(float)
    facing = normals.reshape(-1, 3)[ring]
    sigma = crop.sigma.ravel()[ring] + _WAVE * points[:, 2]
    least = max(_LEAST_SAMPLES, _LEAST_SHARE * len(points))
    generator = np.random.default_rng(0)
    left = np.arange(len(points))
    planes = []
    for _ in range(_PLANES):
        if len(left) < least:
            break
        normal, offset = _best_plane(points[left], facing[left], sigma[left], generator)
        near = np.abs(points[left] @ normal - offset) < 3 * sigma[left]
        if near.sum() < least:
            break
        cosine = np.abs(facing[left][near] @ normal)
        known = np.isfinite(cosine)
        if (cosine[known] > _AGREEING_NORMALS).sum() >= 0.5 * known.sum():
            residual = points[left][near] @ normal - offset
            spread = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
            planes.append(_Plane(normal, offset, spread))
        left = left[~near]
    return planes


def _best_plane(points: np.ndarray, facing: np.ndarray, sigma: np.ndarray,
                generator: np.random.Generator) -> tuple[np.ndarray, float]:
    corners = points[generator.integers(0, len(points), (_HYPOTHESES, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    offsets = np.einsum('ij,ij->i', normals, corners[:, 0])
    off = points @ normals.T
    off -= offsets
    np.abs(off, out=off)
    off /= sigma[:, None]
    cosine = np.nan_to_num(facing, nan=0.0) @ normals.T
    off[np.abs(cosine, out=cosine) < _AGREEING_NORMALS] = 3
    best = int(np.minimum(off, 3, out=off).sum(axis=0).argmin())
    normal, offset = normals[best], float(offsets[best])
    for _ in range(3):
        near = np.abs(points @ normal - offset) < 2.5 * sigma
        if near.sum() < _LEAST_SAMPLES:
            break
        weights = 1 / sigma[near] ** 2
        center = np.average(points[near], axis=0, weights=weights)
        scaled = (points[near] - center) * np.sqrt(weights)[:, None]
        normal = np.linalg.eigh(scaled.T @ scaled)[1][:, 0]
        offset = float(normal @ center)
    return normal, offset


def _extends(crop: Crop, seen: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """How surely (h, w), in 0–1, a surface `seen` in the `ring` extends to each pixel.

    For each pixel: the share of the ring left and right of the box in its row, above and below
    in its column, that is of the surface; what counts are the two largest of the four.
    """
    x1, y1, x2, y2 = (round(edge) for edge in crop.box)
    h, w = crop.shape
    sides: tuple[tuple[Any, int, float], ...] = (
        (np.s_[:, :max(x1, 0)], 1, y2 - y1), (np.s_[:, min(x2, w):], 1, y2 - y1),
        (np.s_[:max(y1, 0)], 0, x2 - x1), (np.s_[min(y2, h):], 0, x2 - x1))
    shares = np.stack([np.broadcast_to(_share(seen[part], ring[part], axis, length), (h, w))
                       for part, axis, length in sides])
    high, low = np.maximum(shares[::2], shares[1::2]), np.minimum(shares[::2], shares[1::2])
    second = np.maximum(np.minimum(*high), np.maximum(*low))
    extends = 0.75 * second + 0.25 * np.maximum(*high) * (second > 0.1)
    return np.clip(extends, 0, 1).astype(np.float32)


def _share(seen: np.ndarray, ring: np.ndarray, axis: int, length: float) -> np.ndarray:
    reach = 0.08 * length + 1
    of_surface, of_ring = (
        ndimage.gaussian_filter1d(part.sum(axis=axis).astype(float), reach, mode='nearest')
        for part in (seen, ring))
    share = of_surface / (of_ring + 0.3 * reach)
    return share[:, None] if axis == 1 else share
