from itertools import product

import numpy as np

from spatialclaw_ros.perception.graph_cut import cut
from spatialclaw_ros.perception.graph_cut import Links


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
        found = cut(odds, links, never)
        assert not found[0, 0]
        least = min(
            energy(np.array(bits).reshape(3, 3), odds, links)
            for bits in product([False, True], repeat=9) if not bits[0])
        assert energy(found, odds, links) <= least + 0.1
