"""A track goes to another process and back, also one recorded before it told its heading."""

from dataclasses import fields

import numpy as np

from spatialclaw_ros.calls import codec
from spatialclaw_ros.findings.track import Track

TRACK = Track('cart', np.array([0, 10**9]), np.array([[0.0, 0, 0], [1, 0, 0]]), np.full(2, 0.01),
              np.array([1.0, 0, 0]), np.full(3, 0.01), (0, 1), np.array([0.0, 0, 1]), 0.014, 40.0)


def test_all_of_it_arrives():
    arena = memoryview(bytearray(4096))
    told = codec.decode_from(codec.encode_into(TRACK, arena), arena)
    for field in fields(Track):
        assert np.array_equal(getattr(told, field.name), getattr(TRACK, field.name))
    assert told.is_moving and told.heading_deg == 0.0


def test_one_without_the_newer_fields_is_told_by_its_velocity():
    old = Track(*(getattr(TRACK, field.name) for field in fields(Track)[:7]))
    assert old.is_moving and old.heading.tolist() == [1, 0, 0] and np.isnan(old.heading_deg)
    slow = Track('cart', TRACK.stamps, TRACK.positions, TRACK.sigma, np.full(3, 0.01), np.full(
        3, 0.01))
    assert not slow.is_moving and 'at rest' in repr(slow)
