"""Things over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.places import centroid_covariance
from spatialclaw_ros.findings.uncertainty import interval_of
from spatialclaw_ros.findings.uncertainty import Sigma


def track(a: Any) -> Track:
    """Centroids of `a` over time, with the velocity of the straight line through them, m/s.

    Raises NotVisible where fewer than two moments of one world show it.
    """
    a = as_object(a)
    seen = [(s, s.view) for s in a.sights_in(a.world) if s.view is not None
            and len(s.surface().points)]
    seen.sort(key=lambda pair: pair[1].stamp)
    stamps = np.array([view.stamp for _, view in seen], np.int64)
    if len(np.unique(stamps)) < 2:
        raise NotVisible(
            f'{a.name!r} is seen at {len(np.unique(stamps))} moments of one world; a track needs '
            'two or more frames with poses and different stamps')
    positions = np.array([s.surface().center for s, _ in seen])
    sigma = np.sqrt([np.trace(centroid_covariance(s)) / 3 for s, _ in seen])
    seconds = (stamps - stamps.mean()) * 1e-9
    spread = float(seconds @ seconds)
    velocity = seconds @ positions / spread
    rest = positions - positions.mean(axis=0) - np.outer(seconds, velocity)
    freedom = max(len(seen) - 2, 1)
    scatter = np.sqrt(np.square(rest).sum(axis=0) / freedom)
    velocity_sigma = np.maximum(scatter, float(np.median(sigma))) / np.sqrt(spread)
    return Track(a.name, stamps, positions, sigma, velocity, velocity_sigma,
                 tuple(view.frame for _, view in seen))


def displacement(of: Track) -> Quantity:
    """How far a thing is at the end of its track from where it was at the beginning, metres."""
    value = float(np.linalg.norm(of.positions[-1] - of.positions[0]))
    sigma = Sigma(pixel=float(np.hypot(of.sigma[0], of.sigma[-1])))
    return Quantity(f'displacement of {of.name}', value, 'm', sigma,
                    interval_of(value, np.empty(0), sigma.total, 0.0), of.positions, of.frames)


def speed(of: Track) -> Quantity:
    """Length of a track's velocity, m/s."""
    value = float(np.linalg.norm(of.velocity))
    along = of.velocity / value if value > 1e-9 else np.ones(3) / np.sqrt(3)
    sigma = Sigma(pixel=float(np.linalg.norm(along * of.velocity_sigma)))
    return Quantity(f'speed of {of.name}', value, 'm/s', sigma,
                    interval_of(value, np.empty(0), sigma.total, 0.0), of.positions, of.frames)
