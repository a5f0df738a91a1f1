"""The fused engine over the real network's code, its weights random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_network import simulated
import tiny_depth_anything

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import SENSOR
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.room import EngineRoom


@pytest.mark.parametrize('views', [1, 2])
def test_a_network_that_knows_nothing_leaves_the_sensors_depth(tmp_path, monkeypatch, views):
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    checkpoint = str(tiny_depth_anything.several(tmp_path / 'several'))
    metric = str(tiny_depth_anything.metric(tmp_path / 'metric'))
    room = EngineRoom(EngineSettings(device='cpu', depth_anything=checkpoint,
                                     depth_anything_metric=metric, edge=112, offline=True))
    frame = simulated('tabletop', 1207, size=(160, 120)).frame
    frames = tuple(replace(frame, index=i, stamp=i, labels=None) for i in range(views))
    reply = room.answer(EngineCall('fused', Reconstruct(tuple(range(views))), frames,
                                   np.array([0, 0, 1.0])))
    assert isinstance(reply, Reconstructed), reply
    for geometry in reply.frames:
        kept = geometry.source_map == SENSOR
        assert kept.sum() > 0.95 * np.isfinite(frame.depth).sum()
        np.testing.assert_array_equal(geometry.depth[kept], frame.depth[kept])
    assert reply.source.startswith('fused (depth camera and ')
    state = next(one for one in room.health(0).engines if one.name == 'fused')
    assert state.is_loaded and not state.problem and state.seconds > 0
