"""How far a depth reading can be trusted."""

from __future__ import annotations

import math

import numpy as np

from spatialclaw_ros.geometry.layers import step_tolerance

#: P(|x| < 3 sigma) of a normal error: a reading on one smooth surface.
ON_SURFACE = math.erf(3 / math.sqrt(2))
#: Beside a missing reading: sensors fill and shrink the rim of a hole.
BESIDE_HOLE = 0.9
#: At a depth step a reading can lie anywhere between two surfaces.
AT_STEP = 0.25


def depth_confidence(depth: np.ndarray, sigma: np.ndarray, focal: float) -> np.ndarray:
    """Probability (H, W) float32 that each depth reading is within 3 sigma of the surface.

    `depth`, `sigma` (H, W) metres, NaN or infinite where unmeasured; `focal` pixels. The rule:
    0 where unmeasured; 0.25 where a neighbour's depth differs by more than `step_tolerance`
    allows on one surface; 0.9 beside an unmeasured pixel; else 0.9973. The figures are nominal,
    not calibrated for one sensor.
    """
    known = np.isfinite(depth) & (depth > 0)
    z = np.where(known, depth, np.float32(0)).astype(np.float32)
    allowed = np.where(known, step_tolerance(z, sigma, focal), 0).astype(np.float32)
    step = np.zeros(z.shape, bool)
    hole = np.zeros(z.shape, bool)
    for a, b in (((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
                 ((slice(None, -1), slice(None)), (slice(1, None), slice(None)))):
        apart = np.abs(z[a] - z[b]) > np.maximum(allowed[a], allowed[b])
        one = known[a] ^ known[b]
        apart &= ~one
        step[a] |= apart
        step[b] |= apart
        hole[a] |= one
        hole[b] |= one
    confidence = np.where(hole, np.float32(BESIDE_HOLE), np.float32(ON_SURFACE))
    confidence[step] = AT_STEP
    confidence[~known] = 0
    return confidence
