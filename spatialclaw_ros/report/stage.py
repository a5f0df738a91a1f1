"""What part of the world the 3D view shows, and where from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialclaw_ros.scene import Frame

#: Room about the findings: a share of how far they reach, but at least so many metres.
_ROOM, _LEAST_ROOM = 0.4, 0.22
#: Plotly fits a cube of side 1, seen from about one and a half sides away.
_DIAGONAL, _DISTANCE = 1.73, 1.6
#: How far below the middle the eye looks, so that the nearest axis is in view.
_LOWER = 0.1


@dataclass(frozen=True, eq=False)
class Stage:
    """The part of the world between `low` and `high` (3,) metres, with `up` (3,) upwards.

    `eye` (3,) is a unit vector from the middle towards who looks. `is_cut` says whether there is
    more to see outside.
    """

    low: np.ndarray
    high: np.ndarray
    up: np.ndarray
    eye: np.ndarray
    is_cut: bool = False

    def holds(self, points: np.ndarray) -> np.ndarray:
        """Which of `points` (N, 3) lie on the stage, (N,) bool."""
        return np.asarray(((points >= self.low) & (points <= self.high)).all(axis=-1))

    @property
    def scene(self) -> dict[str, Any]:
        """The stage as the scene of a plotly figure: axes in metres, alike in all directions."""
        sides = self.high - self.low
        unit = float(np.linalg.norm(sides)) / _DIAGONAL
        axes = {f'{name}axis': {
            'title': {'text': f'{name} (m)'}, 'range': [float(low), float(high)], 'nticks': 7,
            'backgroundcolor': '#f8f9fa', 'showbackground': True, 'gridcolor': '#dee2e6',
            'zerolinecolor': '#ced4da', 'showspikes': False}
            for name, low, high in zip('xyz', self.low, self.high, strict=True)}
        return axes | {
            'aspectmode': 'manual', 'aspectratio': _xyz(sides / unit),
            'dragmode': 'turntable' if self.up[2] > 0.99 else 'orbit',
            'camera': {'up': _xyz(self.up), 'center': _xyz(-_LOWER * self.up),
                       'eye': _xyz(_DISTANCE * self.eye)}}


def stage_about(seen: np.ndarray, focus: np.ndarray, frames: Sequence[Frame],
                up: np.ndarray | None) -> Stage:
    """The stage for `focus` (N, 3) metres, what was measured, among `seen` (M, 3), what there is.

    Without a focus it is all that was seen, but for a few stray readings at its ends. It is looked
    at as the newest of `frames` did, from a little higher and from the side, for depth to show.
    """
    low, high = _bounds(seen) if len(seen) else (focus.min(axis=0), focus.max(axis=0))
    is_cut = False
    if len(focus):
        reach = float(np.linalg.norm(np.ptp(focus, axis=0)))
        room = max(_ROOM * reach, _LEAST_ROOM)
        inner = focus.min(axis=0) - room, focus.max(axis=0) + room
        if len(seen):
            is_cut = bool((inner[0] > low).any() or (inner[1] < high).any())
            low = np.minimum(np.maximum(low, inner[0]), focus.min(axis=0) - 0.1 * room)
            high = np.maximum(np.minimum(high, inner[1]), focus.max(axis=0) + 0.1 * room)
        else:
            low, high = inner
    pose = frames[-1].camera_to_world if frames else None
    pose = np.eye(4) if pose is None else pose
    upward = -pose[:3, 1] if up is None else np.asarray(up, float)
    return Stage(low, high, upward, _eye(pose, low, high, upward), is_cut)


def _bounds(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    room = 0.02 * float(np.linalg.norm(high - low)) + 0.01
    return low - room, high + room


def _eye(pose: np.ndarray, low: np.ndarray, high: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Where to look from, as the camera at `pose` (4, 4) did, or across where it is seen too."""
    toward = pose[:3, 3] - (low + high) / 2
    distance = float(np.linalg.norm(toward))
    toward = toward / distance if distance > 1e-6 else -pose[:3, 2]
    is_inside = bool(((pose[:3, 3] >= low) & (pose[:3, 3] <= high)).all())
    eye = toward + 0.35 * up + (1.2 if is_inside else 0.3) * pose[:3, 0]
    return np.asarray(eye / np.linalg.norm(eye))


def _xyz(values: np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip('xyz', values, strict=True)}
