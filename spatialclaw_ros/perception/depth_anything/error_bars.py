"""How wrong a network's depth may be: of a frame, of its regions, of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.geometry.alignment import in_metres
from spatialclaw_ros.geometry.confidence import ON_SURFACE
from spatialclaw_ros.geometry.robust import robust_sigma
from spatialclaw_ros.perception.depth_anything.priors import IN_GAUGE_SIGMA
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.scale import Scale

#: A shift is fitted where depths span this ratio, and it explains this much more.
_SPAN, _EXPLAINS_MORE = 1.5, 0.9
#: Errors of a network are alike over wide parts of an image: so many are independent at most.
_INDEPENDENT = 50
#: Ranks of confidence that are calibrated apart, and readings each needs.
_RANKS, _LEAST = 4, 150
#: Readings that tell the error of a part of an image.
_LEAST_IN_REGION = 12
#: What is told without a depth sensor: one sigma by confidence, as a share of range, and of the
#: error that wide parts share. A prior of ours, of the order of the relative error published for
#: networks of this kind (0.03 to 0.1).
_PRIOR = (np.array([0.0, 0.25, 0.6, 1.0]), np.array([0.3, 0.2, 0.07, 0.05]))
_PRIOR_SHARED = 0.04


@dataclass(frozen=True)
class FrameScale:
    """metres = `scale` · predicted + `shift` for one frame.

    `sigma` is one sigma of what the whole frame shares, as a share of range, where the predicted
    depth is `middle`; `slope_sigma` one sigma of `scale` where a shift was fitted, else 0.
    """

    scale: float
    shift: float
    sigma: float
    middle: float
    slope_sigma: float

    def metres(self, predicted: np.ndarray) -> np.ndarray:
        """Metres, float32, of `predicted` depth, any shape; NaN where not before the camera."""
        return in_metres(predicted, self.scale, self.shift).astype(np.float32)

    def beyond(self, predicted: np.ndarray) -> np.ndarray:
        """One sigma, a share of range, that a doubtful slope adds away from the middle."""
        off = self.slope_sigma * np.abs(predicted - self.middle)
        return np.asarray(np.nan_to_num(off / self.metres(predicted)), np.float32)


def frame_scale(seen: Seen, common: Scale) -> FrameScale:
    """Scale and shift of one frame: its own sensor's, or the `common` scale where that is surer."""
    samples = seen.samples
    known = samples.predicted[samples.sure]
    usual = FrameScale(common.value, 0.0, math.hypot(common.sigma, IN_GAUGE_SIGMA),
                       float(np.median(known)) if len(known) else 1.0, 0.0)
    fit = seen.proportion
    if fit is None:
        return usual
    used = samples.sure & np.isfinite(samples.measured)
    low, middle, high = np.percentile(samples.predicted[used], (5, 50, 95))
    line = seen.line() if high > _SPAN * low else None
    slope_sigma, share = 0.0, fit.scale_sigma / fit.scale
    if line is not None and line.residual_share < _EXPLAINS_MORE * fit.residual_share:
        fit, slope_sigma = line, line.scale_sigma
        share = line.residual_share / math.sqrt(_INDEPENDENT)
    sigma = math.hypot(share, seen.parts_sigma, seen.frame.noise.bias_share)
    own = FrameScale(fit.scale, fit.shift, sigma, float(middle), slope_sigma)
    return own if own.sigma < usual.sigma else usual


@dataclass(frozen=True, eq=False)
class ErrorBars:
    """Error of aligned depth by the network's confidence.

    At each of `confidence` (B,), ascending, `share` (B,) is one sigma as a share of range, and
    `within` (B,) the probability of an error below three of it; between them they are linear.
    `shared` is one sigma of the error that wide parts of an image share.
    """

    confidence: np.ndarray
    share: np.ndarray
    within: np.ndarray
    shared: float

    def sigma(self, confidence: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """One sigma, float32 metres, at `depth` metres of this `confidence`, same shape."""
        return np.asarray(np.interp(confidence, self.confidence, self.share) * depth, np.float32)

    def probability(self, confidence: np.ndarray) -> np.ndarray:
        """P(error below 3 sigma), float32, for `confidence`, any shape; 0 stays 0."""
        within = np.interp(confidence, self.confidence, self.within)
        return np.where(confidence > 0, within, 0).astype(np.float32)


def prior(disagreement: float) -> ErrorBars:
    """What is told without a depth sensor.

    `disagreement` is one sigma of how views differ from one another, a share of range: where it
    is more than the prior has, all is made as much wider. NaN where it is not known.
    """
    confidence, share = _PRIOR
    wider = max(1.0, disagreement / share[-1]) if math.isfinite(disagreement) else 1.0
    return ErrorBars(confidence, share * wider, np.minimum(confidence, ON_SURFACE),
                     _PRIOR_SHARED * wider)


def calibrated(seen: Sequence[Seen], scales: Sequence[FrameScale]) -> ErrorBars | None:
    """From how aligned depth differs from the sensor's, the sensor's own noise in it.

    One sigma is that of a normal error with as much within one of it, or within 1.96, whichever
    is more. Less sure pixels are never told to be better. None with fewer than 150 readings, and
    where these cover little of every image.
    """
    if not any(one.is_widely_read for one in seen):
        return None
    ratings, residuals, shared = [], [], []
    for one, scale in zip(seen, scales, strict=True):
        samples = one.samples
        off = (scale.metres(samples.predicted) - samples.measured) / samples.measured
        known = np.isfinite(off)
        ratings.append(samples.confidence[known])
        residuals.append(off[known])
        shared += _of_regions(off[known & samples.sure], samples.region[known & samples.sure])
    rating, off = np.concatenate(ratings), np.abs(np.concatenate(residuals))
    if len(off) < _LEAST:
        return None
    order = np.argsort(rating, kind='stable')
    ranks = np.array_split(order, max(1, min(_RANKS, len(off) // _LEAST)))
    knots = np.array([rating[rank].mean() for rank in ranks])
    share = np.array([max(np.quantile(off[rank], 0.683), np.quantile(off[rank], 0.95) / 1.96)
                      for rank in ranks])
    share = np.maximum.accumulate(share[::-1])[::-1]
    within = np.array([(off[rank] < 3 * sigma).mean()
                       for rank, sigma in zip(ranks, share, strict=True)])
    within = np.minimum(np.maximum.accumulate(within), ON_SURFACE)
    wide = float(np.sqrt(np.mean(np.square(shared)))) if shared else float(share[-1])
    return ErrorBars(knots, share, within, wide)


def _of_regions(off: np.ndarray, region: np.ndarray) -> list[float]:
    """Median of `off` (N,) in each part of an image that has readings enough."""
    order = np.argsort(region, kind='stable')
    parts = np.split(off[order], np.flatnonzero(np.diff(region[order])) + 1)
    return [float(np.median(part)) for part in parts if len(part) >= _LEAST_IN_REGION]


def spread_between(differences: Sequence[np.ndarray]) -> float:
    """One sigma of a view's own error from log differences between pairs; NaN without any."""
    known = np.concatenate([d[np.isfinite(d)] for d in differences] or [np.empty(0)])
    return robust_sigma(known) / math.sqrt(2) if len(known) >= _LEAST else math.nan
