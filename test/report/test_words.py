"""Findings in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from spatialclaw_ros.agent.transcript import as_json
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.report.words import told
from spatialclaw_ros.report.words import vector
from spatialclaw_ros.report.words import vectors

X, Y = np.array([1.0, 0, 0]), np.array([0, 2.0, 0])
FINDINGS = [
    (Distance('mug', 'tape', 'CLOSEST', X, Y, 0.5, Sigma(0.003, 0.004), Interval(0.49, 0.51),
              frames=(0, 7), note='as given'),
     ['closest distance, mug to tape', '0.500 m', '0.490 m to 0.510 m', '5 mm (mask 3, pixel 4)',
      'from (1.000, 0.000, 0.000) m to (0.000, 2.000, 0.000) m', '0, 7', 'as given']),
    (Quantity('tilt of lid', math.pi / 2, 'rad', Sigma(math.radians(2)), Interval(1.5, 1.6)),
     ['tilt of lid', '90.0 deg', '85.9 deg to 91.7 deg', '2 deg (mask 2)', '', '', '']),
    (Quantity('mugs', 3.0, ''), ['mugs', '3', '', '', '', '', '']),
    (Position('mug', X, np.diag([1e-6, 4e-6, 9e-6]), 'camera 0'),
     ['position of mug', '(1.000, 0.000, 0.000) m', '', '1, 2, 3 mm', 'in the frame camera 0',
      '', '']),
    (Relation('left', ('mug', 'tape'), 'camera', 0.25),
     ['mug, tape, seen from camera', 'left', '', '', 'by 0.250 m', '', '']),
    (Found('mug', X, np.array([0.3, 0.2, 0.1]), np.eye(3), np.full(3, 0.004), np.eye(6),
           np.empty((0, 3)), 1.0, False, ('head',), (0,), 0.9),
     ['box of mug', '0.300 × 0.200 × 0.100 m', '', '4, 4, 4 mm', 'centre (1.000, 0.000, 0.000) m',
      '0', '']),
    (FoundPlane('floor', X, 0.5, np.zeros((3, 3)), 0.01, 0.01),
     ['plane floor', 'normal (1.000, 0.000, 0.000)', '', '', 'offset 0.500 m', '', '']),
    (Track('cart', np.arange(2), np.zeros((2, 3)), np.zeros(2), Y, X, up=np.array([0, 0, 1.0])),
     ['motion of cart', '2.000 m/s ± 0.000 m/s', '', '', 'moving, heading 90 ± 29 deg', '', '']),
    (Track('cart', np.arange(2), np.zeros((2, 3)), np.zeros(2), Y, X),
     ['motion of cart', '2.000 m/s ± 0.000 m/s', '', '',
      'moving, heading (0.000, 1.000, 0.000)', '', '']),
    (Track('cart', np.arange(2), np.zeros((2, 3)), np.zeros(2), Y, X, excess=0.5),
     ['motion of cart', '2.000 m/s ± 0.000 m/s', '', '', 'at rest', '', '']),
]


@pytest.mark.parametrize(('finding', 'words'), FINDINGS, ids=lambda one: type(one).__name__)
def test_every_finding_has_its_words(finding: Finding, words: list[str]) -> None:
    said = told(as_json(finding))
    assert [said.what, said.value, said.interval, said.sigma, said.where, said.frames,
            said.note] == words


@pytest.mark.parametrize('finding', [finding for finding, _ in FINDINGS])
def test_a_field_that_is_missing_or_of_another_kind_ends_nothing(finding: Finding) -> None:
    fields: dict[str, Any] = as_json(finding)
    for key in [*fields]:
        for odd in (None, [], {}, 'x', [None], {'low': 'x'}, True, [[1, 2], 3]):
            assert told({**fields, key: odd}).what is not None
        told({name: value for name, value in fields.items() if name != key})


def test_only_whole_vectors_are_taken() -> None:
    assert vector([1, 2, 3]).tolist() == [1, 2, 3]
    for odd in ([1, 2], [1, 2, None], [1, 2, 'x'], 'abc', {'shape': [3]}, [1, 2, True]):
        assert vector(odd) is None
    assert vectors([[1, 2, 3], [1, 2], None]).tolist() == [[1, 2, 3]]
    assert vectors({'shape': [600, 3]}).shape == (0, 3)
