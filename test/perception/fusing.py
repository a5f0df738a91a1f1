"""What the tests of the fused engine share: how it is asked, and scenes of blocks.

The blocks are for what the simulator has none of: mirrors, windows, and depth without a sensor's
edges. Images of 160 x 120 pixels, metres.
"""

from __future__ import annotations

import numpy as np
from simulated_network import SimulatedNetwork

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.geometry.alignment import fit_depth
from spatialclaw_ros.perception.fusion.engine import Fused
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame


def never() -> bool:
    return False


def answered(*frames: Frame, predicted, cancelled=never, up=None, **network):
    stand_in = SimulatedNetwork(dict(zip((f.index for f in frames), predicted, strict=True)),
                                **network)
    call = EngineCall('fused', Reconstruct(tuple(f.index for f in frames)), frames, up)
    return Fused(stand_in).answer(call, cancelled)


def aligned_whole(frame: Frame, predicted: np.ndarray) -> np.ndarray:
    """The network alone, at its best: one scale and shift from all readings."""
    read = np.isfinite(frame.depth)
    depth = frame.depth[read].astype(float)
    return fit_depth(predicted[read], depth, frame.noise.sigma(depth)).apply(predicted)


def camera(width=160, height=120, focal=130.0) -> Camera:
    return Camera('camera', 'optical', width, height,
                  np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]))


def seen(depth: np.ndarray, index: int = 0, **more) -> Frame:
    height, width = depth.shape
    return Frame(index, index, camera(width, height), np.zeros((height, width, 3), np.uint8),
                 depth.astype(np.float32), **more)


def floor_before_wall() -> np.ndarray:
    """A floor 0.5 m below the camera and a wall 2 m away."""
    rows = np.maximum((np.arange(120) - 60) / 130, 1e-6)[:, None]
    return np.broadcast_to(np.minimum(0.5 / rows, 2.0), (120, 160)).copy()


def noisy(depth: np.ndarray, seed: int = 1) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return depth + 0.002 * depth ** 2 * generator.standard_normal(depth.shape)


