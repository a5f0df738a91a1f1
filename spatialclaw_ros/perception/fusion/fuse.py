"""One frame: sensor depth where it is good, a network's where it has holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import NETWORK
from spatialclaw_ros.calls.requests import SENSOR
from spatialclaw_ros.calls.requests import UNKNOWN
from spatialclaw_ros.geometry.confidence import depth_confidence
from spatialclaw_ros.geometry.robust import robust_sigma
from spatialclaw_ros.perception.fusion.aligning import Alignment
from spatialclaw_ros.perception.fusion.correction import blocks_of
from spatialclaw_ros.perception.fusion.correction import corrected
from spatialclaw_ros.perception.fusion.readings import doubtful
from spatialclaw_ros.perception.fusion.readings import mirrored
from spatialclaw_ros.perception.fusion.readings import off_network
from spatialclaw_ros.perception.fusion.surfaces import Surfaces
from spatialclaw_ros.perception.fusion.surfaces import surfaces_of
from spatialclaw_ros.perception.fusion.trust import scatter_of
from spatialclaw_ros.perception.fusion.trust import variogram_of
from spatialclaw_ros.scene import Frame

#: The best confidence of a filled pixel: its sigma is told by errors elsewhere in the image.
_BEST = 0.95
#: Beyond the sensor's range there are no readings on all sides: sigma is so many times as large.
_BEYOND = 2.0
#: What is filled there reaches so many times as far as the farthest reading, which is the quantile.
_FARTHEST, _FAR = 2.0, 0.995
#: A pixel less sure than this share of its depth is not filled.
_LOOSEST = 0.3


@dataclass(frozen=True, eq=False)
class Sensed:
    """A frame's readings: `depth` (H, W) metres, which are `read` (H, W) bool, and their `noise`.

    `noise` (H, W) metres is one sigma, NaN where not read; `focal` pixels.
    """

    depth: np.ndarray
    read: np.ndarray
    noise: np.ndarray
    focal: float


@dataclass(frozen=True, eq=False)
class Fill:
    """What the network says of each pixel (H, W), and which readings it leaves standing (`good`).

    `depth` metres; one sigma, as shares of it: `bias` of what neighbouring pixels share, `own` of
    what each has for itself.
    """

    good: np.ndarray
    depth: np.ndarray
    bias: np.ndarray
    own: np.ndarray


def sensed(frame: Frame) -> Sensed:
    """The readings of `frame`, which has depth."""
    depth = np.asarray(frame.depth, float)
    read = np.isfinite(depth) & (depth > 0)
    matrix = frame.camera.matrix
    return Sensed(depth, read, frame.noise.sigma(np.where(read, depth, np.nan)),
                  float(np.sqrt(matrix[0, 0] * matrix[1, 1])))


def unfilled(frame: Frame) -> FrameGeometry:
    """Geometry of `frame` as its sensor has it."""
    read = sensed(frame).read
    return FrameGeometry(frame.index, np.asarray(frame.depth), frame.noise,
                         source_map=np.where(read, SENSOR, UNKNOWN).astype(np.uint8))


def fused(frame: Frame, predicted: np.ndarray, confidence: np.ndarray, alignment: Alignment
          ) -> FrameGeometry:
    """Geometry of `frame` with its holes filled from `predicted` (H, W), of `confidence` (H, W).

    Readings stay as they are, but for those that are found wrong (see `readings`). What is too
    close for the sensor (-Inf) stays so: a frame does not tell the sensor's minimum, so nothing
    vouches that the network's depth is nearer. What is beyond its range (+Inf) is filled, with
    twice the sigma, where the network's depth is no nearer than the farthest reading and at most
    twice as far; else it stays.
    """
    sensor = sensed(frame)
    fill = _filling(sensor, predicted, alignment)
    share = np.hypot(fill.bias, fill.own)
    filled = _fillable(sensor.depth, fill, share)
    known = fill.good | filled
    unknown = np.where(np.isfinite(sensor.depth), np.nan, sensor.depth)
    depth = np.where(fill.good, sensor.depth, np.where(filled, fill.depth, unknown))
    sigma = np.where(filled, share * fill.depth, sensor.noise)
    trust = depth_confidence(depth.astype(np.float32),
                             np.where(filled, fill.own * fill.depth, sensor.noise), sensor.focal)
    return FrameGeometry(
        frame.index, depth.astype(np.float32), frame.noise,
        sigma=np.where(known, sigma, np.nan).astype(np.float32),
        confidence=np.where(
            filled, np.minimum(trust, np.minimum(confidence, _BEST)), trust).astype(np.float32),
        bias=np.where(filled, fill.bias, 0).astype(np.float32),
        source_map=np.where(fill.good, SENSOR, np.where(filled, NETWORK, UNKNOWN)).astype(np.uint8))


def _filling(sensor: Sensed, predicted: np.ndarray, alignment: Alignment) -> Fill:
    metres = alignment.fit.apply(predicted)
    found = surfaces_of(metres, sensor.focal)
    shape = metres.shape
    good, log_ratio, bias, own = _by_readings(sensor, found, alignment) if alignment.is_local else (
        sensor.read, np.zeros(shape), np.full(shape, alignment.share), np.zeros(shape))
    with np.errstate(over='ignore'):
        depth = np.exp(found.depth_log + log_ratio)
    bias = np.hypot(bias, alignment.beyond(predicted, metres))
    bias = np.where(np.isposinf(sensor.depth), _BEYOND * bias, bias)
    own = np.where(found.at_edge, np.hypot(own, (found.high - found.low) / 2), own)
    return Fill(good, depth, bias, own)


def _by_readings(sensor: Sensed, found: Surfaces, alignment: Alignment) -> tuple[np.ndarray, ...]:
    """Which readings (H, W) are good, and how they correct the network's logarithm of depth.

    That is: what to add to it (H, W), one sigma of that, and one sigma of what differs from pixel
    to pixel.
    """
    depth_log = np.log(np.where(sensor.read, sensor.depth, np.nan))
    noise = sensor.noise / np.where(sensor.read, sensor.depth, 1.0)
    ratio = np.where(found.at_edge, np.nan, depth_log - found.depth_log)
    good = sensor.read & ~mirrored(depth_log, ratio, alignment.share, found)
    first = corrected(blocks_of(found.depth_log, np.where(good, ratio, np.nan)), found.slope,
                      ratio.shape)
    spread = robust_sigma((ratio - first.log_ratio)[good & np.isfinite(ratio)])
    good &= ~(doubtful(sensor.depth, good, sensor.noise, sensor.focal)
              & off_network(depth_log, found, first.log_ratio, np.hypot(spread, noise)))
    ratio = np.where(good, ratio, np.nan)
    blocks = blocks_of(found.depth_log, ratio)
    field = corrected(blocks, found.slope, ratio.shape)
    variogram = variogram_of(np.where(blocks.count > 0, blocks.mean, np.nan), blocks.size,
                             alignment.share)
    own = scatter_of(ratio - field.log_ratio, noise,
                     ndimage.distance_transform_edt(~found.at_edge), found.reach)
    return good, field.log_ratio, variogram.at(field.distance), own


def _fillable(depth: np.ndarray, fill: Fill, share: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels without a good reading that the `fill` may stand for."""
    with np.errstate(invalid='ignore'):
        filled = ~fill.good & ~np.isneginf(depth) & np.isfinite(fill.depth) & (share < _LOOSEST)
        beyond = np.isposinf(depth)
        if beyond.any():
            far = float(np.quantile(depth[fill.good], _FAR)) if fill.good.any() else np.inf
            no_nearer = fill.depth * (1 + 2 * share) >= far
            filled &= ~beyond | (no_nearer & (fill.depth <= _FARTHEST * far))
    return np.asarray(filled)
