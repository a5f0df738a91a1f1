"""What depth maps of several posed views say of one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import itertools
import math

import numpy as np

from spatialclaw_ros.geometry.transforms import inverse
from spatialclaw_ros.geometry.transforms import transform
from spatialclaw_ros.perception.depth_anything.samples import INDEPENDENT
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.samples import some_of

#: Scales that are tried: those that put the scene's middle this many baselines away.
_NEAREST, _FARTHEST, _TRIED = 0.5, 60.0, 72
#: Where depths differ by more, one hides what the other shows.
_HIDDEN = 0.25
#: The least that is compared: in all, and of what cameras at one place would have in common.
_LEAST, _LEAST_SHARE = 100, 0.5
_REFINED = 24
#: Other scales that one is compared with, and the share of its cost that is much better.
_OTHERS, _MUCH_BETTER = (0.5, 0.7, 0.85, 1.2, 1.4, 2.0), 0.9
#: Samples of a view, and pairs of views, that are compared at most.
_MOST, _MOST_PAIRS = 1500, 24


@dataclass(frozen=True, eq=False)
class Placed:
    """What was seen, and where its camera is, (4, 4) camera-to-world, metres."""

    seen: Seen
    camera_to_world: np.ndarray


def disagreement(one: Placed, by: Placed, scale: float) -> np.ndarray:
    """(N,) log of how much farther some samples of `one` are than `by` sees there.

    Both depths are in units of `scale` metres. NaN where `by` does not see.
    """
    samples, view = one.seen.samples, by.seen.view
    points = samples.points(scale)[samples.sure]
    world = transform(one.camera_to_world, points[::-(-len(points) // _MOST) or 1])
    there = transform(inverse(by.camera_to_world), world)
    depth = scale * view.at(view.depth, by.seen.frame.camera.project(there))
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.asarray(np.log(there[:, 2] / depth))


def pairs_of(views: Sequence[Placed]) -> list[tuple[Placed, Placed]]:
    """Pairs of `views`, both ways, evenly taken from all there are."""
    return some_of(list(itertools.permutations(views, 2)), _MOST_PAIRS)


def consistent_scale(views: Sequence[Placed]) -> tuple[float, float] | None:
    """Metres per unit of depth at which `views` agree best, and its one sigma.

    The cost of a scale is the mean of min(|difference of log depth| / 0.25, 1) over what one view
    shows in another's image; a scale at which the cameras see little of what they would if they
    stood at one place is none. With errors of Laplace's distribution, alike in parts of an image,
    one sigma is where the cost of N parts has risen by 1 / 2N of itself. None where the cameras
    stand at one place, see nothing in common, or a best scale is not told.
    """
    pairs = pairs_of(views)
    depths = [one.seen.samples.predicted[one.seen.samples.sure] for one in views]
    known = np.concatenate(depths) if depths else np.empty(0)
    baseline = max((float(np.linalg.norm(a.camera_to_world[:3, 3] - b.camera_to_world[:3, 3]))
                    for a, b in pairs), default=0.0)
    if not (baseline > 0 and len(known)):
        return None
    tried = np.log(np.geomspace(_NEAREST, _FARTHEST, _TRIED) * baseline / np.median(known))
    fewest = _LEAST_SHARE * _compared(pairs, float(tried[-1]))[1]
    cost = np.array([_cost(pairs, float(at), fewest) for at in tried])
    best = int(cost.argmin())
    if not np.isfinite(cost[best]) or best in (0, len(tried) - 1):
        return None
    fine = np.linspace(tried[best - 1], tried[best + 1], _REFINED)
    costs = [_cost(pairs, float(at), fewest) for at in fine]
    at, least = float(fine[np.argmin(costs)]), min(costs)
    level = least * (1 + 1 / (2 * INDEPENDENT * len(views)))
    sigma = max(_until(level, pairs, at, side, fewest) for side in (-1, 1))
    return math.exp(at), math.exp(at) * sigma


def is_consistent(views: Sequence[Placed], scale: float) -> bool:
    """Whether `views` agree at `scale` about as well as at larger and smaller ones."""
    pairs = pairs_of(views)
    cost, count = _compared(pairs, math.log(scale))
    others = [_cost(pairs, math.log(scale * times), _LEAST_SHARE * count)
              for times in _OTHERS]
    return cost * _MUCH_BETTER <= min(others)


def _until(level: float, pairs: Sequence[tuple[Placed, Placed]], at: float, side: int,
           fewest: float) -> float:
    """How far to one side of `at`, a log scale, the cost reaches `level`; inf where it does not."""
    for width in np.geomspace(0.003, 1.0, 18):
        if _cost(pairs, at + side * float(width), fewest) >= level:
            return float(width)
    return math.inf


def _cost(pairs: Sequence[tuple[Placed, Placed]], at: float, fewest: float) -> float:
    mean, count = _compared(pairs, at)
    return mean if count >= max(fewest, _LEAST) else math.inf


def _compared(pairs: Sequence[tuple[Placed, Placed]], at: float) -> tuple[float, int]:
    """Mean cost of the log scale `at`, and how many samples it rests on."""
    apart = np.concatenate([np.abs(disagreement(a, b, math.exp(at))) for a, b in pairs])
    apart = apart[np.isfinite(apart)]
    return float(np.minimum(apart / _HIDDEN, 1).mean()) if len(apart) else math.inf, len(apart)
