"""Transforms of a recording: a tree of frames, each edge interpolated at a stamp."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
import math

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.spatial.transform import Slerp

from spatialclaw_ros.geometry.transforms import inverse

#: Continuous frames that make a good world (REP 105), the best first.
_GOOD_WORLDS = ('odom', 'world', 'base_link', 'base_footprint')
#: A frame that jumps when the robot relocates, and so makes no world.
_JUMPS = 'map'


class TransformTree:
    """Edges child → parent over time: linear translation, slerp, no extrapolation (as tf2)."""

    def __init__(self) -> None:
        """No transforms yet."""
        self._parents: dict[str, str] = {}
        self._static: dict[str, np.ndarray] = {}
        self._moving: dict[str, list[tuple[int, np.ndarray]]] = defaultdict(list)

    def add(self, parent: str, child: str, stamp: int, matrix: np.ndarray, static: bool) -> None:
        """Note the pose `matrix` (4, 4) of `child` in `parent` at `stamp`, ns."""
        parent, child = parent.lstrip('/'), child.lstrip('/')
        self._parents[child] = parent
        if static:
            self._static[child] = matrix
        else:
            self._moving[child].append((stamp, matrix))

    def finish(self) -> None:
        """Sort what was added; call once before looking up."""
        for samples in self._moving.values():
            samples.sort(key=lambda sample: sample[0])

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of all frames, sorted."""
        return tuple(sorted({*self._parents, *self._parents.values()}))

    def ancestors(self, frame: str) -> list[str]:
        """Frames above `frame`, the nearest first."""
        above: list[str] = []
        while frame in self._parents and self._parents[frame] not in above:
            frame = self._parents[frame]
            above.append(frame)
        return above

    def world_of(self, frames: Iterable[str]) -> str:
        """The frame that all of `frames` can be given in and that does not jump; '' for none."""
        chains = [self.ancestors(frame) for frame in frames]
        if not chains or not all(chains):
            return ''
        shared = [name for name in chains[0]
                  if name != _JUMPS and all(name in chain for chain in chains)]
        known = [name for name in _GOOD_WORLDS if name in shared]
        return known[0] if known else shared[-1] if shared else ''

    def lookup(self, target: str, source: str, stamp: int) -> np.ndarray | None:
        """Pose (4, 4) of `source` in `target` at `stamp`, ns; None where it is not known then."""
        up, down = [source, *self.ancestors(source)], [target, *self.ancestors(target)]
        common = next((name for name in up if name in down), None)
        if common is None:
            return None
        first, second = (self._climb(chain[:chain.index(common)], stamp) for chain in (up, down))
        return None if first is None or second is None else inverse(second) @ first

    def _climb(self, chain: list[str], stamp: int) -> np.ndarray | None:
        matrix = np.eye(4)
        for child in chain:
            step = self._edge(child, stamp)
            if step is None:
                return None
            matrix = step @ matrix
        return matrix

    def _edge(self, child: str, stamp: int) -> np.ndarray | None:
        if child in self._static:
            return self._static[child]
        samples = self._moving[child]
        stamps = np.array([sample[0] for sample in samples])
        if not len(stamps) or not stamps[0] <= stamp <= stamps[-1]:
            return None
        after = int(np.searchsorted(stamps, stamp))
        if stamps[after] == stamp:
            return samples[after][1]
        (start, first), (end, second) = samples[after - 1], samples[after]
        share = (stamp - start) / (end - start)
        matrix = np.eye(4)
        turns = Rotation.from_matrix(np.stack([first[:3, :3], second[:3, :3]]))
        matrix[:3, :3] = Slerp([0.0, 1.0], turns)(share).as_matrix()
        matrix[:3, 3] = (1 - share) * first[:3, 3] + share * second[:3, 3]
        return matrix


def pose_matrix(translation: tuple[float, float, float],
                quaternion: tuple[float, float, float, float]) -> np.ndarray:
    """(4, 4) of a translation, metres, and a quaternion (x, y, z, w) of any length but 0."""
    matrix = np.eye(4)
    if math.hypot(*quaternion) > 1e-9:
        matrix[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    matrix[:3, 3] = translation
    return matrix
