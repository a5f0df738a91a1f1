"""The end of a query: the answer and the evidence it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import math
from typing import Any

import numpy as np

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import NAN_INTERVAL
from spatialclaw_ros.findings.uncertainty import Sigma


@dataclass(frozen=True, eq=False)
class Distance:
    """A length between two points of the world, with its error.

    `kind` is one of CLOSEST, CENTROID, GAP_ALONG_AXIS, VERTICAL. `from_point`, `to_point` are
    (3,) world metres with 3×3 covariances in m². `value` metres.
    """

    from_name: str
    to_name: str
    kind: str
    from_point: np.ndarray
    to_point: np.ndarray
    value: float
    sigma: Sigma = Sigma(math.nan)
    interval: Interval = NAN_INTERVAL
    from_covariance: np.ndarray = field(default_factory=lambda: np.full((3, 3), np.nan))
    to_covariance: np.ndarray = field(default_factory=lambda: np.full((3, 3), np.nan))
    frames: tuple[int, ...] = ()
    note: str = ''


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number that is not a distance between two points: height, extent, angle, count, speed.

    `unit` is 'm', 'rad', 'm/s' or '' for a count; degrees appear only in text for people.
    `points` (N, 3) world metres are what it rests on.
    """

    name: str
    value: float
    unit: str
    sigma: Sigma = Sigma(math.nan)
    interval: Interval = NAN_INTERVAL
    points: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    frames: tuple[int, ...] = ()
    note: str = ''


@dataclass(frozen=True, eq=False)
class Position:
    """A point: (3,) metres in `frame` ('' = world of the query), 3×3 covariance m²."""

    name: str
    point: np.ndarray
    covariance: np.ndarray
    frame: str = ''
    frames: tuple[int, ...] = ()
    note: str = ''


@dataclass(frozen=True, eq=False)
class Relation:
    """A word that relates things: left, behind, nearest, on …, with how sure it is.

    `margin` is the difference the word rests on, in `unit`, and `margin_sigma` its one sigma;
    `candidates` pairs each name considered with its value. `points` (N, 3) world metres.
    """

    word: str
    names: tuple[str, ...]
    viewpoint: str = ''
    margin: float = math.nan
    margin_sigma: float = math.nan
    unit: str = 'm'
    candidates: tuple[tuple[str, float], ...] = ()
    points: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    frames: tuple[int, ...] = ()
    note: str = ''


@dataclass(frozen=True, eq=False)
class Found:
    """An object as it leaves the kernel: all a message needs, no point-wise detail beyond a cloud.

    `center`, `size`, `rotation` are the box (see Box3D); `pose_covariance` (6, 6) m², rad² about
    the world's axes, an unobservable rotation with the variance of a uniform angle; `points`
    (K, 3) a sample of the visible surface, world metres, at most 5,000.
    """

    name: str
    center: np.ndarray
    size: np.ndarray
    rotation: np.ndarray
    size_sigma: np.ndarray
    pose_covariance: np.ndarray
    points: np.ndarray
    visible_fraction: float
    truncated: bool
    cameras: tuple[str, ...]
    frames: tuple[int, ...]
    score: float


@dataclass(frozen=True, eq=False)
class FoundPlane:
    """A plane as it leaves the kernel; see Plane3D."""

    name: str
    normal: np.ndarray
    offset: float
    polygon: np.ndarray
    normal_sigma: float
    offset_sigma: float


@dataclass(frozen=True, eq=False)
class Track:
    """Poses of one object over time: `stamps` (T,) ns, `positions` (T, 3) world metres.

    `sigma` (T,) metres; `velocity` (3,) m/s, least squares, with `velocity_sigma` (3,).
    """

    name: str
    stamps: np.ndarray
    positions: np.ndarray
    sigma: np.ndarray
    velocity: np.ndarray
    velocity_sigma: np.ndarray
    frames: tuple[int, ...] = ()


Finding = Distance | Quantity | Position | Relation | Found | FoundPlane | Track


@dataclass(frozen=True, eq=False)
class Answer:
    """What a query returns. Geometry is in the world of the query; the edge transforms it.

    `text` is the bare word, name or number. `value`, `interval` and `std_dev` are NaN where the
    answer is not a number; `unit` is 'm', 'deg', 'm/s' or ''. `position` (3,) is in `frame`.
    """

    code: ErrorCode
    text: str = ''
    explanation: str = ''
    message: str = ''
    value: float = math.nan
    unit: str = ''
    std_dev: float = math.nan
    interval: Interval = NAN_INTERVAL
    position: np.ndarray | None = None
    frame: str = ''
    evidence: tuple[Finding, ...] = ()
    candidates: tuple[str, ...] = ()
    steps: int = 0
    tool_calls: int = 0
    elapsed: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    transcript: str = ''
    sandbox: str = ''
    extra: dict[str, Any] = field(default_factory=dict)
