"""On a table, not merely beside one of its legs."""

import numpy as np
import pytest
from raycast import Box
from raycast import Floor
from raycast import frame_of
from raycast import looking
from raycast import object_in
from raycast import part_of
from raycast import Sensor
from raycast import UP

from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.build import build_object

TABLE = [Box((0, 0, 0.48), (0.8, 0.5, 0.04)),
         *(Box((x, y, 0.23), (0.05, 0.05, 0.46)) for x in (-0.37, 0.37) for y in (-0.22, 0.22))]


def answer(thing: Box, seed: int) -> str:
    frame, seen = frame_of([thing, *TABLE, Floor()], looking((0.3, -2.2, 1.3), (0.2, 0, 0.4)),
                           Sensor(np.random.default_rng(seed)))
    table = build_object('table', [part_of(frame, (seen >= 1) & (seen <= 5))], UP)
    return measures.on(object_in([(frame, seen)], 0), table).word


@pytest.mark.parametrize('seed', range(3))
def test_a_thing_on_its_top_is_on_it(seed):
    assert answer(Box((0.1, 0, 0.6), (0.2, 0.15, 0.2)), seed) == 'yes'


@pytest.mark.parametrize('seed', range(3))
def test_a_thing_beside_its_leg_is_not(seed):
    assert answer(Box((0.68, -0.2, 0.3), (0.4, 0.35, 0.6)), seed) == 'no'


def test_a_thing_in_the_air_above_it_is_not():
    assert answer(Box((0.1, 0, 0.75), (0.2, 0.15, 0.2)), 1) == 'no'
