"""Depth images to points, without touching a pixel more often than needed."""

from __future__ import annotations

from typing import Protocol
import weakref

import numpy as np

_ROWS_PER_BLOCK = 48
_ray_tables: weakref.WeakKeyDictionary[RayCamera, np.ndarray] = weakref.WeakKeyDictionary()


class RayCamera(Protocol):
    """What back-projection asks of a camera; see scene.Camera."""

    @property
    def width(self) -> int:
        """Columns of the image."""

    @property
    def height(self) -> int:
        """Rows of the image."""

    @property
    def is_distorted(self) -> bool:
        """Whether rays need the distortion model."""

    @property
    def columns(self) -> np.ndarray:
        """(W,) ray x/z of each column of an undistorted image."""

    @property
    def rows(self) -> np.ndarray:
        """(H,) ray y/z of each row of an undistorted image."""

    def normalized(self, pixels: np.ndarray) -> np.ndarray:
        """Ray directions (N, 2), x/z and y/z, of `pixels` (N, 2)."""


def ray_table(camera: RayCamera) -> np.ndarray:
    """Ray directions x/z and y/z of every pixel, (H, W, 2) float64; cached while `camera` lives."""
    table = _ray_tables.get(camera)
    if table is None:
        u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
        pixels = np.column_stack([u.ravel(), v.ravel()])
        table = camera.normalized(pixels).reshape(camera.height, camera.width, 2)
        _ray_tables[camera] = table
    return table


def crop_rays(camera: RayCamera, origin: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """Ray directions (h, w, 2), x/z and y/z, of the crop with its corner at `origin` (x, y)."""
    (x, y), (h, w) = origin, shape
    if camera.is_distorted:
        return ray_table(camera)[y:y + h, x:x + w]
    rays = np.empty((h, w, 2))
    rays[..., 0] = camera.columns[x:x + w]
    rays[..., 1] = camera.rows[y:y + h, None]
    return rays


def frame_points(depth: np.ndarray, camera: RayCamera, camera_to_world: np.ndarray | None = None,
                 out: np.ndarray | None = None) -> np.ndarray:
    """World points (H, W, 3) float32 metres of `depth` (H, W) metres; NaN where unknown.

    Without `camera_to_world` (4, 4) the points are in the camera's optical frame. The memory is
    planar (three images behind one another); `out` (3, H, W) float32 is filled where given.
    For rays that are separable, world_j = (R_j0 x[u] + R_j1 y[v] + R_j2) z + t_j.
    """
    pose = np.eye(4) if camera_to_world is None else camera_to_world
    r, t = pose[:3, :3].astype(np.float32), pose[:3, 3].astype(np.float32)
    planes = np.empty((3, *depth.shape), np.float32) if out is None else out
    table = ray_table(camera).astype(np.float32) if camera.is_distorted else None
    columns = camera.columns.astype(np.float32)
    rows = camera.rows.astype(np.float32)[:, None]
    across = r[:, 0, None] * columns
    for top in range(0, depth.shape[0], _ROWS_PER_BLOCK):
        block = slice(top, top + _ROWS_PER_BLOCK)
        z = np.asarray(depth[block], np.float32)
        unknown = ~((z > 0) & (z < np.inf))
        if unknown.any():
            z = np.where(unknown, np.float32(np.nan), z)
        for j in range(3):
            target = planes[j, block]
            if table is None:
                np.add(across[j], r[j, 1] * rows[block] + r[j, 2], out=target)
            else:
                np.matmul(table[block], r[j, :2], out=target)
                target += r[j, 2]
            target *= z
            target += t[j]
    return np.moveaxis(planes, 0, -1)


def crop_points(depth: np.ndarray, origin: tuple[int, int], camera: RayCamera,
                camera_to_world: np.ndarray | None = None) -> np.ndarray:
    """World points (h, w, 3) float64 metres of the crop `depth` (h, w) at `origin` (x, y)."""
    z = np.where(np.isfinite(depth) & (depth > 0), depth, np.nan).astype(float)
    rays = crop_rays(camera, origin, depth.shape)
    points = np.dstack([rays * z[..., None], z])
    if camera_to_world is None:
        return points
    return points @ camera_to_world[:3, :3].T + camera_to_world[:3, 3]
