"""One thing behind a post is one thing; two things before a wall are two."""

import numpy as np
import pytest

from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.perception.occlusion import joined

LEFT, RIGHT = np.zeros((40, 80), bool), np.zeros((40, 80), bool)
LEFT[10:30, 5:35], RIGHT[10:30, 45:75] = True, True


@pytest.mark.parametrize(('between', 'things'), [
    (1.0, 1), (3.0, 2), (2.0, 2), (np.nan, 2), (-np.inf, 2)])
def test_what_lies_between_tells(between, things):
    depth = np.full(LEFT.shape, between, np.float32)
    depth[LEFT | RIGHT] = 2.0
    found = joined([LEFT, RIGHT], depth, DepthNoise())
    assert len(found) == things
    assert sum(int(thing.sum()) for thing in found) == int((LEFT | RIGHT).sum())


def floor_with_a_box(box):
    """Depth of a floor that recedes, two pieces of it, and what stands between them."""
    rows = np.arange(40, dtype=np.float32)[:, None]
    depth = np.broadcast_to(1 / (0.25 + 0.01 * rows), (40, 80)).copy()
    depth[:, 35:45] = box(depth[:, 35:45])
    pieces = np.zeros((2, 40, 80), bool)
    pieces[0, :, :35] = pieces[1, :, 45:] = True
    return pieces, depth


def upright(floor):
    return np.broadcast_to(floor[-1], floor.shape)


@pytest.mark.parametrize(('box', 'things'), [
    (upright, 1), (lambda floor: floor, 2), (lambda floor: floor + 0.3, 2)])
def test_pieces_of_a_floor_are_one_about_what_stands_on_it(box, things):
    """At its foot what stands there is as far away as the floor."""
    pieces, depth = floor_with_a_box(box)
    assert len(joined(pieces, depth, DepthNoise())) == things


def test_a_chain_of_pieces_is_one_thing():
    depth = np.full((20, 90), 1.0, np.float32)
    pieces = []
    for column in (0, 30, 60):
        piece = np.zeros(depth.shape, bool)
        piece[5:15, column:column + 20] = True
        depth[piece] = 2.0
        pieces.append(piece)
    assert len(joined(pieces, depth, DepthNoise())) == 1
