"""From a gauge of unknown scale to metres: by measured depth, known cameras, or the ground."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.geometry.gravity import fit_floor
from spatialclaw_ros.geometry.robust_line import fit_line
from spatialclaw_ros.geometry.robust_line import fit_ratio
from spatialclaw_ros.geometry.robust_line import LEAST
from spatialclaw_ros.geometry.similarity import agreeing_cameras
from spatialclaw_ros.geometry.similarity import fit_similarity
from spatialclaw_ros.geometry.transforms import unit

_MOST_POINTS = 20_000
_SEED = 3
#: A scale whose sigma is a larger share of it tells nothing: the cameras stand at one place.
_LOOSEST = 0.5
#: How far, rad, a floor may be tilted from the direction against gravity that is known.
_LEVEL = math.radians(10)


@dataclass(frozen=True)
class DepthFit:
    """measured ≈ `scale` · predicted + `shift` (metres; 0 where only a scale was fitted).

    `scale_sigma` is one sigma of `scale`, with errors of neighbouring pixels taken as alike;
    `residual_share` the one-sigma residual of what is explained, as a share of the depth;
    `inliers` the share of the points, 0–1, that is explained (within three sigma).
    """

    scale: float
    shift: float
    scale_sigma: float
    residual_share: float
    inliers: float

    def apply(self, predicted: np.ndarray) -> np.ndarray:
        """Metres of `predicted` depth, any shape; NaN where that is not in front of the camera."""
        return in_metres(predicted, self.scale, self.shift)


def in_metres(predicted: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """`scale` · `predicted` + `shift`, any shape; NaN where that is not before the camera."""
    metres = scale * predicted + shift
    with np.errstate(invalid='ignore'):
        return np.where(metres > 0, metres, np.nan)


def fit_depth(predicted: np.ndarray, measured: np.ndarray, sigma: np.ndarray, *,
              with_shift: bool = True) -> DepthFit | None:
    """Fit `measured` (N,) metres, one-sigma `sigma` (N,) metres, by `predicted` (N,), any unit.

    Robust to 40 % of outliers; see `robust_line`. Points where one of the three is not finite, or
    `measured` not positive, are left out, and without a shift those where `predicted` is not.
    Where all lies at about one depth only a scale is fitted. None where fewer than 8 points are
    left, or no positive scale fits. Raises ValueError for arrays of different lengths.
    """
    x, y, noise = (np.asarray(values, float).ravel() for values in (predicted, measured, sigma))
    if not len(x) == len(y) == len(noise):
        raise ValueError(f'{len(x)} predicted, {len(y)} measured depths and {len(noise)} sigmas; '
                         'give one of each for every point')
    with np.errstate(invalid='ignore'):
        good = np.isfinite(x) & np.isfinite(y) & (y > 0) & np.isfinite(noise) & (noise >= 0)
    chosen = np.flatnonzero(good)
    if len(chosen) > _MOST_POINTS:
        chosen = np.random.default_rng(_SEED).choice(chosen, _MOST_POINTS, replace=False)
    line = (fit_line(x[chosen], y[chosen], noise[chosen])
            if with_shift and len(chosen) >= LEAST else None)
    if line is None:
        chosen = chosen[x[chosen] > 0]
        line = (fit_ratio(x[chosen], y[chosen], noise[chosen])
                if len(chosen) >= LEAST else None)
    return None if line is None else DepthFit(
        line.slope, line.offset, line.slope_sigma, line.residual_share, line.explained)


@dataclass(frozen=True, eq=False)
class CameraFit:
    """known ≈ `scale` · `rotation` (3, 3) · predicted, but for where the origin is; metres.

    Sigmas are one sigma: of `scale`; of `rotation` about any axis, rad. Where the cameras stand
    at one place `scale` and `scale_sigma` are NaN: the rotation holds, and the scale must come
    from elsewhere. `kept` (K,) bool: the cameras that agree. All sigmas are NaN for a single
    camera.
    """

    scale: float
    rotation: np.ndarray
    scale_sigma: float
    rotation_sigma: float
    kept: np.ndarray


def fit_cameras(predicted: np.ndarray, known: np.ndarray, *, known_sigma: float = 0.0
                ) -> CameraFit | None:
    """Similarity from `predicted` (K, 4, 4) camera-to-world poses to the `known` ones, metres.

    From centres and orientations at once, each as exact as it is found to be: two cameras, a
    straight line of them and a pure rotation are determined. Robust to one bad pose of four or
    more, and to a quarter of many. `known_sigma` metres is one sigma of a known centre along each
    axis: cameras must be farther apart to tell the scale. None without a camera whose two poses
    are finite. Raises ValueError for other shapes.
    """
    predicted, known = np.asarray(predicted, float), np.asarray(known, float)
    if predicted.shape != known.shape or predicted.ndim != 3 or predicted.shape[1:] != (4, 4):
        raise ValueError(f'predicted poses {predicted.shape} and known ones {known.shape}; both '
                         'must be (K, 4, 4), one for each camera')
    finite = np.isfinite(predicted).all(axis=(1, 2)) & np.isfinite(known).all(axis=(1, 2))
    kept = np.zeros(len(finite), bool)
    if not finite.any():
        return None
    kept[finite] = agreeing_cameras(predicted[finite], known[finite])
    found = fit_similarity(predicted[kept], known[kept])
    apart = float(np.linalg.norm(known[kept, :3, 3] - found.translation))
    share = np.hypot(found.scale_sigma / found.scale, known_sigma / max(apart, 1e-300))
    is_told = bool(share <= _LOOSEST)
    return CameraFit(
        found.scale if is_told else math.nan, found.rotation,
        found.scale * float(share) if is_told else math.nan, found.rotation_sigma, kept)


@dataclass(frozen=True)
class ScaleFit:
    """metres = `scale` · predicted; one sigma `scale_sigma`, floor has a `share` of the points."""

    scale: float
    scale_sigma: float
    share: float


def ground_scale(points: np.ndarray, up: np.ndarray, height: float) -> ScaleFit | None:
    """Scale of `points` (N, 3), camera at the origin, that puts their floor `height` m below.

    The floor is the lowest large plane within 10 degrees of level, `up` (3,) being the direction
    against gravity; None where there is none. A camera that sees no more than a table takes that
    for the ground. Raises ValueError for a height that is not positive or an `up` without length.
    """
    if not (math.isfinite(height) and height > 0):
        raise ValueError(f'the camera is {height} m above the floor; give a positive height')
    floor = fit_floor(points, np.zeros(3), unit(up), within=_LEVEL)
    if floor is None:
        return None
    scale = height / floor.height
    return ScaleFit(scale, scale * floor.height_sigma / floor.height, floor.share)
