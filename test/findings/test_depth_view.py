"""A frame tells of a place only what it reads at it and about it."""

from __future__ import annotations

import numpy as np
import pytest
from raycast import CAMERA

from spatialclaw_ros.findings.build import WORLD
from spatialclaw_ros.findings.depth_view import DepthView
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.geometry.noise import DepthNoise

BEFORE, AT, BEHIND = np.array([[0.0, 0, 1]]), np.array([[0.0, 0, 2]]), np.array([[0.0, 0, 3]])


def seen(points, holes=()):
    """What a frame that reads 2 m everywhere but in `holes` says of points known to 1 cm."""
    depth = np.full((240, 320), 2.0, np.float32)
    for hole in holes:
        depth[hole] = np.nan
    view = View(0, 'cam', 0, np.eye(4), 0.0, 0.0, 0.0, 0.0, WORLD, 300.0)
    frame = DepthView(view, CAMERA, depth, DepthNoise())
    return frame.look(points, np.full(len(points), 0.01))


def test_a_place_before_what_is_read_is_seen_through():
    assert seen(BEFORE).through.all() and not seen(BEFORE).silent.any()
    assert seen(AT).agrees.all() and not seen(AT).through.any()
    assert seen(BEHIND).silent.all() and not seen(BEHIND).through.any()


@pytest.mark.parametrize('hole', [np.s_[119:122, 159:162], np.s_[:121], np.s_[:, 161:]])
def test_a_place_whose_pixel_or_much_about_it_is_not_read_is_not_seen_through(hole):
    look = seen(BEFORE, [hole])
    assert look.silent.all() and not look.through.any()


def test_what_agrees_beside_a_hole_is_told():
    look = seen(AT, [np.s_[119:122, 159:162]])
    assert not look.silent.any() and not look.through.any()


def test_without_rings_only_the_own_pixel_is_read():
    frame_says = seen(AT)
    assert frame_says.behind.shape[1] > 1
    view = View(0, 'cam', 0, np.eye(4), 0.0, 0.0, 0.0, 0.0, WORLD, 300.0)
    own = DepthView(view, CAMERA, np.full((240, 320), 2.0, np.float32), DepthNoise()).look(
        AT, np.full(1, 0.01), rings=False)
    assert (own.rows, own.columns) == (120, 160) and np.allclose(
        own.behind[:, 0], frame_says.behind[:, 0])
