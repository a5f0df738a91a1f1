"""Things that several frames show tell how the frames' poses differ, as far as they may."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import part_of
from raycast import Sensor

from spatialclaw_ros.findings.build import masked_view
from spatialclaw_ros.findings.corrections import corrections
from spatialclaw_ros.findings.patch import patch_of
from spatialclaw_ros.scene import PoseSigma

CUBES = [Box((x, y, 0.04), (0.08, 0.08, 0.08)) for x in (-0.2, 0.0, 0.2) for y in (-0.1, 0.15)]


def seen(error, sigma, count=6):
    """Patches of the cubes in two frames, the second's camera told `error` (3,) metres off."""
    patches, labels = [], []
    for k, turn in enumerate((-1.7, -1.4)):
        pose = looking((0.9 * np.cos(turn), 0.9 * np.sin(turn), 0.7), (0, 0, 0.04))
        told = pose.copy()
        told[:3, 3] += np.array(error) * k
        frame, shown = frame_of([*CUBES[:count], Floor()], pose, Sensor(np.random.default_rng(k)),
                                k, told_pose=told, pose_sigma=PoseSigma(sigma, 0.001))
        for thing in range(count):
            patches.append(patch_of(masked_view(part_of(frame, shown == thing))))
            labels.append(thing)
    return patches, np.array(labels), np.ones((len(labels), len(labels)), bool)


@pytest.mark.parametrize('error', [(0.03, 0, 0), (-0.02, 0.02, 0.01)])
def test_a_doubtful_pose_is_mended_by_what_both_frames_show(error):
    patches, labels, valid = seen(error, 0.03)
    shift = corrections(patches, labels, valid)
    assert np.allclose(shift[0] - shift[1], error, atol=0.4 * np.linalg.norm(error))
    left = [patch.shifted(shift[patch.view.frame]).center for patch in patches]
    apart = np.linalg.norm(np.subtract(left[:6], left[6:]), axis=1)
    assert np.median(apart) < 0.6 * np.linalg.norm(error)


def test_a_pose_that_is_known_well_stays():
    shift = corrections(*seen((0.03, 0, 0), 0.0005))
    assert max(np.linalg.norm(by) for by in shift.values()) < 0.006


def test_few_or_unknown_things_move_nothing():
    for patches, labels, valid in (seen((0.03, 0, 0), 0.03, 2), (
            *seen((0.03, 0, 0), 0.03)[:2], np.zeros((12, 12), bool))):
        assert all(np.allclose(by, 0) for by in corrections(patches, labels, valid).values())
    patches, labels, valid = seen((0.03, 0, 0), 0.03)
    empty = [replace(p, points=np.empty((0, 3)), error=np.empty(0)) for p in patches]
    assert all(np.allclose(by, 0) for by in corrections(empty, labels, valid).values())
