"""Where cameras without a known pose stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.depth_anything.scale import Scale
from spatialclaw_ros.scene import PoseSigma

#: One sigma of the network's motion between two cameras: a prior of ours, of the order that the
#: published shares of poses within 3 degrees let one expect of the smaller checkpoints. Radians
#: at least, per radian turned, and per depth of the scene moved; share of the distance moved,
#: and of the depth of the scene.
_ROTATION, _PER_TURN, _PER_MOVE = 0.005, 0.05, 0.02
_TRANSLATION, _OF_DEPTH = 0.05, 0.003


@dataclass(frozen=True, eq=False)
class CameraPlace:
    """Camera-to-world (4, 4), metres, and its error."""

    camera_to_world: np.ndarray
    sigma: PoseSigma


def placed(view: NetworkView, known: Mapping[bytes, CameraPlace],
           views: Mapping[bytes, NetworkView], scale: Scale) -> CameraPlace | None:
    """Where the camera of `view` is, told from the nearest of the `known` ones, by key.

    `views` are theirs, in the gauge of `view`. None where the network relates it to none.
    """
    if view.camera_to_world is None:
        return None
    depth = _middle(view)
    motions = {key: inverse(pose) @ view.camera_to_world for key in known
               if (pose := views[key].camera_to_world) is not None}
    if not motions:
        return None
    nearest = min(motions, key=lambda key: _turn(motions[key])
                  + float(np.linalg.norm(motions[key][:3, 3])) / depth)
    motion = motions[nearest].copy()
    turn, moved = _turn(motion), float(np.linalg.norm(motion[:3, 3])) / depth
    motion[:3, 3] *= scale.value
    base = known[nearest]
    metres = depth * scale.value
    return CameraPlace(base.camera_to_world @ motion, PoseSigma(
        math.hypot(base.sigma.translation, moved * metres * math.hypot(_TRANSLATION, scale.sigma),
                   _OF_DEPTH * metres),
        math.hypot(base.sigma.rotation, _ROTATION + _PER_TURN * turn + _PER_MOVE * moved)))


def _turn(motion: np.ndarray) -> float:
    """Angle of rotation, rad, in [0, pi], of `motion` (4, 4)."""
    return float(np.arccos(np.clip((np.trace(motion[:3, :3]) - 1) / 2, -1.0, 1.0)))


def _middle(view: NetworkView) -> float:
    depth = view.depth[np.isfinite(view.depth)]
    return float(np.median(depth)) if len(depth) else 1.0
