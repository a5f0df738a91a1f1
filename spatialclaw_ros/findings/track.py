"""Where one object was over time, how fast it goes and where to."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import math

import numpy as np

from spatialclaw_ros.findings.wording import ending
from spatialclaw_ros.findings.wording import xyz


@dataclass(frozen=True, eq=False)
class Track:
    """Places of one object over time: `stamps` (T,) ns, `positions` (T, 3) world metres.

    `sigma` (T,) metres; `velocity` (3,) m/s, least squares, with `velocity_sigma` (3,). `up` (3,)
    is against gravity, NaN where unknown. `excess` is how far the motion is beyond its errors:
    above 1 it surely moves; NaN where only the velocity tells. `world` is the one its frames share,
    empty where unknown.
    """

    name: str
    stamps: np.ndarray
    positions: np.ndarray
    sigma: np.ndarray
    velocity: np.ndarray
    velocity_sigma: np.ndarray
    frames: tuple[int, ...] = ()
    up: np.ndarray = field(default_factory=lambda: np.full(3, np.nan))
    displacement_sigma: float = math.nan
    excess: float = math.nan
    world: str = ''

    @property
    def is_moving(self) -> bool:
        """Whether it moved by more than errors of masks, depth and poses explain."""
        if math.isnan(self.excess):
            return bool(self.speed > 3 * self.speed_sigma)
        return self.excess > 1

    @property
    def displacement(self) -> float:
        """Metres from the first position to the last; `displacement_sigma` is its one sigma."""
        return float(np.linalg.norm(self.positions[-1] - self.positions[0]))

    @property
    def speed(self) -> float:
        """Length of the velocity, m/s."""
        return float(np.linalg.norm(self.velocity))

    @property
    def speed_sigma(self) -> float:
        """One sigma of the speed, m/s."""
        along = self.velocity / self.speed if self.speed > 1e-9 else np.full(3, 3 ** -0.5)
        return float(np.linalg.norm(along * self.velocity_sigma))

    @property
    def _course(self) -> np.ndarray:
        """(3,) m/s: the velocity, without what is along up where that is known."""
        known = np.isfinite(self.up).all()
        return self.velocity - (self.velocity @ self.up) * self.up if known else self.velocity

    @property
    def heading(self) -> np.ndarray:
        """Unit vector (3,) of the velocity, horizontal where up is known; NaN at rest."""
        length = float(np.linalg.norm(self._course))
        if not self.is_moving or length < 1e-9:
            return np.full(3, np.nan)
        return np.asarray(self._course / length)

    @property
    def heading_deg(self) -> float:
        """Degrees in (-180, 180] counter-clockwise about up from the world's x axis to the heading.

        NaN at rest, and where up is unknown or along x.
        """
        ahead = np.array([1.0, 0, 0]) - self.up[0] * self.up
        if not np.linalg.norm(ahead) > 1e-6:
            return math.nan
        aside = np.cross(self.up, ahead)
        return math.degrees(math.atan2(aside @ self.heading, ahead @ self.heading))

    @property
    def heading_deg_sigma(self) -> float:
        """One sigma of `heading_deg`, degrees."""
        aside = np.cross(self.up, self.heading)
        across = float(np.linalg.norm(aside * self.velocity_sigma))
        return math.degrees(across / float(np.linalg.norm(self._course))) if across else math.nan

    @property
    def course(self) -> str:
        """The heading in words, or that it is at rest."""
        if not self.is_moving:
            return 'at rest'
        if math.isnan(self.heading_deg):
            return f'moving, heading {xyz(self.heading)}'
        return f'moving, heading {self.heading_deg:.0f} ± {self.heading_deg_sigma:.0f} deg'

    def __repr__(self) -> str:
        span = np.ptp(self.stamps) * 1e-9 if len(self.stamps) else 0.0
        return (f'Track {self.name!r}: {self.course}, speed {self.speed:.3g} ± '
                f'{self.speed_sigma:.2g} m/s, {len(self.stamps)} poses over {span:.2f} s,\n  '
                f'velocity {xyz(self.velocity)} m/s ± {xyz(self.velocity_sigma)}, world'
                f'{ending(self.frames, "")}')
