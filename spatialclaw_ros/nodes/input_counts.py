"""What came from one camera and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import field


@dataclass
class InputCounts:
    """Counts since activation; `reasons` counts dropped images by reason.

    `thinned` images were left out by the ring's own rate limit. `skew` is the largest difference
    of stamps (ns) within the last accepted moment.
    """

    camera: str
    images: int = 0
    thinned: int = 0
    accepted: int = 0
    skew: int = 0
    without_pose: int = 0
    last_pose_problem: str = ''
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str) -> None:
        """Count one image that cannot be used."""
        self.reasons[reason] += 1

    def summary(self) -> str:
        """One line for a caller who got no frames."""
        if not self.images:
            return f'camera {self.camera!r}: no image received'
        text = f'camera {self.camera!r}: {self.images} images, {self.accepted} usable'
        dropped = '; '.join(f'{n} × {reason}' for reason, n in self.reasons.most_common(3))
        return f'{text}; dropped: {dropped}' if dropped else text
