"""Parts of surfaces that are compared from view to view."""

from dataclasses import replace

import numpy as np
import pytest
import raycast
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import Sensor

from spatialclaw_ros.findings.measures.shifts import Part
from spatialclaw_ros.findings.measures.shifts import shift_between

BOX = Box((0.1, 0.0, 0.1), (0.2, 0.15, 0.2), 0.3)


def parts(centers, holes=0.0):
    """Parts of the box at `centers`, seen by one camera that stands."""
    frames = []
    for k, center in enumerate(centers):
        rng = np.random.default_rng(k)
        frame, seen = frame_of([replace(BOX, center=center), Floor()],
                               looking((0.0, -1.4, 0.8), BOX.center), Sensor(rng), k)
        lossy = raycast.with_holes(frame.depth, holes, (12, 24), rng)
        frames.append((replace(frame, depth=lossy), seen))
    return [Part.of(sight) for sight in object_in(frames, 0).sights]


def test_a_part_is_few_points_that_were_read():
    part, other = parts([BOX.center] * 2, holes=0.3)
    assert len(part.sight.surface().points) > len(part.points) == len(other.points) == 400
    local = np.linalg.inv(part.sight.view.camera_to_world)
    pixels = raycast.CAMERA.project(part.points @ local[:3, :3].T + local[:3, 3])
    columns, rows = pixels.round().astype(int).T
    assert np.isfinite(part.sight.seen.depth[rows, columns]).mean() > 0.97


def test_a_standing_camera_compares_the_same_pixels():
    first, second = parts([BOX.center] * 2)
    near = np.linalg.norm(first.points[:, None] - second.points, axis=2).min(axis=1)
    assert np.median(near) < 0.003


@pytest.mark.parametrize('moved', [(0.0, 0, 0), (0.06, 0.02, 0), (-0.1, 0.1, 0)])
def test_shifts_and_their_sigma_in_spite_of_holes(moved):
    for seed, holes in enumerate((0.0, 0.2, 0.3)):
        first, second = parts([BOX.center, tuple(np.add(BOX.center, moved))], holes)
        shift = shift_between(first, second, at_rest=True)
        assert shift.told and shift.sigma < 0.04, seed
        assert np.linalg.norm(shift.vector - moved) < 3 * np.sqrt(3) * max(shift.sigma, 0.001)
