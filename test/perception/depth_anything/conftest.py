"""Tiny checkpoints, made once; no connection is opened."""

from __future__ import annotations

import socket

import pytest
import tiny_depth_anything


@pytest.fixture(scope='session')
def tiny(tmp_path_factory):
    """Folders of tiny checkpoints by kind: several, metric, nested."""
    root = tmp_path_factory.mktemp('depth_anything')
    return {kind: getattr(tiny_depth_anything, kind)(root / kind)
            for kind in ('several', 'metric', 'nested')}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Refuse every connection."""
    def refuse(*_args, **_kwargs):
        raise AssertionError('a connection was opened')

    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    monkeypatch.setattr(socket, 'create_connection', refuse)
