"""A node whose masks come from a network: its process, its death, and weights that are missing."""

from __future__ import annotations

import signal
import threading
import time

from processes import interrupt
from processes import node
import psutil
from tiny_sam3 import save_tiny_sam3

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.client import SpatialClient

QUESTION = 'How far is the mug from the bottle?'
ENGINE = 'spatialclaw_ros.perception.process.child'


def engine_of(server):
    """The process of the engines, waited for; a child of the server."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for child in psutil.Process(server.pid).children():
            if ENGINE in ' '.join(child.cmdline()):
                return child
        time.sleep(0.05)
    raise AssertionError('no process of the engines was started')


def serving(namespace, checkpoint):
    return node('serve', namespace, fixed_frame='world', max_wait=20.0, timeout=50.0, **{
        'engines.segment': 'sam3', 'engines.sam3': checkpoint, 'engines.device': 'cpu'})


def test_missing_weights_end_the_goal_and_nothing_else(tmp_path):
    namespace = '/dds_no_weights'
    with serving(namespace, tmp_path / 'nothing') as server, \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            for _ in range(2):
                reply = client.ask(QUESTION)
                assert reply.code is ErrorCode.UNANSWERABLE
                assert f'{tmp_path}/nothing' in reply.message
        finally:
            client.close()
        assert interrupt(server) == 0


def test_a_dead_engine_ends_its_goal_and_the_next_one_gets_another(tmp_path):
    namespace = '/dds_engine'
    save_tiny_sam3(tmp_path)
    with serving(namespace, tmp_path) as server, \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            client.ask(QUESTION)
            engine = engine_of(server)
            engine.send_signal(signal.SIGSTOP)
            threading.Timer(1.0, engine.kill).start()
            reply = client.ask(QUESTION)
            assert reply.code is ErrorCode.ENGINE_DIED, reply.message
            assert 'sam3' in reply.message and 'SIGKILL' in reply.message
            after = client.ask(QUESTION)
            assert after.code not in (ErrorCode.ENGINE_DIED, ErrorCode.INTERNAL), after.message
            assert engine_of(server).pid != engine.pid
        finally:
            client.close()
        assert interrupt(server) == 0
