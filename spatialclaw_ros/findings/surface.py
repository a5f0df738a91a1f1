"""Visible surfaces as measures use them: smooth points, and noise to draw on them."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
import math
from typing import Protocol

import numpy as np
from scipy import sparse


@dataclass(frozen=True, eq=False)
class View:
    """What a measure must know of a frame an object was seen in.

    `camera_to_world` (4, 4), the identity for a frame without a pose, whose `world` is then its
    own. `stamp` ns. Shares and sigmas are one sigma: see DepthNoise and PoseSigma. `focal` px.
    `own_bias_share` is that of a depth error which all has that is seen of the one object, and
    nothing else in the frame: filled pixels have one, see FrameGeometry.bias.
    """

    frame: int
    camera: str
    stamp: int
    camera_to_world: np.ndarray
    bias_share: float
    focal_share: float
    pose_translation_sigma: float
    pose_rotation_sigma: float
    world: str
    focal: float
    own_bias_share: float = 0.0

    @property
    def depth_share(self) -> float:
        """One sigma of all error that what is seen of the object has in common, share of range."""
        return math.hypot(self.bias_share, self.own_bias_share)

    @property
    def beside(self) -> View:
        """The same view of what lies about the object."""
        return replace(self, own_bias_share=0.0)

    @property
    def origin(self) -> np.ndarray:
        """(3,) the camera's optical centre, world metres."""
        return self.camera_to_world[:3, 3]

    def scaled(self, points: np.ndarray) -> np.ndarray:
        """Derivative (N, 3) of `points` (N, 3) seen here by a relative error of depth."""
        return points - self.origin

    def refocused(self, points: np.ndarray) -> np.ndarray:
        """Derivative (N, 3) of `points` (N, 3) seen here by a relative error of focal length."""
        axis = self.camera_to_world[:3, 2]
        away = points - self.origin
        return (away @ axis)[..., None] * axis - away

    def frame_levers(self, point: np.ndarray) -> np.ndarray:
        """(2, 3) metres: where one sigma of depth bias, of focal length, moves a `point` (3,)."""
        return np.array([self.bias_share * self.scaled(point),
                         self.focal_share * self.refocused(point)])

    def own_lever(self, point: np.ndarray) -> np.ndarray:
        """(3,) metres: where one sigma of the object's own depth error moves a `point` (3,)."""
        return self.own_bias_share * self.scaled(point)

    def depth_covariance(self, point: np.ndarray) -> np.ndarray:
        """(3, 3) m²: what errors of depth and focal length do to a `point` (3,) seen here."""
        levers = np.vstack([self.frame_levers(point), self.own_lever(point)])
        return np.asarray(levers.T @ levers)

    def pose_covariance(self, point: np.ndarray) -> np.ndarray:
        """(3, 3) m²: what the error of the camera's pose does to a `point` (3,) seen here."""
        away = point - self.origin
        turned = away @ away * np.eye(3) - np.outer(away, away)
        return np.asarray(self.pose_translation_sigma ** 2 * np.eye(3)
                          + self.pose_rotation_sigma ** 2 * turned)


class Surface(Protocol):
    """Points of one object, as one view shows it under one mask."""

    @property
    def view(self) -> View | None:
        """Where it was seen from; None for points that came from nowhere in particular."""

    @property
    def points(self) -> np.ndarray:
        """(M, 3) world metres."""

    @property
    def sigma(self) -> np.ndarray:
        """(M,) metres along the ray."""

    @property
    def center(self) -> np.ndarray:
        """(3,) world metres: mean of the surface, each pixel counted alike."""

    @property
    def resolution(self) -> float:
        """Metres between neighbouring samples; 0 where points are not samples of a surface."""

    @property
    def outline_sigma(self) -> float:
        """Metres: one sigma of the outline as a whole, across the view."""

    def rim_sigma(self, direction: np.ndarray) -> np.ndarray:
        """(M,) metres: one sigma of where the surface ends at each point, along `direction`."""

    @property
    def carried(self) -> float:
        """Share of the points' noise variance that `draws` still hold before they add theirs."""

    def draws(self, chosen: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
        """Repetitions (1 + count, m, 3) of the points with indices `chosen` (m,).

        The first is what the points become when no noise is added, the others have noise.
        """


@dataclass(frozen=True, eq=False)
class DepthSurface:
    """A surface from a depth image: M samples of local plane fits, the outline at its sub-pixel.

    `rays` (M, 3) world vectors with unit depth; `depth` (M,) metres; `sigma` (M,) metres along
    the ray, `pitch` (M,) metres between neighbouring pixels; `rim` (M,) bool at the mask's
    outline; `weight` (M,) how many pixels a sample stands for; `pixels` (M, 2) its (u, v).
    `operator` (M, P) gives the samples' inverse depth from the crop's P pixels, which hold
    `inverse` (P,) 1/m, already smooth, with noise `inverse_sigma` (P,).
    """

    view: View
    rays: np.ndarray
    depth: np.ndarray
    sigma: np.ndarray
    pitch: np.ndarray
    rim: np.ndarray
    weight: np.ndarray
    pixels: np.ndarray
    operator: sparse.csr_matrix
    inverse: np.ndarray
    inverse_sigma: np.ndarray

    #: Where an outline lies within its sub-pixel estimate, one sigma, pixels.
    OUTLINE_SIGMA = 0.25

    @cached_property
    def points(self) -> np.ndarray:
        """(M, 3) world metres."""
        return self.view.origin + self.rays * self.depth[:, None]

    @cached_property
    def center(self) -> np.ndarray:
        """(3,) world metres: mean of the surface, each pixel counted alike."""
        return np.average(self.points, axis=0, weights=self.weight)

    @property
    def outline_sigma(self) -> float:
        """Metres: one sigma of the outline as a whole, across the view."""
        return self.OUTLINE_SIGMA * self.resolution

    @cached_property
    def resolution(self) -> float:
        """Metres: the middle one of the pitches."""
        return float(np.median(self.pitch))

    def rim_sigma(self, direction: np.ndarray) -> np.ndarray:
        """(M,) metres: uncertainty of the outline along unit `direction` (3,), across the ray."""
        ray = self.rays / np.linalg.norm(self.rays, axis=1)[:, None]
        across = np.sqrt(np.clip(1 - np.square(ray @ direction), 0, 1))
        return np.where(self.rim, self.OUTLINE_SIGMA * self.pitch * across, 0.0)

    @property
    def carried(self) -> float:
        """What a second mean over the same windows leaves of the variance the first left.

        For means over n × n it is ((2n² + 1) / 3n²)², n = 5 to 9.
        """
        return 0.455

    def draws(self, chosen: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
        """Noise drawn per pixel on the smooth surface, smoothed again: (1 + count, m, 3) metres.

        The first repetition is the smooth surface smoothed again.
        """
        rows = self.operator[chosen]
        pixels = np.unique(rows.indices)
        noise = np.zeros((len(pixels), 1 + count))
        noise[:, 1:] = rng.standard_normal((len(pixels), count))
        noise *= self.inverse_sigma[pixels, None]
        inverse = (rows[:, pixels] @ (self.inverse[pixels, None] + noise)).T
        depth = 1.0 / np.maximum(inverse, 1e-3)
        return self.view.origin + self.rays[chosen] * depth[..., None]


@dataclass(frozen=True, eq=False)
class PointSurface:
    """Bare points (M, 3), world metres, with isotropic `sigma` (M,), NaN where not given."""

    points: np.ndarray
    sigma: np.ndarray
    view: View | None = None

    @property
    def center(self) -> np.ndarray:
        """(3,) world metres: mean of the points."""
        return np.asarray(self.points.mean(axis=0))

    @property
    def resolution(self) -> float:
        """Zero: points are not samples of a surface."""
        return 0.0

    @property
    def outline_sigma(self) -> float:
        """Zero: where bare points end is not known to be an outline."""
        return 0.0

    def rim_sigma(self, direction: np.ndarray) -> np.ndarray:
        """Zeros (M,): where bare points end is not known to be an outline."""
        del direction
        return np.zeros(len(self.points))

    @property
    def carried(self) -> float:
        """All: the points are as they were measured."""
        return 1.0

    def draws(self, chosen: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
        """Independent noise on each point: (1 + count, m, 3) metres, the first without."""
        sigma = np.nan_to_num(self.sigma[chosen])
        noise = np.zeros((1 + count, len(chosen), 3))
        noise[1:] = rng.standard_normal((count, len(chosen), 3))
        return self.points[chosen] + noise * sigma[:, None]
