"""Small functions of tools.Geometry that old cells call; thin over numpy and scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from spatialclaw_ros.toolkit.vlm import Location
from spatialclaw_ros.toolkit.vlm import parsed_coordinates


def _vector(value: Any, what: str) -> np.ndarray:
    vector = np.asarray(value, float).ravel()
    if vector.shape != (3,):
        raise ValueError(f'{what} is (3,), got shape {np.shape(value)}')
    return vector


def euclidean_distance(p1: Any, p2: Any) -> float:
    """Length of the straight line between two points."""
    a, b = np.asarray(p1, float).ravel(), np.asarray(p2, float).ravel()
    if a.shape != b.shape:
        raise ValueError(f'two points of one dimension are wanted, got {a.shape} and {b.shape}')
    return float(np.linalg.norm(a - b))


def angle_between_vectors(v1: Any, v2: Any) -> float:
    """Angle between two vectors (3,), degrees 0-180."""
    a, b = _vector(v1, 'v1'), _vector(v2, 'v2')
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths == 0:
        raise ValueError('a vector of length zero has no direction')
    return float(np.degrees(np.arccos(np.clip(a @ b / lengths, -1, 1))))


def project_point_to_camera(point_3d: Any, extrinsic_c2w: Any, fx: float, fy: float, cx: float,
                            cy: float) -> tuple[float, float] | None:
    """Pixel (u, v) of a world point; None behind the camera. `extrinsic_c2w` is camera-to-world."""
    pose = np.asarray(extrinsic_c2w, float)
    if pose.shape != (4, 4):
        raise ValueError(f'extrinsic_c2w is (4, 4) camera-to-world, got {pose.shape}')
    x, y, z = pose[:3, :3].T @ (_vector(point_3d, 'point_3d') - pose[:3, 3])
    if z <= 0:
        return None
    return (float(fx * x / z + cx), float(fy * y / z + cy))


def rotation_matrix_from_vectors(v_from: Any, v_to: Any) -> np.ndarray:
    """Rotation (3, 3) that turns the direction of one vector into that of another."""
    a, b = _vector(v_from, 'v_from'), _vector(v_to, 'v_to')
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis, cosine = np.cross(a, b), float(np.clip(a @ b, -1, 1))
    if np.linalg.norm(axis) < 1e-9:
        if cosine > 0:
            return np.eye(3)
        axis = np.cross(a, np.eye(3)[int(np.abs(a).argmin())])
    axis = axis / np.linalg.norm(axis)
    return Rotation.from_rotvec(axis * np.arccos(cosine)).as_matrix()


def transform_points(points: Any, matrix: Any) -> np.ndarray:
    """`points` (…, 3) moved by a (4, 4) matrix."""
    array, transform = np.asarray(points, float), np.asarray(matrix, float)
    if array.shape[-1:] != (3,) or transform.shape != (4, 4):
        raise ValueError(f'points are (…, 3) and the matrix (4, 4), got {array.shape} and '
                         f'{transform.shape}')
    return array @ transform[:3, :3].T + transform[:3, 3]


def fit_ground_plane_ransac(points: Any, confidence: Any = None, conf_threshold: float = 0.3,
                            n_iterations: int = 1000, inlier_threshold: float = 0.05,
                            ) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(normal (3,), inlier mask over the points used) of the largest plane; (None, None) if none.

    Points of confidence above the threshold are used. The normal's sign is arbitrary.
    """
    array = np.asarray(points, float).reshape(-1, 3)
    used = np.isfinite(array).all(axis=1)
    if confidence is not None:
        used &= np.asarray(confidence, float).ravel() > conf_threshold
    array = array[used]
    if len(array) < 100:
        return None, None
    rng = np.random.default_rng(0)
    sample = array[rng.choice(len(array), min(len(array), 5000), replace=False)]
    triples = sample[rng.integers(0, len(sample), (n_iterations, 3))]
    normals = np.cross(triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    kept = lengths > 1e-12
    normals, origins = normals[kept] / lengths[kept, None], triples[kept, 0]
    offsets = np.einsum('ij,ij->i', normals, origins)
    counts = [int((np.abs(sample @ n - d) < inlier_threshold).sum())
              for n, d in zip(normals, offsets, strict=True)]
    if not counts:
        return None, None
    best = int(np.argmax(counts))
    near = np.abs(array @ normals[best] - offsets[best]) < inlier_threshold
    if near.sum() < 50:
        return None, None
    middle = array[near].mean(axis=0)
    normal = np.linalg.svd(array[near] - middle, full_matrices=False)[2][2]
    return normal, np.abs((array - middle) @ normal) < inlier_threshold


def normalized_to_pixel(coords: Any, width: float, height: float) -> list[float]:
    """Pixels of coordinates given as 0-1000 of the image, x and y by turns.

    Accepts numbers, text, or what vlm.locate returned; nothing visible gives an empty list.
    """
    if isinstance(coords, Location):
        values = coords.normalized[:4]
    elif isinstance(coords, str):
        values = [value for group in parsed_coordinates(coords)[:1] for value in group]
    elif coords is None:
        values = []
    else:
        values = [float(value) for value in np.asarray(coords, float).ravel()]
    if any(value > 1000 for value in values):
        print(f'[note] {values} has values above 1000; these are already pixels?')
    return [value * (width if i % 2 == 0 else height) / 1000 for i, value in enumerate(values)]
