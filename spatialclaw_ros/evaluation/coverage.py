"""Are error bars honest: many simulated placements of each family of questions."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
from scipy import stats

from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.geometry.robust import robust_sigma
from spatialclaw_ros.recordings.regions import regions_from
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.simulation.export import moments_of
from spatialclaw_ros.simulation.export import regions_of
from spatialclaw_ros.simulation.export import truths
from spatialclaw_ros.simulation.probe import Cast
from spatialclaw_ros.simulation.probe import Probe
from spatialclaw_ros.simulation.probe import tolerance
from spatialclaw_ros.simulation.questions import FAMILIES
from spatialclaw_ros.simulation.simulation import SCENES
from spatialclaw_ros.simulation.simulation import Simulation
from spatialclaw_ros.simulation.truth import Truth

#: Level of the two-sided binomial test that coverage is 95 %.
TEST_LEVEL = 0.001
#: Most that the median sigma may be of the robust standard deviation of the errors.
MOST_SIGMA_RATIO = 1.5
LEAST_RIGHT = 0.95


@dataclass(frozen=True, eq=False)
class Placement:
    """A simulated scene with one question of each family, as far as the scene has it."""

    simulation: Simulation
    probes: tuple[Probe, ...]
    frames: tuple[Frame, ...]
    truth: Truth

    def window(self, probe: Probe) -> FrameWindow:
        """Window of the probe's frames, in its target frame, without regions."""
        frames = tuple(self.frames[view] for view in probe.views)
        pose = frames[-1].camera_to_world
        to_target = None
        if probe.target_frame == 'camera' and pose is not None:
            to_target = np.linalg.inv(pose)
        elif probe.target_frame:
            to_target = np.eye(4)
        names = {'camera': frames[-1].camera.frame_id}
        return FrameWindow(
            frames, self.simulation.world_frame, self.simulation.up,
            target_frame=names.get(probe.target_frame, probe.target_frame),
            world_to_target=to_target)

    def asked(self, probe: Probe) -> Asked:
        """The probe with its exact answer for the visible surface."""
        visible, _ = truths(probe, self.truth)
        return Asked(
            f'{self.simulation.scene.kind}-{self.simulation.seed}-{probe.family}', probe.family,
            probe.text, visible, probe.unit, tolerance(visible, probe.unit), probe.views,
            tuple(regions_from(regions_of(probe, self.truth))), probe.target_frame)


def placements(families: Sequence[str], count: int, first_seed: int = 0, views: int = 2,
               width: int = 640, height: int = 480) -> Iterator[Placement]:
    """Scenes, their kinds in turn, with a question of each of `families`, `views` frames each."""
    kinds = sorted(SCENES)
    for number in range(count):
        simulation = Simulation.build(
            kinds[number % len(kinds)], first_seed + number, width, height)
        moments = moments_of(views)
        truth = Truth(simulation, moments)
        cast = Cast(truth, range(views), np.random.default_rng([simulation.seed, 7]))
        probes = tuple(probe for family in families
                       if (probe := next(FAMILIES[family](cast), None)) is not None)
        if probes:
            frames = tuple(simulation.frame(moment, i) for i, moment in enumerate(moments))
            yield Placement(simulation, probes, frames, truth)


@dataclass(frozen=True)
class Honesty:
    """How right and how honest the answers of one family are.

    `coverage` is the share of 95 % intervals that hold the truth and `p_value` that of the
    two-sided test against 95 %; `sigma_ratio` the median sigma over `spread`, 1.4826 times the
    median absolute deviation of the errors, in the kind of scene where that is largest; `bias` the
    median error. NaN for words.
    """

    family: str
    count: int
    right: float
    answered: float
    coverage: float = math.nan
    p_value: float = math.nan
    sigma_ratio: float = math.nan
    bias: float = math.nan
    spread: float = math.nan

    @property
    def holds(self) -> bool:
        """Whether the family is right often enough and its error bars are honest."""
        honest = math.isnan(self.coverage) or (
            self.p_value >= TEST_LEVEL and not self.sigma_ratio > MOST_SIGMA_RATIO)
        return self.right >= LEAST_RIGHT and honest


def honesty(family: str, scores: Sequence[Score]) -> Honesty:
    """Honesty of the answers to one family's questions."""
    count = len(scores)
    right = sum(s.right for s in scores) / count
    answered = [s for s in scores if s.answered]
    share = len(answered) / count
    told = [s.covered for s in answered if s.covered is not None]
    if not told:
        return Honesty(family, count, right, share)
    held = sum(told)
    errors = np.array([s.signed for s in answered if not isinstance(s.asked.expected, tuple)])
    if not len(errors):
        return Honesty(family, count, right, share, held / len(told), _against_95(held, told))
    return Honesty(
        family, count, right, share, held / len(told), _against_95(held, told),
        _sigma_ratio(answered), float(np.median(errors)), robust_sigma(errors))


def _sigma_ratio(answered: Sequence[Score]) -> float:
    """Median sigma over the robust standard deviation of the errors, each kind of scene apart.

    Things of different scale must not be put together: a median of sigmas says nothing of them
    where half are millimetres and half centimetres, be every one exact.
    """
    ratios = []
    for kind in {one.asked.id.split('-')[0] for one in answered}:
        alike = [one for one in answered if one.asked.id.split('-')[0] == kind]
        spread = robust_sigma(np.array([one.signed for one in alike]))
        sigmas = [one.std_dev for one in alike if math.isfinite(one.std_dev)]
        if spread > 0 and sigmas:
            ratios.append(float(np.median(sigmas)) / spread)
    return max(ratios, default=math.nan)


def _against_95(held: int, told: Sequence[bool | None]) -> float:
    return float(stats.binomtest(held, len(told), 0.95).pvalue)


def as_markdown(rows: Sequence[Honesty]) -> str:
    """One row a family."""
    lines = ['| family | n | right | answered | coverage | p | sigma / spread | bias | spread | |',
             '|---|---|---|---|---|---|---|---|---|---|']
    for row in rows:
        numbers = '|'.join(
            f' {value:{form}} ' if math.isfinite(value) else '  ' for value, form in (
                (row.coverage, '.3f'), (row.p_value, '.2g'), (row.sigma_ratio, '.2f'),
                (row.bias, '+.4f'), (row.spread, '.4f')))
        lines.append(f'| {row.family} | {row.count} | {row.right:.3f} | {row.answered:.3f} |'
                     f'{numbers}| {"" if row.holds else "fails"} |')
    return '\n'.join(lines)
