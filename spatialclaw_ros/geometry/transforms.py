"""Rigid transforms as 4×4 matrices, and directions."""

from __future__ import annotations

import numpy as np


def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`points` (..., 3) moved by the rigid `matrix` (4, 4)."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse (4, 4) of a rigid `matrix` (4, 4), exact where the rotation is orthonormal."""
    rotation = matrix[:3, :3]
    result = np.eye(4)
    result[:3, :3] = rotation.T
    result[:3, 3] = -rotation.T @ matrix[:3, 3]
    return result


def unit(vector: np.ndarray) -> np.ndarray:
    """`vector` (3,) with length one; raises ValueError for one without length or not finite."""
    vector = np.asarray(vector, float).reshape(3)
    length = np.linalg.norm(vector)
    if not np.isfinite(length) or length < 1e-12:
        raise ValueError(f'{vector.tolist()} has no direction')
    return vector / length


def basis_with_third(direction: np.ndarray) -> np.ndarray:
    """Right-handed orthonormal axes (3, 3), columns, the third along `direction` (3,)."""
    third = unit(direction)
    helper = np.eye(3)[np.abs(third).argmin()]
    first = unit(np.cross(helper, third))
    return np.column_stack([first, np.cross(third, first), third])


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """Angle in rad, in [0, pi], between two vectors (3,); accurate at both ends."""
    a, b = unit(first), unit(second)
    return float(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))
