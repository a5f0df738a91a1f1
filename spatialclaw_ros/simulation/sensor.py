"""How a simulated depth camera errs; the ranges are drawn from, never told to an estimator."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class SensorErrors:
    """Errors of one camera, drawn once; distances in metres.

    One sigma of a pixel at z is `floor + quadratic · z²`; the depth step `step · z²`.
    `depth_error` is the relative error of every depth, `focal_error` that of the focal length that
    camera_info tells. TF errs by `mount` (4, 4), of the optical frame on what carries it, the same
    at every moment, and by `drift_translation` (m, each axis) and `drift_rotation` (rad, each
    axis), one sigma of where the carrier is at one moment. At depth edges a pixel is lost with
    probability `edge_loss` and takes a mixed depth with `edge_mix`; `loss` elsewhere.
    """

    floor: float
    quadratic: float
    step: float
    depth_error: float
    focal_error: float
    mount: np.ndarray
    drift_translation: float
    drift_rotation: float
    edge_loss: float
    edge_mix: float
    loss: float
    holes: int

    @classmethod
    def draw(cls, rng: np.random.Generator, pose_translation: float, pose_rotation: float
             ) -> SensorErrors:
        """Errors of one camera whose TF is known to about `pose_translation`, `pose_rotation`.

        One sigma in each axis; the mount and the moment have half of the variance each.
        """
        share = rng.uniform(0.7, 1.25) * np.sqrt(0.5)
        translation, rotation = pose_translation * share, pose_rotation * share
        return cls(
            floor=rng.uniform(0.0005, 0.0013), quadratic=rng.uniform(0.0012, 0.0026),
            step=rng.uniform(0.0005, 0.0015), depth_error=rng.normal(0, rng.uniform(0.003, 0.005)),
            focal_error=rng.normal(0, 0.002), mount=_small_motion(rng, translation, rotation),
            drift_translation=translation, drift_rotation=rotation,
            edge_loss=rng.uniform(0.2, 0.5), edge_mix=rng.uniform(0.1, 0.3),
            loss=rng.uniform(0.002, 0.015), holes=int(rng.integers(0, 6)))

    @classmethod
    def none(cls) -> SensorErrors:
        """A perfect sensor."""
        return cls(floor=0, quadratic=0, step=0, depth_error=0, focal_error=0, mount=np.eye(4),
                   drift_translation=0, drift_rotation=0, edge_loss=0, edge_mix=0, loss=0, holes=0)

    def depth(self, true_depth: np.ndarray, lost_share: np.ndarray, cosine: np.ndarray,
              rng: np.random.Generator) -> np.ndarray:
        """(H, W) float32 readings of `true_depth` (H, W) metres, inf where nothing was hit.

        `lost_share` (H, W) is the share of readings a dark surface loses; `cosine` (H, W) of the
        angle between ray and surface normal, small where the surface is grazed.
        """
        finite = np.where(np.isfinite(true_depth), true_depth, 50.0).astype(np.float32)
        shape = finite.shape
        near, far = cv2.erode(finite, np.ones((3, 3))), cv2.dilate(finite, np.ones((3, 3)))
        edge = far - near > np.maximum(0.02, 0.03 * near)
        chance = rng.random(shape)
        mixed = edge & (chance > 1 - self.edge_mix)
        share = rng.random(shape)
        depth = np.where(mixed, share * near + (1 - share) * far, finite).astype(float)
        depth *= 1 + self.depth_error
        depth += rng.standard_normal(shape) * (self.floor + self.quadratic * depth ** 2)
        if self.step > 0:
            steps = self.step * finite ** 2
            depth = np.rint(depth / steps) * steps
        lost = (edge & (chance < self.edge_loss)) | (rng.random(shape) < self.loss)
        lost |= rng.random(shape) < lost_share
        if self.loss > 0:
            lost |= (cosine < 0.1) & (rng.random(shape) < 0.7)
        lost |= self._holes(shape, rng) | ~np.isfinite(true_depth) | (depth <= 0)
        return np.where(lost, np.nan, depth).astype(np.float32)

    def _holes(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        holes = np.zeros(shape, np.uint8)
        for _ in range(self.holes):
            center = rng.uniform((0, 0), (shape[1], shape[0])).astype(int)
            axes = rng.integers(2, 2 + max(shape[1] // 80, 1), 2)
            cv2.ellipse(holes, [int(v) for v in center], [int(v) for v in axes],
                        rng.uniform(0, 180), 0, 360, 1, -1)
        return holes > 0

    def pose(self, true_pose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Camera-to-world (4, 4) as TF tells it for `true_pose` (4, 4)."""
        drift = _small_motion(rng, self.drift_translation, self.drift_rotation)
        told = true_pose.copy()
        told[:3, :3] = drift[:3, :3] @ true_pose[:3, :3]
        told[:3, 3] += drift[:3, 3]
        return np.asarray(told @ self.mount)


def _small_motion(rng: np.random.Generator, translation: float, rotation: float) -> np.ndarray:
    """(4, 4) a motion drawn with one sigma of `translation` (m) and `rotation` (rad) each axis."""
    motion = np.eye(4)
    motion[:3, :3], _ = cv2.Rodrigues(rng.normal(0, 1, 3) * rotation)
    motion[:3, 3] = rng.normal(0, 1, 3) * translation
    return motion
