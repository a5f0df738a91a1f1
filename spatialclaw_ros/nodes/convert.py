"""Numbers and arrays as geometry messages. Every number is made a Python float here.

A float field that is given a numpy scalar or an int arrives as garbage, without an error.
"""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import Point
from geometry_msgs.msg import Point32
from geometry_msgs.msg import Polygon
from geometry_msgs.msg import Pose
from geometry_msgs.msg import PoseWithCovariance
from geometry_msgs.msg import Quaternion
from geometry_msgs.msg import Transform
from geometry_msgs.msg import Vector3
import numpy as np
from scipy.spatial.transform import Rotation


def point(xyz: np.ndarray) -> Point:
    """Point of (3,) metres."""
    x, y, z = (float(value) for value in xyz)
    return Point(x=x, y=y, z=z)


def vector(xyz: np.ndarray) -> Vector3:
    """Vector of (3,)."""
    x, y, z = (float(value) for value in xyz)
    return Vector3(x=x, y=y, z=z)


def quaternion(rotation: np.ndarray) -> Quaternion:
    """Unit quaternion of a (3, 3) rotation."""
    x, y, z, w = (float(value) for value in Rotation.from_matrix(rotation).as_quat())
    return Quaternion(x=x, y=y, z=z, w=w)


def pose(matrix: np.ndarray) -> Pose:
    """Pose of a (4, 4) rigid transform."""
    return Pose(position=point(matrix[:3, 3]), orientation=quaternion(matrix[:3, :3]))


def transform(matrix: np.ndarray) -> Transform:
    """Transform of a (4, 4) rigid transform."""
    return Transform(translation=vector(matrix[:3, 3]), rotation=quaternion(matrix[:3, :3]))


def rigid(rotation: np.ndarray, position: np.ndarray) -> np.ndarray:
    """(4, 4) of a (3, 3) rotation and a (3,) position."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, position
    return matrix


def pose_with_covariance(matrix: np.ndarray, covariance: np.ndarray) -> PoseWithCovariance:
    """Pose with a (6, 6) covariance about the axes of its header's frame, m² and rad²."""
    return PoseWithCovariance(pose=pose(matrix), covariance=numbers(covariance))


def polygon(points: np.ndarray) -> Polygon:
    """Polygon of (N, 3) metres."""
    return Polygon(points=[
        Point32(x=float(x), y=float(y), z=float(z)) for x, y, z in points])


def numbers(values: np.ndarray | Iterable[float]) -> list[float]:
    """Flat list of floats, row by row."""
    return [float(value) for value in np.asarray(values, float).reshape(-1)]
