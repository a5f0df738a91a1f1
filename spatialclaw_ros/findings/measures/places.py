"""Where things are: centroids, and the distance between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import DRAWS
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import frame_sigma
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import pose_sigma
from spatialclaw_ros.findings.measures.estimate import shared_pose
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import pairs_of
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.measures.points import end_covariances
from spatialclaw_ros.findings.measures.points import own_depth_covariance
from spatialclaw_ros.findings.measures.points import view_covariance
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform


def centroid_distance(a: Any, b: Any) -> Distance:
    """Distance between the centroids of the visible points of `a` and `b`, metres."""
    a, b = as_object(a), as_object(b)
    best, note = combined([_centroids_apart(s, t) for s, t in pairs_of(a, b)
                           if len(s.surface().points) and len(t.surface().points)],
                          parts_differ=True)
    return Distance(
        a.name, b.name, 'CENTROID', best.points[0], best.points[1], best.value, best.sigma,
        best.interval(low=0.0), *end_covariances(a, b, best), frames=best.frames, note=note)


def position(a: Any, frame: int | None = None) -> Position:
    """Centroid of the visible points of `a`, with its covariance.

    In the world, from every view of the largest world; with `frame` in the optical frame of that
    frame's camera, from that frame alone, where the error of its pose does not count.
    """
    a = as_object(a)
    if frame is not None:
        return _in_camera(a.only([frame]).sights[0], a.name)
    sights = [s for s in spread_out(a.sights_in(a.world)) if len(s.surface().points)]
    center = np.mean([s.surface().center for s in sights], axis=0)
    return Position(a.name, center, _mean_covariance(sights), '', frames_of(*sights))


def _mean_covariance(sights: Sequence[Sight]) -> np.ndarray:
    """(3, 3) m² of the mean of the centroids that `sights` show.

    Masks, and what was filled, err alike in all of them, and each camera's depth bias and focal
    length are the same; a part of the pose's error is another in every frame.
    """
    own = np.mean([_own_covariance(s) + own_depth_covariance(s) for s in sights], axis=0)
    pose = np.zeros((3, 3))
    levers: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros((2, 3)))
    for view, center in ((s.view, s.surface().center) for s in sights):
        if view is not None:
            pose += view.pose_covariance(center) / len(sights)
            levers[view.camera] += view.frame_levers(center) / len(sights)
    return np.asarray(own + pose * shared_pose(len(sights)) ** 2 + sum(
        of_camera.T @ of_camera for of_camera in levers.values()))


def centroid_covariance(sight: Sight, *, pose: bool = True) -> np.ndarray:
    """(3, 3) m² of the centroid a sight shows: noise, other masks, frame, and pose."""
    return _own_covariance(sight) + view_covariance(
        sight.surface().center, sight.view, pose=pose)


def _own_covariance(sight: Sight) -> np.ndarray:
    """(3, 3) m² of the centroid a sight shows: noise, outline and other masks."""
    center = sight.surface().center
    covariance = np.eye(3) * noise_sigma(sight) ** 2
    shifts = [other.center - center for variant in range(1, sight.variants)
              if len((other := sight.surface(variant)).points)]
    for shift in shifts:
        covariance += np.outer(shift, shift) / (3 * len(shifts))
    return covariance


def noise_sigma(sight: Sight) -> float:
    """Metres: one sigma, each axis, of the centroid a sight shows by pixel noise and outline."""
    surface = sight.surface()
    noise = float(np.nan_to_num(np.median(surface.sigma))) ** 2 / max(len(surface.points) / 9, 1)
    return float(np.sqrt(noise + surface.outline_sigma ** 2))


def _in_camera(sight: Sight, name: str) -> Position:
    center = sight.surface().center
    covariance = centroid_covariance(sight, pose=False)
    if sight.view is None:
        return Position(name, center, covariance)
    matrix = inverse(sight.view.camera_to_world)
    turned = matrix[:3, :3] @ covariance @ matrix[:3, :3].T
    return Position(name, transform(matrix, center), turned, f'camera {sight.view.frame}',
                    frames_of(sight))


def _centroids_apart(s: Sight, t: Sight) -> Estimate:
    first, second = s.surface(), t.surface()
    pair = np.array([first.center, second.center])
    value = float(np.linalg.norm(pair[1] - pair[0]))
    others = [float(np.linalg.norm(other.center - pair[1 - end]))
              for end, sight in ((0, s), (1, t)) for variant in range(1, sight.variants)
              if len((other := sight.surface(variant)).points)]
    seen = [(pair[:1], s.view), (pair[1:], t.view)]

    def length(ends: list[np.ndarray]) -> float:
        return float(np.linalg.norm(ends[1][0] - ends[0][0]))
    noise = np.hypot(noise_sigma(s), noise_sigma(t))
    errors = noise * ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
    return Estimate(
        value, errors, mask_sigma(value, others), frame_sigma(length, seen),
        pose_sigma(length, seen) if s.view is not t.view else 0.0, pair, frames_of(s, t))
