"""The simulator in place of a depth network and of a sensor with holes, with the truth of both.

The network's depth is the exact one, but for an unknown scale and shift, a tilt, a warp that
changes a few times across the image, noise, and edges as soft as those of networks are. The
sensor loses chosen objects whole (glass, black, shiny), and what is beyond its range.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import cv2
import numpy as np

from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.perception.depth_anything.prediction import Prediction
from spatialclaw_ros.perception.weights.licences import APACHE
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.simulation.simulation import Simulation


@dataclass(frozen=True, eq=False)
class Sight:
    """One frame, what the network says of it, and the truth.

    `truth` (H, W) metres, as the sensor would have it without noise and holes: with its error of
    scale. `lost` names the objects the sensor does not see; `scale` and `shift` make metres of
    the `predicted` depth (H, W), but for its errors. `up` (3,) in the optical frame.
    """

    frame: Frame
    predicted: np.ndarray
    truth: np.ndarray
    lost: tuple[str, ...]
    lost_mask: np.ndarray
    scale: float
    shift: float
    up: np.ndarray


class SimulatedNetwork:
    """Answers `predict` with prepared depth, by frame number; `alone` to a frame by itself."""

    def __init__(self, depth: dict[int, np.ndarray], *, is_metric=False, is_related=False,
                 confidence=0.8, licence=APACHE, alone=None) -> None:
        self.depth, self.is_metric, self.is_related = depth, is_metric, is_related
        self.alone = depth if alone is None else alone
        self.confidence, self.licence, self.calls = confidence, licence, 0

    def predict(self, frames, cancelled) -> Prediction:
        self.calls += 1
        prepared = self.depth if len(frames) > 1 else self.alone
        depth = [prepared[frame.index].astype(np.float32) for frame in frames]
        confidence = [np.where(np.isfinite(d), self.confidence, 0).astype(np.float32)
                      for d in depth]
        poses = np.tile(np.eye(4), (len(frames), 1, 1)) if self.is_related else None
        return Prediction(depth, confidence, poses, self.is_metric, 'a stand-in', self.licence)

    def state(self) -> EngineState:
        return EngineState('depth_anything_3', 'a stand-in', str(self.licence), self.calls > 0)


def warp(shape: tuple[int, int], rng: np.random.Generator, share: float, cells=(4, 5)
         ) -> np.ndarray:
    """(H, W) a smooth error of one sigma `share` that changes about `cells` times."""
    field = cv2.resize(rng.normal(0, 1, cells).astype(np.float32), shape[::-1],
                       interpolation=cv2.INTER_CUBIC)
    return share * field / max(float(field.std()), 1e-6)


def distorted(truth: np.ndarray, rng: np.random.Generator, *, warped=0.02, tilted=0.03,
              noise=0.004, soft=1.2, shift=0.15) -> tuple[np.ndarray, float, float]:
    """What a network says of `truth` (H, W) metres, with the scale and shift that mend it."""
    known = np.where(np.isfinite(truth), truth, np.nanmax(np.where(np.isfinite(truth), truth, 0)))
    blurred = cv2.GaussianBlur(known.astype(np.float32), (0, 0), soft).astype(float)
    v, u = np.mgrid[-0.5:0.5:truth.shape[0] * 1j, -0.5:0.5:truth.shape[1] * 1j]
    slope = rng.normal(0, tilted, 2)
    fine = cv2.GaussianBlur(rng.normal(0, 1, truth.shape), (0, 0), 1.0)
    error = (warp(truth.shape, rng, rng.uniform(0.3, 1) * warped) + slope[0] * u + slope[1] * v
             + noise * fine / fine.std())
    scale, shift = float(np.exp(rng.normal(0, 0.7))), float(rng.normal(0, shift))
    return (blurred * np.exp(error) - shift) / scale, scale, shift


def simulated(scene: str, seed: int, *, size=(320, 240), lost=2, reach=np.inf,
              **distortion) -> Sight:
    """A random sight of `scene`; `lost` objects are holes, and what is beyond `reach` metres."""
    simulation = Simulation.build(scene, seed, *size)
    frame = simulation.frame(1.0)
    rng = np.random.default_rng([seed, 99])
    pose = simulation.true_camera_to_world(1.0)
    rays = np.stack(np.meshgrid(simulation.true_camera.columns, simulation.true_camera.rows), -1)
    hits = simulation.raycaster.cast(pose, rays.reshape(-1, 2))
    truth = hits.depth.reshape(frame.depth.shape) * (1 + simulation.errors.depth_error)
    predicted, scale, shift = distorted(truth, rng, **distortion)
    seen = [number for number, name in simulation.scene.labels.items()
            if name not in ('floor', 'table', '')
            and (frame.labels.ids == number).sum() > 60]
    numbers = rng.permutation(seen)[:lost]
    mask = np.isin(frame.labels.ids, numbers)
    depth = np.where(mask, np.nan, frame.depth)
    depth = np.where(truth > reach, np.inf, depth).astype(np.float32)
    up = pose[:3, :3].T @ simulation.up
    return Sight(replace(frame, depth=depth), predicted, truth,
                 tuple(simulation.scene.labels[n] for n in numbers), mask, scale, shift, up)
