"""What was found in space: objects with their surface, box and pose."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np


@dataclass(frozen=True, eq=False)
class Cloud:
    """Visible surface points of one object, every view together.

    `points` (K, 3) float64 world metres; `sigma` (K,) metres along the ray; `view` (K,) frame
    number each point was seen in; `pixels` (K, 2) its (u, v). `variants` (V, K) bool: row 0 is
    the mask itself, the others are alternative masks of the same object (eroded, other seeds,
    other regions excluded), from which the mask's part of a sigma is taken. Points that belong
    only to an alternative have `variants[0]` False. `edge` (K,) bool marks points within a pixel
    of a depth step or of the mask's rim, where readings mix two surfaces.
    """

    points: np.ndarray
    sigma: np.ndarray
    view: np.ndarray
    pixels: np.ndarray
    variants: np.ndarray
    edge: np.ndarray

    def of(self, view: int | None = None, variant: int = 0) -> np.ndarray:
        """Indices (M,) of the points of one mask variant, of one frame or of all."""
        chosen = self.variants[variant]
        return np.flatnonzero(chosen if view is None else chosen & (self.view == view))


@dataclass(frozen=True, eq=False)
class View:
    """What a measure must know of a frame an object was seen in."""

    frame: int
    camera: str
    stamp: int
    camera_to_world: np.ndarray
    bias_share: float
    focal_share: float
    pose_translation_sigma: float
    pose_rotation_sigma: float
    world: str


@dataclass(frozen=True, eq=False)
class Box3D:
    """Oriented box: `center` (3,) m, `size` (3,) m along its own axes, `rotation` (3, 3).

    Columns of `rotation` are the box axes in the world; where gravity is known the third is up.
    """

    center: np.ndarray
    size: np.ndarray
    rotation: np.ndarray
    size_sigma: np.ndarray = field(default_factory=lambda: np.full(3, np.nan))

    @property
    def corners(self) -> np.ndarray:
        """(8, 3) corners, world metres."""
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1], indexing='ij')).reshape(3, 8).T
        return self.center + (signs * self.size / 2) @ self.rotation.T


@dataclass(frozen=True, eq=False)
class Plane3D:
    """Plane `normal · x = offset`: unit `normal` (3,), `offset` metres, world.

    `polygon` (N, 3) metres is the convex hull of the points it rests on; `residual` their robust
    one-sigma distance from it; `normal_sigma` radians, `offset_sigma` metres.
    """

    normal: np.ndarray
    offset: float
    polygon: np.ndarray
    residual: float = float('nan')
    normal_sigma: float = float('nan')
    offset_sigma: float = float('nan')
    name: str = 'plane'

    def height(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (N,) metres of `points` (N, 3) along the normal."""
        return np.asarray(points) @ self.normal - self.offset
