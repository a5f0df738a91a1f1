"""What came from one camera and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import field


@dataclass
class InputCounts:
    """Counts since activation; `reasons` counts dropped images by reason.

    `thinned` images were left out by the ring's own rate limit. `skew` is the largest difference
    of stamps (ns) within the last accepted moment, `tf_wait` how long (s) it waited for its pose.
    `notes` counts what images were used without.
    """

    camera: str
    images: int = 0
    thinned: int = 0
    accepted: int = 0
    skew: int = 0
    without_pose: int = 0
    last_pose_problem: str = ''
    tf_wait: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str) -> None:
        """Count one image that cannot be used."""
        self.reasons[reason] += 1

    def posed(self, waited: float, problem: str) -> None:
        """Note how long the last moment waited for its pose, and why it has none."""
        self.tf_wait = waited
        self.last_pose_problem = problem
        self.without_pose += bool(problem)

    def summary(self) -> str:
        """One line for a caller who got no frames."""
        if not self.images:
            return f'camera {self.camera!r}: no image received'
        text = f'camera {self.camera!r}: {self.images} images, {self.accepted} usable'
        dropped = '; '.join(f'{n} × {reason}' for reason, n in self.reasons.most_common(3))
        return f'{text}; dropped: {dropped}' if dropped else text
