"""What was found in space: objects with their surface, box and pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import cached_property

import numpy as np

from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.sight import DepthSight
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.boxes import principal_axes
from spatialclaw_ros.geometry.boxes import upright_axes
from spatialclaw_ros.geometry.robust import lower_end
from spatialclaw_ros.geometry.robust import rank_for

_SAMPLE = 5000
#: Share of the points left out at each side to tell how a box is turned.
_LEFT_OUT = 0.01
#: Variance of an angle of which nothing is known, uniform over a turn, rad².
UNIFORM_ANGLE = np.pi ** 2 / 3


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

    def __repr__(self) -> str:
        """Normal, offset and extent, on one line."""
        return (f'Plane3D({self.name!r}: normal {np.round(self.normal, 4).tolist()}, offset '
                f'{self.offset:.4f} m, world, polygon of {len(self.polygon)} points)')

    def height(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (N,) metres of `points` (N, 3) along the normal."""
        return np.asarray(points) @ self.normal - self.offset


@dataclass(frozen=True, eq=False)
class Object3D:
    """An object's visible surface, in every view of it.

    `sights` holds one entry per frame; `up` (3,) is against gravity in the world, None where
    unknown; `front` (3,) the horizontal way it faces, None where unknown; `note` tells what was
    cut of its views. Of one that `moved` between them, points and box are those of the newest.
    Frames without a pose are worlds of their own: then they are those of the world that shows most.
    """

    name: str
    sights: tuple[Sight, ...]
    up: np.ndarray | None = None
    score: float = 1.0
    front: np.ndarray | None = None
    note: str = ''
    moved: bool = False

    def __repr__(self) -> str:
        """Name, number of points, size and place, on one line."""
        center = np.round(self.box.center, 3).tolist()
        size = ' x '.join(f'{side:.3f}' for side in self.box.size)
        return (f'Object3D({self.name!r}: {len(self.points)} points (K,3) world m, box {size} m '
                f'at {center}, frames {list(self.frame_indices)})')

    @property
    def frame_indices(self) -> tuple[int, ...]:
        """Numbers of the frames it was seen in."""
        return tuple(sight.view.frame for sight in self.sights if sight.view is not None)

    @property
    def views(self) -> tuple[View, ...]:
        """The views it was seen in."""
        return tuple(sight.view for sight in self.sights if sight.view is not None)

    @cached_property
    def world(self) -> str:
        """The world that shows most of it; empty for bare points."""
        sizes: dict[str, int] = {}
        for sight in self.sights:
            world = sight.view.world if sight.view is not None else ''
            sizes[world] = sizes.get(world, 0) + len(sight.surface().points)
        return max(sizes, key=lambda world: sizes[world])

    def sights_in(self, world: str) -> tuple[Sight, ...]:
        """Sights whose view is in `world`."""
        return tuple(sight for sight in self.sights
                     if sight.view is None or sight.view.world == world)

    def only(self, frames: Sequence[int]) -> Object3D:
        """The same object as only `frames` show it; raises KeyError where none does."""
        kept = tuple(s for s in self.sights if s.view is not None and s.view.frame in frames)
        if not kept:
            raise KeyError(
                f'{self.name!r} is not seen in {list(frames)}; it is in {self.frame_indices}')
        return replace(self, sights=kept)

    @cached_property
    def shown(self) -> tuple[Sight, ...]:
        """The sights that points and box are of."""
        sights = self.sights_in(self.world)
        if not self.moved:
            return sights
        return (max(sights, key=lambda sight: (
            (sight.view.stamp, sight.view.frame) if sight.view is not None else (-1, -1))),)

    @cached_property
    def points(self) -> np.ndarray:
        """(K, 3) float64 world metres: its visible surface, smoothed, without flying pixels."""
        return np.concatenate([sight.surface().points for sight in self.shown])

    @cached_property
    def sigma(self) -> np.ndarray:
        """(K,) metres along the ray: one sigma of each point's own noise."""
        return np.concatenate([sight.surface().sigma for sight in self.shown])

    @cached_property
    def centroid(self) -> np.ndarray:
        """(3,) world metres: mean of the visible points, every view counted alike."""
        return np.mean([sight.surface().center for sight in self.shown], axis=0)

    @cached_property
    def box(self) -> Box3D:
        """Oriented box about the visible points; its third axis is up where gravity is known."""
        sample = self.points[::max(len(self.points) // _SAMPLE, 1)]
        share = _LEFT_OUT if len(sample) > 2 / _LEFT_OUT else 0.0
        axes = (principal_axes(sample, share) if self.up is None
                else upright_axes(sample, self.up, share))
        return box_along(self.points, axes)

    @cached_property
    def aligned_box(self) -> Box3D:
        """Box about the visible points along the world's axes."""
        return box_along(self.points, np.eye(3))

    @property
    def pose(self) -> np.ndarray:
        """(4, 4) pose of the box in the world: its centre and axes."""
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = self.box.rotation, self.box.center
        return pose

    @property
    def top(self) -> np.ndarray:
        """(3,) middle of the box's upper face, world metres; the third box axis is up."""
        return self.box.center + self.box.rotation[:, 2] * self.box.size[2] / 2

    @property
    def bottom(self) -> np.ndarray:
        """(3,) middle of the box's lower face, world metres."""
        return self.box.center - self.box.rotation[:, 2] * self.box.size[2] / 2

    @property
    def visible(self) -> float:
        """Share of its silhouette that nothing nearer cuts off, in the view that shows most."""
        return max((s.visible for s in self.sights if isinstance(s, DepthSight)), default=1.0)

    @property
    def truncated(self) -> bool:
        """Whether an image border cuts it in every view."""
        cut = [s.truncated for s in self.sights if isinstance(s, DepthSight)]
        return bool(cut) and all(cut)

    def found(self) -> Found:
        """What leaves the kernel: box, pose with covariance, and a sample of the points."""
        stride = -(-len(self.points) // _SAMPLE)
        covariance = np.zeros((6, 6))
        covariance[:3, :3] = self._centre_covariance()
        turn = self.box.rotation
        known = 0.0 if self.up is None else np.deg2rad(3.0) ** 2
        spread = np.diag([known or UNIFORM_ANGLE, known or UNIFORM_ANGLE, self._yaw_variance()])
        covariance[3:, 3:] = turn @ spread @ turn.T
        return Found(
            self.name, self.box.center, self.box.size, self.box.rotation, self._size_sigma(),
            covariance, np.ascontiguousarray(self.points[::stride]), self.visible, self.truncated,
            tuple(dict.fromkeys(view.camera for view in self.views)), self.frame_indices,
            self.score)

    def _centre_covariance(self) -> np.ndarray:
        """(3, 3) m²: frame and pose errors of the centre, and half the box's own spread."""
        covariance = np.diag(np.square(self._size_sigma() / 2))
        covariance = self.box.rotation @ covariance @ self.box.rotation.T
        for view in self.views[:1]:
            covariance += view.depth_covariance(self.box.center)
            covariance += view.pose_covariance(self.box.center)
        return np.asarray(covariance)

    def _size_sigma(self) -> np.ndarray:
        """(3,) metres: what the other masks change of the box's sides, and the point noise."""
        noise = float(np.nanmedian(self.sigma)) if len(self.sigma) else np.nan
        along = self.box.rotation
        sizes = [np.ptp(surface.points @ along, axis=0)
                 for sight in self.sights_in(self.world) for surface in
                 (sight.surface(variant) for variant in range(1, sight.variants))
                 if len(surface.points)]
        spread = np.zeros(3)
        if sizes:
            spread = np.sqrt(np.mean(np.square(np.array(sizes) - self.box.size), axis=0) / 3)
        return np.sqrt(np.square(spread) + noise ** 2)

    def _yaw_variance(self) -> float:
        """rad²: the box's long side tells its yaw the better, the longer it is than the other."""
        longer, shorter = self.box.size[0], self.box.size[1]
        if longer < 1.2 * shorter:
            return UNIFORM_ANGLE
        return float(np.square(2 * self._size_sigma()[:2].max() / longer))


def box_along(points: np.ndarray, axes: np.ndarray) -> Box3D:
    """Box about `points` (K, 3) along the columns of `axes` (3, 3), its ends told robustly."""
    along = points @ axes
    rank = rank_for(len(points))
    low, high = lower_end(along, rank, axis=0), -lower_end(-along, rank, axis=0)
    low, high = np.minimum(low, high), np.maximum(low, high)
    return Box3D(axes @ ((low + high) / 2), high - low, axes)
