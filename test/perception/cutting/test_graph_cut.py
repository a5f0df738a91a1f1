from itertools import product

import numpy as np

from spatialclaw_ros.perception.cutting.graph_cut import Cutter
from spatialclaw_ros.perception.cutting.graph_cut import Links


def energy(mask, odds, links):
    parted = (np.abs(np.diff(mask.astype(int), axis=1)) * links.right).sum() + (
        np.abs(np.diff(mask.astype(int), axis=0)) * links.down).sum()
    return parted - odds[mask].sum()


def test_the_cut_has_the_least_energy_of_all():
    generator = np.random.default_rng(3)
    for _ in range(20):
        odds = generator.normal(0, 2, (3, 3))
        links = Links(generator.uniform(0, 2, (3, 2)), generator.uniform(0, 2, (2, 3)))
        never = np.zeros((3, 3), bool)
        never[0, 0] = True
        found = Cutter(links, never).cut(odds)
        assert not found[0, 0]
        least = min(
            energy(np.array(bits).reshape(3, 3), odds, links)
            for bits in product([False, True], repeat=9) if not bits[0])
        assert energy(found, odds, links) <= least + 0.1


def test_a_cut_is_the_same_after_others_as_by_itself():
    generator = np.random.default_rng(4)
    never = np.ones((12, 15), bool)
    never[2:-1, 1:-3] = False
    links = Links(generator.uniform(0, 8, (12, 14)), generator.uniform(0, 8, (11, 15)))
    cutter = Cutter(links, never)
    for spread in (1, 5, 100, 0.1, 5):
        odds = generator.normal(0, spread, never.shape)
        np.testing.assert_array_equal(cutter.cut(odds), Cutter(links, never).cut(odds))
