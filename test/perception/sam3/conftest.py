"""One tiny checkpoint for all tests of SAM 3, and no network for any."""

from __future__ import annotations

import socket

import pytest
from tiny_sam3 import save_tiny_sam3
import torch

from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.sam3.checkpoint import load
from spatialclaw_ros.perception.sam3.engine import Sam3
from spatialclaw_ros.perception.sam3.network import Network


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """Folder of a tiny checkpoint, whose tracks last: random detections seldom do."""
    return save_tiny_sam3(tmp_path_factory.mktemp('sam3'), seed=6, hotstart_unmatch_thresh=15)


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """Whatever asks the network for anything fails."""

    def refuse(*args, **kwargs):
        raise AssertionError(f'a test went to the network: {args}')

    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    monkeypatch.setattr(socket, 'create_connection', refuse)
    monkeypatch.setattr(socket.socket, 'connect', refuse)


@pytest.fixture(scope='session')
def network(folder):
    return Network(load(folder, torch.device('cpu'), torch.float32))


@pytest.fixture
def engine(folder):
    return Sam3(EngineSettings(device='cpu', offline=True, sam3=str(folder)))
