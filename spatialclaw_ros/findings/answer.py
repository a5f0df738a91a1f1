"""The end of a query: the answer and the evidence it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import math

import numpy as np

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.track import Track
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import NAN_INTERVAL
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.findings.wording import ending
from spatialclaw_ros.findings.wording import xyz


def _told(value: float, unit: str, sigma: Sigma, interval: Interval) -> str:
    unit = f' {unit}' if unit else ''
    if math.isnan(sigma.total):
        return f'{value:.4g}{unit}, sigma unknown'
    return (f'{value:.4g}{unit}, 95 % [{interval.low:.4g}, {interval.high:.4g}], sigma '
            f'{sigma.total:.2g} (mask {sigma.mask:.2g}, pixel {sigma.pixel:.2g}, frame '
            f'{sigma.frame:.2g}, pose {sigma.pose:.2g})')


class _Measured:
    """A finding that is a number, and can be printed and computed with as one."""

    value: float

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)


@dataclass(frozen=True, eq=False)
class Distance(_Measured):
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

    def __repr__(self) -> str:
        return (f'Distance {self.kind} {self.from_name!r} to {self.to_name!r}: '
                f'{_told(self.value, "m", self.sigma, self.interval)},\n  from '
                f'{xyz(self.from_point)} to {xyz(self.to_point)} m, world'
                f'{ending(self.frames, self.note)}')


@dataclass(frozen=True, eq=False)
class Quantity(_Measured):
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

    def __repr__(self) -> str:
        return (f'Quantity {self.name!r}: {_told(self.value, self.unit, self.sigma, self.interval)}'
                f',\n  on {len(self.points)} points, world m{ending(self.frames, self.note)}')


@dataclass(frozen=True, eq=False)
class Position:
    """A point: (3,) metres in `frame` ('' = world of the query), 3×3 covariance m²."""

    name: str
    point: np.ndarray
    covariance: np.ndarray
    frame: str = ''
    frames: tuple[int, ...] = ()
    note: str = ''

    def __repr__(self) -> str:
        sigma = np.sqrt(np.diag(self.covariance))
        return (f'Position {self.name!r}: {xyz(self.point)} m in '
                f'{repr(self.frame) if self.frame else "world"}, sigma {xyz(sigma)} m'
                f'{ending(self.frames, self.note)}')


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

    def __repr__(self) -> str:
        seen_from = f' seen from {self.viewpoint}' if self.viewpoint else ''
        ranked = ', '.join(f'{name} {value:.3g}' for name, value in self.candidates[:8])
        return (f'Relation {self.word!r} of {", ".join(self.names[:8])}{seen_from}, margin '
                f'{self.margin:.3g} ± {self.margin_sigma:.2g} {self.unit}'
                f'{ending(self.frames, self.note)}' + (f'\n  {ranked}' if ranked else ''))


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

    def __repr__(self) -> str:
        size = ' x '.join(f'{side:.3f}' for side in self.size)
        return (f'Found {self.name!r}: box {size} m at {xyz(self.center)} m, world, '
                f'{len(self.points)} points, visible {self.visible_fraction:.0%}'
                f'{ending(self.frames, "")}')


@dataclass(frozen=True, eq=False)
class FoundPlane:
    """A plane as it leaves the kernel; see Plane3D."""

    name: str
    normal: np.ndarray
    offset: float
    polygon: np.ndarray
    normal_sigma: float
    offset_sigma: float

    def __repr__(self) -> str:
        return (f'FoundPlane {self.name!r}: normal {xyz(self.normal)}, offset {self.offset:.4f} m '
                f'± {self.offset_sigma:.2g}, world')


Finding = Distance | Quantity | Position | Relation | Found | FoundPlane | Track


@dataclass(frozen=True, eq=False)
class Answer:
    """What a query returns. Geometry is in the world of the query; the edge transforms it.

    `text` is the bare word, name or number. `value`, `interval` and `std_dev` are NaN where the
    answer is not a number; `unit` is 'm', 'deg', 'm/s' or '', or what was asked for, such as 'cm'.
    `position` (3,) metres is in `frame`. `policy` names the writer's interface; the tokens are
    those of every model call, a cell's own included.
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
    prompt_tokens: int = 0
    completion_tokens: int = 0
    policy: str = ''
    elapsed: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    transcript: str = ''
    sandbox: str = ''

    @property
    def tokens(self) -> int:
        """All tokens that are paid for."""
        return self.prompt_tokens + self.completion_tokens
