"""One question about a simulated scene, with what makes its answer exact."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from spatialclaw_ros.simulation.truth import Shape
from spatialclaw_ros.simulation.truth import Truth

Exact = float | str | tuple[float, ...]
#: Of shapes by name and the pose (4, 4) of the newest camera used.
Rule = Callable[[Mapping[str, Shape], np.ndarray], Exact]

#: Objects asked about show at least this share of their outline in every view used.
CLEAR_SHARE = 0.8


@dataclass(frozen=True, eq=False)
class Probe:
    """A question in words, and the rule that gives its exact answer from shapes.

    `family` is the kind of measure, `names` the objects in the measure's order, `views` the
    positions of the frames it is asked of. `unit` is 'm', 'deg', or '' for words and counts;
    `target_frame` the frame a position is wanted in.
    """

    family: str
    text: str
    names: tuple[str, ...]
    views: tuple[int, ...]
    unit: str
    rule: Rule
    target_frame: str = ''

    def exact(self, shapes: Mapping[str, Shape], camera_to_world: np.ndarray) -> Exact:
        """The answer for `shapes` seen from the newest camera at `camera_to_world` (4, 4)."""
        return self.rule(shapes, camera_to_world)


def tolerance(value: Exact, unit: str) -> float | None:
    """What an answer may be wrong by: 1 cm or 3 %, 2 degrees or 3 %; None for words."""
    if isinstance(value, str):
        return None
    size = float(np.linalg.norm(value))
    least = {'m': 0.01, 'deg': 2.0}.get(unit)
    return 0.0 if least is None else max(least, 0.03 * size)


class Cast:
    """The objects of a scene that can be asked about, and random choices of them."""

    def __init__(self, truth: Truth, views: Sequence[int], rng: np.random.Generator) -> None:
        """Objects that are clearly seen in each of `views`, chosen from with `rng`."""
        self.truth, self.views, self.rng = truth, tuple(views), rng
        self.newest = (self.views[-1],)
        self.pose = truth.poses[self.views[-1]]
        names = list(truth.scene.labels.values())
        self.unique = {name: number for number, name in truth.scene.labels.items()
                       if names.count(name) == 1}
        self.clear = [name for name, number in self.unique.items()
                      if name not in ('table', 'floor') and self.is_clear(number)]

    def is_clear(self, number: int) -> bool:
        """Whether each view shows most of the solid, and all of it within the image."""
        seen = [self.truth.sighted(number, view) for view in self.views]
        return all(s is not None and s.share >= CLEAR_SHARE and not s.truncated for s in seen)

    def shape(self, name: str, views: Sequence[int] | None = None) -> Shape:
        """Visible shape of the unique solid `name` in `views` (all of the cast's when None)."""
        shape = self.truth.visible(self.unique[name], self.views if views is None else views)
        if shape is None:
            raise KeyError(f'{name!r} is not in sight')
        return shape

    def pairs(self) -> list[tuple[str, str]]:
        """Ordered pairs of clear objects, neither on the other, in random order."""
        pairs = [pair for pair in permutations(self.clear, 2)
                 if self.solid_support(pair[0]) != pair[1]
                 and self.solid_support(pair[1]) != pair[0]]
        return [pairs[i] for i in self.rng.permutation(len(pairs))]

    def one(self) -> list[str]:
        """Clear objects in random order."""
        return [str(name) for name in self.rng.permutation(self.clear)]

    def some(self, least: int = 3, most: int = 4) -> list[str]:
        """Three or four clear objects; empty where there are fewer."""
        names = self.one()
        return names[:int(self.rng.integers(least, most + 1))] if len(names) >= least else []

    def say(self, *wordings: str) -> str:
        """One of several ways to say it."""
        return str(self.rng.choice(wordings))

    def solid_support(self, name: str) -> str:
        """Name of what the unique solid `name` stands on."""
        return self.truth.scene.solids[self.unique[name] - 1].support
