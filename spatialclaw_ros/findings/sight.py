"""One object as one frame shows it: a depth crop, its masks, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage
from scipy import sparse

from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.surface import DepthSurface
from spatialclaw_ros.findings.surface import PointSurface
from spatialclaw_ros.findings.surface import Surface
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.localfit import fit_locally
from spatialclaw_ros.geometry.localfit import LocalFit
from spatialclaw_ros.geometry.localfit import rim_shift
from spatialclaw_ros.geometry.localfit import stacked
from spatialclaw_ros.geometry.pixels import eroded
from spatialclaw_ros.geometry.robust import median_of_known
from spatialclaw_ros.geometry.robust import robust_sigma

_LEAST_FOR_SCALE = 30
_MOST_FOR_SCALE = 4000
#: Places at which the inside of a surface is sampled at most; its rim is sampled in full.
_MOST_SAMPLES = 20000
#: The same under an alternative mask, of which only what differs is asked.
_MOST_OTHER_SAMPLES = 1500
_RIM = 3
_RADIUS = 2
#: Noise, in pixel pitches, from which on windows are wider.
_COARSE = 2.0
#: Pixels along a rim to either side, with which a reading is compared.
_BESIDE = 4
#: Sigmas by which a reading at the rim is off what is beside it before it is not of the surface:
#: of sound ones that is one in a hundred.
_MIXED = 2.6
_NO_POINTS = np.empty((0, 3))


class Sight(Protocol):
    """What one frame, or nobody in particular, knows of an object."""

    @property
    def view(self) -> View | None:
        """Where it was seen from."""

    @property
    def variants(self) -> int:
        """Number of masks: the first is the mask itself, the others what it might also be."""

    @property
    def surroundings(self) -> np.ndarray:
        """(S, 3) world metres: what the frame shows about the object, without it."""

    @property
    def visible(self) -> float:
        """Share of its outline that nothing nearer cuts off."""

    def surface(self, variant: int = 0) -> Surface:
        """The visible surface under one of the masks; may have no points under another."""


@dataclass(frozen=True, eq=False)
class DepthSight:
    """A crop of a depth image with its masks.

    `depth` (h, w) metres, NaN where there is no reading of the object; `sigma` (h, w) metres;
    `masks` (V, h, w) bool; `fillable` (h, w) bool where a lost reading may be had from its
    neighbours; `tolerance` (h, w) metres of depth a fit may span; `rays` (h, w, 2) x/z and y/z;
    `origin` the crop's corner (x, y) in the image; `look_around` gives the `surroundings`; `seen`
    is what the frame measures all over its image.
    """

    view: View
    origin: tuple[int, int]
    depth: np.ndarray
    sigma: np.ndarray
    masks: np.ndarray
    fillable: np.ndarray
    tolerance: np.ndarray
    rays: np.ndarray
    look_around: Callable[[], np.ndarray] = lambda: _NO_POINTS
    visible: float = 1.0
    truncated: bool = False
    seen: DepthView | None = None
    _surfaces: dict[int, DepthSurface] = field(default_factory=dict, repr=False)

    @property
    def variants(self) -> int:
        """Number of masks."""
        return len(self.masks)

    @cached_property
    def surroundings(self) -> np.ndarray:
        """(S, 3) world metres: what the frame shows about the object, without it."""
        return self.look_around()

    @cached_property
    def noise_scale(self) -> float:
        """How much noisier than `sigma` says the readings are about their smooth surface."""
        usable = self.masks[0] & np.isfinite(self.depth)
        stride = int(np.ceil(np.sqrt(usable.sum() / _MOST_FOR_SCALE)))
        fit = self._fit(usable, usable & _grid(usable.shape, stride),
                        np.zeros((*usable.shape, 2)), _RADIUS)
        inverse, sigma = self._inverse(usable)
        place = fit.rows * usable.shape[1] + fit.columns
        expected = sigma[place] * np.sqrt(
            np.clip(1 - 2 * fit.self_weight + fit.leverage, 0, None))
        told = expected > 0.5 * sigma[place]
        if told.sum() < _LEAST_FOR_SCALE:
            return 1.0
        residual = (inverse[place] - fit.operator @ inverse)[told] / expected[told]
        return float(np.clip(robust_sigma(residual), 0.1, 5.0))

    @cached_property
    def radius(self) -> int:
        """Pixels of the fits' windows about their centre: the wider, the coarser the noise.

        Noise of few pixel pitches is averaged over windows of 5 × 5, of more over 7 × 7 or 9 × 9.
        """
        known = self.masks[0] & np.isfinite(self.depth)
        pitch = np.median(self.depth[known]) / self.view.focal
        noise = self.noise_scale * float(np.median(self.sigma[known]))
        return _RADIUS + int(noise > _COARSE * pitch) + int(noise > 2 * _COARSE * pitch)

    def surface(self, variant: int = 0) -> DepthSurface:
        """The visible surface under one of the masks; may have no points."""
        if variant not in self._surfaces:
            self._surfaces[variant] = self._make_surface(
                self.masks[variant], _MOST_OTHER_SAMPLES if variant else _MOST_SAMPLES)
        return self._surfaces[variant]

    def _inverse(self, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse depth (P,) 1/m of the crop and its noise, 0 where not `usable`."""
        with np.errstate(invalid='ignore', divide='ignore'):
            inverse = np.where(usable, 1.0 / self.depth, 0.0).ravel()
            sigma = np.where(usable, self.sigma / np.square(self.depth), 0.0).ravel()
        return inverse, sigma

    def _fit(self, usable: np.ndarray, wanted: np.ndarray, shift: np.ndarray, radius: int
             ) -> LocalFit:
        return fit_locally(self.depth, usable, wanted, self.tolerance, shift, radius)

    def _unmixed(self, mask: np.ndarray) -> np.ndarray:
        """(h, w) bool: readings in `mask`, but for those at its rim that mix two surfaces.

        These are off what the readings further in go on to there, and other than their
        neighbours along the rim are: a surface that curves away is off there as well, but all
        along.
        """
        usable = np.asarray(mask & np.isfinite(self.depth))
        rim = usable & ~eroded(mask)
        fit = self._fit(usable & ~rim, rim, np.zeros((*mask.shape, 2)), self.radius + 1)
        if not len(fit.rows):
            return usable
        inverse, sigma = self._inverse(usable)
        place = fit.rows * mask.shape[1] + fit.columns
        off = (inverse[place] - fit.operator @ inverse) / (
            self.noise_scale * sigma[place] * np.sqrt(1 + fit.leverage))
        along = np.full(np.add(mask.shape, 2 * _BESIDE), np.nan)
        along[fit.rows + _BESIDE, fit.columns + _BESIDE] = off
        beside = sliding_window_view(along, (2 * _BESIDE + 1,) * 2)
        usual = median_of_known(beside[fit.rows, fit.columns].reshape(len(fit.rows), -1))
        mixed = np.abs(off - usual) > _MIXED
        usable[fit.rows[mixed], fit.columns[mixed]] = False
        return usable

    def _make_surface(self, mask: np.ndarray, most: int) -> DepthSurface:
        usable = self._unmixed(mask)
        wanted = mask & (usable | self.fillable)
        shift = rim_shift(mask)
        moved = wanted & ((shift[..., 0] != 0) | (shift[..., 1] != 0))
        inner = eroded(mask, _RIM, corners=False)
        stride = int(np.ceil(np.sqrt(max(inner.sum(), 1) / most)))
        still = self._fit(usable, wanted & (~inner | _grid(mask.shape, stride)),
                          np.zeros_like(shift), self.radius)
        rim = self._fit(usable, moved, shift, self.radius)
        inverse, noise = self._inverse(usable)
        noise = noise * self.noise_scale
        smooth = _averaged(inverse, usable, 2 * self.radius + 1)
        here = usable[still.rows, still.columns]
        place = still.rows[here] * mask.shape[1] + still.columns[here]
        smooth[place] = (still.operator @ inverse)[here]
        weight = np.where(inner, float(stride ** 2), 1.0)
        keep = np.flatnonzero(~moved[still.rows, still.columns])
        return self._sampled(
            np.concatenate([still.rows[keep], rim.rows]),
            np.concatenate([still.columns[keep], rim.columns]),
            np.concatenate([still.shift[keep], rim.shift]),
            stacked(still.operator[keep], rim.operator),
            inverse, smooth, noise, weight)

    def _sampled(self, rows: np.ndarray, columns: np.ndarray, shift: np.ndarray,
                 operator: sparse.csr_matrix, inverse: np.ndarray, smooth: np.ndarray,
                 noise: np.ndarray, weight: np.ndarray) -> DepthSurface:
        told = operator @ inverse
        good = told > 1e-3
        if not good.all():
            rows, columns, shift = rows[good], columns[good], shift[good]
            operator, told = operator[good], told[good]
        depth = 1.0 / told
        rays = self.rays[rows, columns] + shift / self.view.focal
        rotation = self.view.camera_to_world[:3, :3]
        squares = sparse.csr_matrix(
            (np.square(operator.data), operator.indices, operator.indptr), shape=operator.shape)
        variance = squares @ np.square(noise)
        return DepthSurface(
            view=self.view, rays=rays @ rotation[:, :2].T + rotation[:, 2], depth=depth,
            sigma=np.sqrt(variance) * np.square(depth), pitch=depth / self.view.focal,
            rim=(shift != 0).any(axis=1), weight=weight[rows, columns],
            pixels=np.column_stack([columns + self.origin[0], rows + self.origin[1]]),
            operator=operator, inverse=smooth, inverse_sigma=noise)


def _grid(shape: tuple[int, ...], stride: int) -> np.ndarray:
    chosen = np.zeros(shape, bool)
    chosen[::stride, ::stride] = True
    return chosen


def _averaged(values: np.ndarray, usable: np.ndarray, width: int) -> np.ndarray:
    """Mean (P,) of the usable `values` (P,) in windows `width` wide; 0 where unusable."""
    total = ndimage.uniform_filter(values.reshape(usable.shape), width, mode='constant')
    share = ndimage.uniform_filter(usable.astype(float), width, mode='constant')
    return np.where(usable, total / np.maximum(share, 1e-9), 0.0).ravel()


@dataclass(frozen=True, eq=False)
class PointSight:
    """Bare points, which every view may be compared with."""

    points: PointSurface
    surroundings: np.ndarray = field(default_factory=lambda: _NO_POINTS)
    visible: float = 1.0

    @property
    def view(self) -> View | None:
        """None: seen from nowhere in particular."""
        return self.points.view

    @property
    def variants(self) -> int:
        """One: points have no other masks."""
        return 1

    def surface(self, variant: int = 0) -> PointSurface:
        """The points, whatever the variant."""
        del variant
        return self.points
