"""Measures of exact shapes: what the answer to each kind of question is defined to be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from spatialclaw_ros.geometry.boxes import upright_axes
from spatialclaw_ros.simulation.truth import Shape

_UP = np.array([0.0, 0.0, 1.0])


def closest(a: Shape, b: Shape) -> float:
    """Shortest distance between two surfaces, metres."""
    coarse = float(cdist(a.points[::100], b.points[::100]).min())
    near_a = _near_box(a.points, b.points, coarse)
    near_b = _near_box(b.points, near_a, coarse)
    return float(cKDTree(near_a).query(near_b, distance_upper_bound=coarse * 1.001)[0].min())


def _near_box(points: np.ndarray, others: np.ndarray, reach: float) -> np.ndarray:
    """Those of `points` within `reach` of the box about `others`."""
    outside = np.maximum(others.min(axis=0) - points, points - others.max(axis=0))
    return points[np.linalg.norm(np.maximum(outside, 0), axis=1) <= reach * 1.001]


def between_centres(a: Shape, b: Shape) -> float:
    """Distance between centroids, metres."""
    return float(np.linalg.norm(a.centroid - b.centroid))


def horizontal_gap(a: Shape, b: Shape) -> float:
    """Free space along the horizontal line between the centroids, metres; negative if none."""
    line = (b.centroid - a.centroid) * [1, 1, 0]
    line /= np.linalg.norm(line)
    return float((b.points @ line).min() - (a.points @ line).max())


def from_point(a: Shape, point: np.ndarray) -> float:
    """Distance of the nearest point of a surface from `point` (3,), metres."""
    return float(np.linalg.norm(a.points - point, axis=1).min())


def top(a: Shape) -> float:
    """World z of the highest point, metres."""
    return float(a.points[:, 2].max())


def sides(a: Shape) -> tuple[float, float, float]:
    """Sides of the box of least footprint: longer and shorter horizontal, vertical; metres."""
    axes = upright_axes(a.points, _UP)
    spans = np.ptp(a.points @ axes, axis=0)
    return float(spans[0]), float(spans[1]), float(spans[2])


def across(a: Shape, camera_to_world: np.ndarray) -> float:
    """Horizontal side of that box which lies most across the camera's view, metres."""
    axes, turned = _across_view(a, camera_to_world)
    return float(np.ptp(a.points @ axes[:, int(turned.argmax())]))


def squareness(a: Shape, camera_to_world: np.ndarray) -> float:
    """Cosine of the angle between that side and the image's x axis: 1 seen squarely."""
    return float(_across_view(a, camera_to_world)[1].max())


def _across_view(a: Shape, camera_to_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axes = upright_axes(a.points, _UP)
    return axes, np.abs(axes[:, :2].T @ camera_to_world[:3, 0])


def to_the_right(a: Shape, b: Shape, camera_to_world: np.ndarray) -> float:
    """Metres by which the centroid of `a` is right of that of `b`, seen from the camera."""
    return float((a.centroid - b.centroid) @ camera_to_world[:3, 0])


def nearer(a: Shape, b: Shape, camera_to_world: np.ndarray) -> float:
    """Metres by which the centroid of `a` is nearer to the camera than that of `b`, levelled."""
    forward = camera_to_world[:3, 2] * [1, 1, 0]
    return float((b.centroid - a.centroid) @ (forward / np.linalg.norm(forward)))


def higher(a: Shape, b: Shape) -> float:
    """Metres by which the centroid of `a` is higher than that of `b`."""
    return float(a.centroid[2] - b.centroid[2])


def least(values: Mapping[str, float]) -> str:
    """Name with the least value."""
    return min(values, key=lambda name: values[name])


def margin(values: Mapping[str, float]) -> float:
    """Difference between the least and the second value."""
    ordered = sorted(values.values())
    return ordered[1] - ordered[0]
