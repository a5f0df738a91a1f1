"""Views of one pass of the network brought into the gauge of another, by frames in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView

#: Sensor pixels across an image at which two views of a frame are compared.
_ACROSS = 64


def joined(views: Sequence[NetworkView], shared: Sequence[tuple[NetworkView, NetworkView]]
           ) -> list[NetworkView] | None:
    """`views` in the gauge of the first of each pair in `shared`; the second is as `views` are.

    A pair is one frame, looked at twice. The scale is the median ratio of both depths, rotation
    and translation the means of what each pair tells; without poses there are none. None without a
    usable depth in common.
    """
    scale = _scale(shared)
    if scale is None:
        return None
    scaled = [view.scaled(scale) for view in views]
    pairs = [(held.camera_to_world, again.scaled(scale).camera_to_world)
             for held, again in shared]
    known = [(held, again) for held, again in pairs if held is not None and again is not None]
    if not known:
        return [replace(view, camera_to_world=None) for view in scaled]
    motion = _mean_motion(known)
    return [view if view.camera_to_world is None else
            replace(view, camera_to_world=motion @ view.camera_to_world) for view in scaled]


def _scale(shared: Sequence[tuple[NetworkView, NetworkView]]) -> float | None:
    ratios = []
    for held, again in shared:
        width, height = held.resizing.sensor
        u, v = np.meshgrid(np.linspace(0, width - 1, _ACROSS), np.linspace(0, height - 1, _ACROSS))
        pixels = np.column_stack([u.ravel(), v.ravel()])
        ratio = held.at(held.depth, pixels) / again.at(again.depth, pixels)
        ratios.append(np.log(ratio[np.isfinite(ratio)]))
    known = np.concatenate(ratios) if ratios else np.empty(0)
    return float(np.exp(np.median(known))) if len(known) else None


def _mean_motion(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(4, 4) motion that takes the second of each pair of poses (4, 4) to the first, at best."""
    motions = np.stack([held @ inverse(again) for held, again in pairs])
    left, _, right = np.linalg.svd(motions[:, :3, :3].sum(axis=0))
    turn = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    motion = np.eye(4)
    motion[:3, :3] = left @ turn @ right
    motion[:3, 3] = np.mean([held[:3, 3] - motion[:3, :3] @ again[:3, 3]
                             for held, again in pairs], axis=0)
    return motion
