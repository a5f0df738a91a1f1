"""How many metres the network's unit has, from what the frames carry."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.geometry.alignment import fit_cameras
from spatialclaw_ros.geometry.alignment import ground_scale
from spatialclaw_ros.perception.depth_anything.consistency import consistent_scale
from spatialclaw_ros.perception.depth_anything.consistency import is_consistent
from spatialclaw_ros.perception.depth_anything.consistency import Placed
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.depth_anything.priors import METRIC_SIGMA
from spatialclaw_ros.perception.depth_anything.samples import CONTRADICTION
from spatialclaw_ros.perception.depth_anything.samples import OF_PART
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.samples import some_of
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.scene import Frame

#: A scale as sure as this, a share of it, is taken without looking for another one; one less
#: sure than the second is none.
_SURE, _LOOSEST = 0.1, 0.3
#: So many frames it is asked for, and so many are searched for the ground.
_ASKED, _GROUNDS = 3, 6
#: One sigma, metres, of how far the ground under a robot is from the world's z = 0.
_GROUND_SIGMA = 0.02
_LEAST_HEIGHT, _LEAST_GROUND = 0.15, 0.08
#: One sigma, a share, of the scale by a ground that nothing but the world's z = 0 speaks for: the
#: z = 0 of an arm's base, or of a map that began elsewhere, is not the floor. A prior of ours.
_UNCHECKED = 0.3
#: One sigma, a share, of a network's distance between two cameras, which more cameras average
#: down: a prior of ours.
_OF_BASELINE = 0.05
#: A network whose cameras are turned by more than this, rad, from how they stand is lost.
_ASKEW = 0.05


@dataclass(frozen=True)
class Scale:
    """metres = `value` · predicted; `sigma` is one sigma as a share of it, `how` says whence."""

    value: float
    sigma: float
    how: str


#: What the metric network says of frames; raises Unanswerable without its weights.
Metres = Callable[[Sequence[Frame]], Sequence[NetworkView]]


def common_scale(seen: Sequence[Seen], is_metric: bool, up: np.ndarray | None,
                 metres: Metres | None) -> Scale:
    """The one scale of the views in `seen`.

    Sensor depth that covers much of an image is taken where it is known to 10 %, else the surest
    of: the cameras' known motion against the network's; the agreement of the depth maps under the
    known motion; unless these tell it to 10 %, a network's own metres (`is_metric`, else `metres`)
    and the ground, at z = 0 of the world, whose direction `up` (3,) is known; sensor depth of a
    small part, which may be of a mirror, where it contradicts none of them. Raises Unanswerable
    where none is known to 30 %.
    """
    sensor = by_sensor(seen)
    is_wide = any(one.is_widely_read and one.proportion is not None for one in seen)
    if sensor is not None and is_wide and sensor.sigma <= _SURE:
        return sensor
    found, problem = _by_motion(seen), ''
    is_sure = any(scale.sigma <= _SURE for scale in found)
    if not is_sure:
        try:
            network = Scale(1.0, METRIC_SIGMA, "the network's own metres") if is_metric else (
                by_metric_network(seen, metres))
            found += [network] if network is not None else []
        except Unanswerable as error:
            problem = f' ({error})'
    if sensor is not None and (is_wide or not any(_apart(sensor, other) > CONTRADICTION
                                                  for other in found)):
        found.append(sensor)
    ground = None if is_sure else by_ground(seen, up)
    found += [checked] if ground and (checked := _checked(ground, found)) else []
    usable = [scale for scale in found if scale.sigma <= _LOOSEST]
    if not usable:
        raise _unknown(seen, problem)
    return min(usable, key=lambda scale: scale.sigma)


def _unknown(seen: Sequence[Seen], problem: str) -> Unanswerable:
    return Unanswerable(
        f'engine {DEPTH_ANYTHING!r}: the depth of frames '
        f'{numbered(s.frame.index for s in seen)} is up to an unknown scale: they have no sensor '
        'depth that tells it, no known poses that lie apart, no ground in view, and there is no '
        'metric network' + problem + '. Give sensor depth, poses (TF) of a camera that moved, or a '
        'metric checkpoint such as depth-anything/DA3METRIC-LARGE')


def _by_motion(seen: Sequence[Seen]) -> list[Scale]:
    """What known motion tells: of the network's, and unless that is sure of the depth maps'."""
    baseline = by_baseline(seen)
    if baseline is not None and baseline.sigma <= _SURE:
        return [baseline]
    return [scale for scale in (baseline, by_agreement(seen)) if scale is not None]


def _apart(one: Scale, other: Scale) -> float:
    """How far apart both are, joint sigmas."""
    return abs(math.log(one.value / other.value)) / math.hypot(one.sigma, other.sigma)


def _checked(ground: Scale, others: Sequence[Scale]) -> Scale | None:
    """`ground` as sure as the surest of `others` lets it be; None beyond one joint sigma of that.

    Where z = 0 is as likely not the floor, half a sigma of the other is what may be off unseen:
    about one sigma of that mixture. With none to ask, z = 0 is no more than assumed to be it.
    """
    if not others:
        return Scale(ground.value, max(ground.sigma, _UNCHECKED),
                     f'{ground.how}, which nothing else confirms')
    other = min(others, key=lambda scale: scale.sigma)
    if _apart(ground, other) > 1:
        return None
    sigma = max(math.hypot(ground.sigma, other.sigma / 2),
                abs(math.log(ground.value / other.value)))
    return Scale(ground.value, sigma, f'{ground.how}, confirmed by {other.how}')


def by_sensor(seen: Sequence[Seen]) -> Scale | None:
    """From the depth sensor: the mean over frames of log scale, by the inverse variance.

    Of frames of which it reads much, where there are any.
    """
    fits = [(one, fit) for one in seen if (fit := one.proportion) is not None]
    fits = [(one, fit) for one, fit in fits if one.is_widely_read] or fits
    if not fits:
        return None
    sigma = np.array([math.hypot(fit.scale_sigma / fit.scale, one.parts_sigma)
                      for one, fit in fits])
    logs = np.log([fit.scale for _, fit in fits])
    weight = sigma ** -2.0
    mean = float(weight @ logs / weight.sum())
    spread = float(np.sqrt(weight @ np.square(logs - mean) / weight.sum() / len(fits)))
    bias = max(one.frame.noise.bias_share for one, _ in fits)
    part = '' if fits[0][0].is_widely_read else 'a small part of '
    return Scale(math.exp(mean), math.hypot(float(weight.sum() ** -0.5), spread, bias),
                 f'sensor depth of {part}{_frames(len(fits))}')


def _posed(seen: Sequence[Seen]) -> Iterator[tuple[Seen, np.ndarray]]:
    for one in seen:
        if one.frame.camera_to_world is not None:
            yield one, np.asarray(one.frame.camera_to_world, float)


def by_baseline(seen: Sequence[Seen]) -> Scale | None:
    """From the known motion of the cameras against that the network finds.

    A network that takes a focal length for f instead of f₀ finds depth f / f₀ times too large for
    a motion across the optical axis, and rightly for one along it: it is corrected by the share
    of the motion across, and half of the correction is taken for its sigma.
    """
    posed = [(one, pose) for one, pose in _posed(seen) if one.view.camera_to_world is not None]
    if len(posed) < 2:
        return None
    known = np.stack([pose for _, pose in posed])
    fit = fit_cameras(np.stack([np.asarray(one.view.camera_to_world) for one, _ in posed]), known,
                      known_sigma=float(np.median([s.frame.pose_sigma.translation
                                                   for s, _ in posed])))
    if (fit is None or not (math.isfinite(fit.scale) and math.isfinite(fit.scale_sigma))
            or fit.rotation_sigma > _ASKEW):
        return None
    focal = math.exp(float(np.mean([
        np.log(one.frame.camera.matrix[[0, 1], [0, 1]] / one.view.matrix[[0, 1], [0, 1]]).mean()
        for one, _ in posed])))
    correction = (focal - 1) * _share_across(known)
    scale = fit.scale * (1 + correction)
    if scale <= 0 or not is_consistent([Placed(*pair) for pair in posed], scale):
        return None
    own = _OF_BASELINE / math.sqrt(fit.kept.sum() - 1)
    return Scale(scale, math.hypot(fit.scale_sigma / fit.scale, correction / 2, own),
                 f'the known motion of {_frames(len(posed))}')


def _share_across(poses: np.ndarray) -> float:
    """Share, 0–1, of the cameras' motion (K, 4, 4) that is across their optical axes."""
    away = poses[:, None, :3, 3] - poses[None, :, :3, 3]
    along = np.einsum('ijk,jk->ij', away, poses[:, :3, 2])
    total = float(np.square(away).sum())
    return 1 - float(np.square(along).sum()) / total if total > 0 else 0.0


def by_agreement(seen: Sequence[Seen]) -> Scale | None:
    """From the depth maps of frames with known poses, which must show one scene."""
    posed = [Placed(one, pose) for one, pose in _posed(seen)]
    found = consistent_scale(posed) if len(posed) > 1 else None
    if found is None:
        return None
    scale, sigma = found
    return Scale(scale, math.hypot(sigma / scale, OF_PART),
                 f'the agreement of {_frames(len(posed))} with known poses')


def by_ground(seen: Sequence[Seen], up: np.ndarray | None) -> Scale | None:
    """From the height of the cameras above the ground, at z = 0 of the world."""
    if up is None:
        return None
    scales, sigmas = [], []
    for one, pose in some_of(list(_posed(seen)), _GROUNDS):
        height = float(pose[:3, 3] @ up)
        if height < _LEAST_HEIGHT:
            continue
        samples = one.samples
        fit = ground_scale(samples.points()[samples.sure], pose[:3, :3].T @ up, height)
        if fit is not None and fit.share >= _LEAST_GROUND:
            scales.append(math.log(fit.scale))
            sigmas.append(math.hypot(fit.scale_sigma / fit.scale, _GROUND_SIGMA / height))
    if not scales:
        return None
    return Scale(math.exp(float(np.median(scales))),
                 math.hypot(float(np.median(sigmas)), float(np.std(scales)), OF_PART),
                 'the ground, taken to be at z = 0 of the world')


def by_metric_network(seen: Sequence[Seen], metres: Metres | None) -> Scale | None:
    """From what a metric network says of a few of these frames."""
    if metres is None:
        return None
    some = some_of(seen, _ASKED)
    views = metres([one.frame for one in some])
    ratio = np.concatenate([view.at(view.depth, one.samples.pixels) / one.samples.predicted
                            for one, view in zip(some, views, strict=True)])
    known = np.isfinite(ratio)
    sure = known & np.concatenate([one.samples.sure for one in some])
    if not known.any():
        return None
    return Scale(float(np.median(ratio[sure if sure.any() else known])), METRIC_SIGMA,
                 "a metric network's metres")


def _frames(count: int) -> str:
    return 'one frame' if count == 1 else f'{count} frames'
