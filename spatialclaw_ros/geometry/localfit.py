"""Local plane fits of a depth crop: a smooth surface without its noise, and without its edges.

A plane seen by a pinhole camera is linear in inverse depth over the image, so a window's fit of
inverse depth is exact on planes at any slant. The fit is a linear operator on the readings, hence
also carries noise drawn for a resampling through the same smoothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy import sparse
from scipy.special import ndtri

from spatialclaw_ros.geometry.pixels import eroded

_MIN_TAPS_SLOPED = 6
_MIN_SPREAD = 0.15
_MAX_LEVERAGE = 1.0
_MAX_LEVERAGE_LOST = 0.7
_BLOCK = 1500


@dataclass(frozen=True, eq=False)
class LocalFit:
    """Smoothed inverse depth at M sampled places of a crop.

    `rows`, `columns` (M,) int: the pixel of each sample; `shift` (M, 2) pixels (du, dv): where in
    and about that pixel the sample lies. `operator` (M, h·w) sparse gives the samples' inverse
    depth from the crop's. `leverage` (M,): variance of a sample per variance of one reading;
    `self_weight` (M,): weight of the sample's own reading.
    """

    rows: np.ndarray
    columns: np.ndarray
    shift: np.ndarray
    operator: sparse.csr_matrix
    leverage: np.ndarray
    self_weight: np.ndarray


def fit_locally(depth: np.ndarray, usable: np.ndarray, wanted: np.ndarray, tolerance: np.ndarray,
                shift: np.ndarray, radius: int = 2) -> LocalFit:
    """Fit planes in windows of 2·radius + 1 pixels about each `wanted` pixel (h, w) bool.

    Only `usable` pixels whose depth differs by less than `tolerance` (h, w) metres from the
    centre's (from the median of the window where the centre is unusable) take part, so a fit
    does not reach across a depth step. `shift` (h, w, 2) moves each sample from its pixel's
    centre, in pixels. Places where the fit would be worse than one reading are left out, and
    those without a reading of their own where too few lie about them.
    """
    rows, columns = np.nonzero(wanted)
    width = depth.shape[1] + 2 * radius
    readings = np.full((depth.shape[0] + 2 * radius, width), np.nan)
    readings[radius:-radius, radius:-radius][usable] = depth[usable]
    reach = np.arange(-radius, radius + 1)
    dv, du = np.repeat(reach, len(reach)), np.tile(reach, len(reach))
    middle = (rows + radius) * width + columns + radius
    moved, tolerated = shift[rows, columns], tolerance[rows, columns]
    place = (rows * depth.shape[1] + columns).astype(np.int32)
    offset = (dv * depth.shape[1] + du).astype(np.int32)
    blocks = [np.s_[start:start + _BLOCK] for start in range(0, max(len(rows), 1), _BLOCK)]
    kept, leverage, own, counts, weights, pixels = map(np.concatenate, zip(*(
        _fitted(readings.ravel(), middle[block], dv * width + du, tolerated[block],
                np.column_stack([du, dv]).astype(float), moved[block], place[block], offset)
        for block in blocks), strict=True))
    starts = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=starts[1:])
    operator = sparse.csr_matrix((weights, pixels, starts), shape=(len(counts), depth.size))
    return LocalFit(rows[kept], columns[kept], moved[kept], operator, leverage, own)


def _fitted(readings: np.ndarray, middle: np.ndarray, around: np.ndarray, tolerance: np.ndarray,
            taps: np.ndarray, shift: np.ndarray, place: np.ndarray, offset: np.ndarray
            ) -> tuple[np.ndarray, ...]:
    """Fits of a block of M samples, few enough for their windows to stay in the cache.

    Which are kept (M,) bool; of these leverage, weight of the own reading, and number of weights;
    then the weights, row by row, and their pixels.
    """
    z = readings.take(middle[:, None] + around)
    centre = readings[middle]
    lost = np.isnan(centre)
    if lost.any():
        centre[lost] = _median_of_known(z[lost])
    z -= centre[:, None]
    np.abs(z, out=z)
    with np.errstate(invalid='ignore'):
        weight = (z <= tolerance[:, None]).astype(float)
    mix = _plane_weights(weight, taps, shift)
    leverage = np.square(mix).sum(axis=1)
    used = mix != 0
    count = (used.astype(np.float32) @ np.ones(len(taps), np.float32)).astype(np.int32)
    kept = (leverage > 0) & (leverage <= _MAX_LEVERAGE + 1e-9)
    kept &= ~lost | ((count >= _MIN_TAPS_SLOPED) & (leverage <= _MAX_LEVERAGE_LOST))
    used &= kept[:, None]
    return (kept, leverage[kept], mix[kept, len(taps) // 2], count[kept], mix[used],
            (place[:, None] + offset)[used])


def stacked(upper: sparse.csr_matrix, lower: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of `upper`, then those of `lower`."""
    return sparse.csr_matrix(
        (np.concatenate([upper.data, lower.data]),
         np.concatenate([upper.indices, lower.indices]),
         np.concatenate([upper.indptr, lower.indptr[1:] + upper.indptr[-1]])),
        shape=(upper.shape[0] + lower.shape[0], upper.shape[1]))


def _median_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    ordered = np.sort(values, axis=1)
    middle = np.maximum(known.sum(axis=1) - 1, 0) // 2
    return ordered[np.arange(len(values)), middle]


def _plane_weights(weight: np.ndarray, taps: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Weights (M, taps) of a least-squares plane's value at `place` (M, 2); zeros where no tap."""
    du, dv = taps.T
    ones = np.ones(len(taps))
    sums = weight @ np.column_stack([ones, du, dv, du ** 2, du * dv, dv ** 2])
    count = sums[:, 0]
    safe = np.maximum(count, 1)
    mean_u, mean_v, suu, suv, svv = (sums[:, 1:] / safe[:, None]).T
    cuu, cuv, cvv = suu - mean_u ** 2, suv - mean_u * mean_v, svv - mean_v ** 2
    determinant = cuu * cvv - cuv ** 2
    sloped = (count >= _MIN_TAPS_SLOPED) & (determinant > _MIN_SPREAD)
    safe_determinant = np.where(sloped, determinant, 1.0)
    away_u, away_v = place[:, 0] - mean_u, place[:, 1] - mean_v
    slope_u = np.where(sloped, (cvv * away_u - cuv * away_v) / safe_determinant, 0.0)
    slope_v = np.where(sloped, (cuu * away_v - cuv * away_u) / safe_determinant, 0.0)
    constant = 1 - slope_u * mean_u - slope_v * mean_v
    plane = slope_u[:, None] * du
    plane += constant[:, None]
    plane += slope_v[:, None] * dv
    plane *= weight
    plane /= safe[:, None]
    return plane


def rim_shift(mask: np.ndarray) -> np.ndarray:
    """Shift (h, w, 2) pixels that moves each rim pixel of `mask` (h, w) onto the mask's outline.

    The outline is located below a pixel by the mask's Gaussian average m: near a straight edge a
    pixel lies sigma · Phi⁻¹(m) inside it. Pixels inside the mask, and outside it, stay.
    """
    padded = np.pad(mask, 2, mode='edge')
    smooth = ndimage.gaussian_filter(padded.astype(float), 1.0, mode='nearest')
    rim = mask & ~eroded(mask, 1, corners=False)
    rows, columns = np.nonzero(rim)
    v, u = rows + 2, columns + 2
    gradient_v = (smooth[v + 1, u] - smooth[v - 1, u]) / 2
    gradient_u = (smooth[v, u + 1] - smooth[v, u - 1]) / 2
    length = np.hypot(gradient_u, gradient_v)
    inside = ndtri(np.clip(smooth[v, u], 1e-6, 1 - 1e-6))
    distance = np.where(length > 1e-6, np.clip(inside, 0.0, 1.0), 0.0)
    outward = -np.column_stack([gradient_u, gradient_v])
    shift = np.zeros((*mask.shape, 2))
    shift[rows, columns] = outward * (distance / np.maximum(length, 1e-6))[:, None]
    return shift
