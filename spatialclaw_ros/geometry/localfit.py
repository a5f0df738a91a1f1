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

_MIN_TAPS_SLOPED = 6
_MIN_SPREAD = 0.15
_MAX_LEVERAGE = 1.0
_MAX_LEVERAGE_LOST = 0.7


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
    reach = np.arange(-radius, radius + 1)
    dv, du = (grid.ravel() for grid in np.meshgrid(reach, reach, indexing='ij'))
    taps = np.column_stack([du, dv]).astype(float)
    width = depth.shape[1] + 2 * radius
    index = ((rows + radius) * width + columns + radius)[:, None] + (dv * width + du)[None]
    z = np.pad(np.where(usable, depth, np.nan), radius, constant_values=np.nan).ravel()[index]
    centre = np.where(usable, depth, np.nan)[rows, columns]
    lost = np.isnan(centre)
    if lost.any():
        centre[lost] = _median_of_known(z[lost])
    with np.errstate(invalid='ignore'):
        weight = np.abs(z - centre[:, None]) <= tolerance[rows, columns][:, None]
    mix = _plane_weights(weight.astype(float), taps, shift[rows, columns])
    leverage = np.square(mix).sum(axis=1)
    count = np.count_nonzero(mix, axis=1)
    kept = (leverage > 0) & (leverage <= _MAX_LEVERAGE + 1e-9)
    kept &= ~lost | ((count >= _MIN_TAPS_SLOPED) & (leverage <= _MAX_LEVERAGE_LOST))
    mix, rows, columns = mix[kept], rows[kept], columns[kept]
    place, tap = np.nonzero(mix)
    column = (rows[place] + dv[tap]) * depth.shape[1] + columns[place] + du[tap]
    operator = sparse.csr_matrix(
        (mix[place, tap], (place, column)), shape=(len(rows), depth.size))
    own = np.flatnonzero((du == 0) & (dv == 0))[0]
    return LocalFit(rows, columns, shift[rows, columns], operator, leverage[kept], mix[:, own])


def _median_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    ordered = np.sort(values, axis=1)
    middle = np.maximum(known.sum(axis=1) - 1, 0) // 2
    return ordered[np.arange(len(values)), middle]


def _plane_weights(weight: np.ndarray, taps: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Weights (M, taps) of a least-squares plane's value at `place` (M, 2); zeros where no tap."""
    count = weight.sum(axis=1)
    safe = np.maximum(count, 1)
    mean = weight @ taps / safe[:, None]
    square = weight @ np.column_stack([taps[:, 0] ** 2, taps[:, 0] * taps[:, 1], taps[:, 1] ** 2])
    cuu = square[:, 0] / safe - mean[:, 0] ** 2
    cuv = square[:, 1] / safe - mean[:, 0] * mean[:, 1]
    cvv = square[:, 2] / safe - mean[:, 1] ** 2
    determinant = cuu * cvv - cuv ** 2
    sloped = (count >= _MIN_TAPS_SLOPED) & (determinant > _MIN_SPREAD)
    safe_determinant = np.where(sloped, determinant, 1.0)
    away = place - mean
    slope_u = np.where(sloped, (cvv * away[:, 0] - cuv * away[:, 1]) / safe_determinant, 0.0)
    slope_v = np.where(sloped, (cuu * away[:, 1] - cuv * away[:, 0]) / safe_determinant, 0.0)
    constant = 1 - slope_u * mean[:, 0] - slope_v * mean[:, 1]
    plane = constant[:, None] + slope_u[:, None] * taps[:, 0] + slope_v[:, None] * taps[:, 1]
    return weight * plane / safe[:, None]


def rim_shift(mask: np.ndarray) -> np.ndarray:
    """Shift (h, w, 2) pixels that moves each rim pixel of `mask` (h, w) onto the mask's outline.

    The outline is located below a pixel by the mask's Gaussian average m: near a straight edge a
    pixel lies sigma · Phi⁻¹(m) inside it. Pixels inside the mask, and outside it, stay.
    """
    padded = np.pad(mask, 2, mode='edge')
    smooth = ndimage.gaussian_filter(padded.astype(float), 1.0, mode='nearest')
    gradient_v, gradient_u = np.gradient(smooth)
    inner = (slice(2, -2), slice(2, -2))
    rim = mask & ~ndimage.binary_erosion(mask, border_value=1)
    length = np.hypot(gradient_u, gradient_v)[inner]
    inside = ndtri(np.clip(smooth[inner], 1e-6, 1 - 1e-6))
    distance = np.where(rim & (length > 1e-6), np.clip(inside, 0.0, 1.0), 0.0)
    outward = -np.dstack([gradient_u[inner], gradient_v[inner]])
    return outward * (distance / np.maximum(length, 1e-6))[..., None]
