"""Errors of points: what a position or the end of a distance is worth in each direction."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.surface import View


def view_covariance(point: np.ndarray, view: View | None, *, pose: bool = True) -> np.ndarray:
    """(3, 3) m²: frame and, if asked for, pose errors of a `point` (3,) seen in `view`."""
    if view is None:
        return np.zeros((3, 3))
    return view.depth_covariance(point) + (view.pose_covariance(point) if pose else 0.0)


def own_depth_covariance(sight: Sight) -> np.ndarray:
    """(3, 3) m²: what the depth error that an object has for itself does to its centroid."""
    if sight.view is None:
        return np.zeros((3, 3))
    lever = sight.view.own_lever(sight.surface().center)
    return np.outer(lever, lever)


def end_covariances(a: Object3D, b: Object3D, estimate: Estimate) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) m² of both ends of a distance: its own error half each, and the view's error."""
    along = estimate.points[1] - estimate.points[0]
    length = float(np.linalg.norm(along))
    own = 0.5 * (estimate.sigma.mask ** 2 + estimate.sigma.pixel ** 2)
    shared = own * (np.outer(along, along) / length ** 2 if length > 1e-9 else np.eye(3))
    covariances = []
    for thing, point in zip((a, b), estimate.points, strict=True):
        view = next((v for v in thing.views if v.frame in estimate.frames), None)
        noise = nearby_sigma(thing, point)
        covariances.append(
            shared + noise ** 2 * np.eye(3) + view_covariance(point, view))
    return covariances[0], covariances[1]


def nearby_sigma(thing: Object3D, point: np.ndarray) -> float:
    """Metres: one sigma of the object's point nearest to `point` (3,); 0 where not known."""
    nearest = int(np.square(thing.points - point).sum(axis=1).argmin())
    return float(np.nan_to_num(thing.sigma[nearest]))
