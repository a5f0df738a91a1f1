"""Which readings make metres of a network's depth, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialclaw_ros.geometry.alignment import DepthFit
from spatialclaw_ros.geometry.alignment import fit_depth
from spatialclaw_ros.perception.depth_anything.priors import IN_GAUGE_SIGMA
from spatialclaw_ros.perception.depth_anything.priors import METRIC_SIGMA
from spatialclaw_ros.scene import Frame

#: Readings, and share of the pixels, without which a frame aligns nothing.
_LEAST, _LEAST_SHARE = 200, 0.005
#: Fewer readings say nothing against a network either.
_LEAST_AGAINST = 20
#: A fit that explains fewer of the readings, or explains them worse, is of something else.
_LEAST_EXPLAINED, _WORST = 0.5, 0.12


@dataclass(frozen=True, eq=False)
class Alignment:
    """How a frame's predicted depth becomes metres, by `fit`.

    `span` are the extremes of the predicted depth that the fit rests on. `is_local`: it rests on
    the frame's own readings, and near them is better than elsewhere. `share` is one sigma of a
    depth without a reading near, as a share of it; `how` it was found, in words.
    """

    fit: DepthFit
    span: tuple[float, float]
    is_local: bool
    share: float
    how: str

    def beyond(self, predicted: np.ndarray, metres: np.ndarray) -> np.ndarray:
        """One sigma (H, W), a share of `metres`, that a doubtful slope adds outside the span."""
        low, high = self.span
        outside = np.maximum(np.maximum(low - predicted, predicted - high), 0)
        return np.asarray(np.nan_to_num(self.fit.scale_sigma * outside / metres))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """N readings of a frame, `measured` metres with one-sigma `noise`, and what is `predicted`.

    `suffice` where they are enough to align the frame.
    """

    predicted: np.ndarray
    measured: np.ndarray
    noise: np.ndarray
    suffice: bool

    def is_against(self, alignment: Alignment) -> bool:
        """Whether they contradict an `alignment` that does not rest on them."""
        if self.suffice or len(self.measured) < _LEAST_AGAINST:
            return self.suffice
        off = np.log(alignment.fit.apply(self.predicted) / self.measured)
        return bool(np.abs(np.median(off)) > 3 * alignment.share)

    def aligned(self) -> Alignment | None:
        """By these readings; None where they are too few, or fit no depth of the network."""
        if not self.suffice:
            return None
        fit = fit_depth(self.predicted, self.measured, self.noise)
        if fit is None or fit.inliers < _LEAST_EXPLAINED or fit.residual_share > _WORST:
            return None
        low, high = np.quantile(self.predicted, (0.01, 0.99))
        return Alignment(fit, (float(low), float(high)), True, fit.residual_share,
                         'aligned by region to the readings about each hole')


def alignments(frames: Sequence[Frame], predicted: Sequence[np.ndarray], *, is_related: bool,
               is_metric: bool) -> list[Alignment | None]:
    """How each of `frames` is aligned, whose depth `predicted` (H, W) are; None where not.

    By its own readings; where these are too few by those of the others, if one scale holds for
    all of them (`is_related`); else by the network's own metres, if it `is_metric`. But not where
    its readings speak against that: they are enough and fit no depth of the network, or are few
    and differ by 3 sigmas.
    """
    pairs = [_pairs(frame, depth) for frame, depth in zip(frames, predicted, strict=True)]
    own = [one.aligned() for one in pairs]
    others = None
    if is_related or is_metric:
        others = _together([one for one, found in zip(pairs, own, strict=True)
                            if found is not None])
    if others is None and is_metric:
        others = Alignment(DepthFit(1.0, 0.0, 0.0, METRIC_SIGMA, 0.0), (0.0, np.inf), False,
                           METRIC_SIGMA, "in the network's own metres, for want of readings")
    return [others if found is None and others is not None and not one.is_against(others)
            else found for one, found in zip(pairs, own, strict=True)]


def _pairs(frame: Frame, predicted: np.ndarray) -> _Pairs:
    depth = np.asarray(frame.depth)
    with np.errstate(invalid='ignore'):
        known = np.isfinite(depth) & (depth > 0) & np.isfinite(predicted) & (predicted > 0)
    measured = depth[known].astype(float)
    return _Pairs(predicted[known].astype(float), measured, frame.noise.sigma(measured),
                  len(measured) >= max(_LEAST, _LEAST_SHARE * depth.size))


def _together(pairs: Sequence[_Pairs]) -> Alignment | None:
    if not pairs:
        return None
    fit = fit_depth(np.concatenate([one.predicted for one in pairs]),
                    np.concatenate([one.measured for one in pairs]),
                    np.concatenate([one.noise for one in pairs]), with_shift=False)
    if fit is None or fit.inliers < _LEAST_EXPLAINED:
        return None
    return Alignment(fit, (0.0, np.inf), False, float(np.hypot(fit.residual_share, IN_GAUGE_SIGMA)),
                     'aligned to the readings of other frames')
