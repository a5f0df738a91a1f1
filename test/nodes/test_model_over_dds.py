"""A goal answered by a model: server process, simulated camera, a scripted model behind HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time

from processes import interrupt
from processes import node
from protocol_server import Answer
from protocol_server import ProtocolServer
import pytest

from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.client import SpatialClient

CELL = """**Purpose**
Measure.
**Reasoning**
Both have labels.
**Next Goal**
Answer.
**Code**
```python
seg = tools.SAM3.segment_video_by_text(Metadata.engines['labels'][:2])
recon = tools.Reconstruct.Reconstruct()
a, b = recon.objects(seg)[:2]
d = tools.Geometry.closest_distance(a, b)
ReturnAnswer(d, evidence=[d, a, b])
```"""
LABELS = {'camera.camera.labels': 'camera/labels',
          'camera.camera.label_info': 'camera/label_info'}


def ask(client, **options):
    return client.ask('How near are the first two, say?', policy='code', max_wait=20.0, **options)


def test_a_model_answers_a_goal_and_a_slow_one_holds_none_beyond_its_time():
    namespace = '/dds_model'
    with ProtocolServer(['A plan.', CELL, Answer('slow ' * 500, drip=0.1)]) as model, \
            node('serve', namespace, fixed_frame='world', **LABELS,
                 **{'model.url': model.url, 'model.name': 'eyes-7b'}) as server, \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            reply = ask(client, timeout=40.0)
            assert reply.is_answered, reply.message
            assert reply.value >= 0 and len(reply.result.distances) == 1  # they may touch
            assert (reply.result.prompt_tokens, reply.result.completion_tokens) == (22, 14)
            assert reply.result.model_share > 0
            began = time.monotonic()
            late = ask(client, timeout=2.0)
            assert late.code is ErrorCode.OUT_OF_BUDGET
            assert time.monotonic() - began < 2.5 + 0.5  # half a second for DDS
        finally:
            client.close()
        assert interrupt(server) == 0


@contextlib.contextmanager
def asked_of_a_slow_model(namespace):
    """The model, the server and the command line that waits for both, once the model is asked."""
    with ProtocolServer([Answer('slow ' * 500, drip=0.1)]) as model, \
            node('serve', namespace, fixed_frame='world', **LABELS,
                 **{'model.url': model.url, 'model.name': 'eyes-7b'}) as server, \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        asking = subprocess.Popen(
            [sys.executable, '-m', 'spatialclaw_ros.cli', 'ask', 'How near are they, say?',
             '--live', '--namespace', namespace, '--policy', 'code'],
            stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not model.requests:
            assert time.monotonic() < deadline and asking.poll() is None
            time.sleep(0.05)
        yield model, server, asking


def test_ctrl_c_cancels_the_goal_of_the_command_line():
    with asked_of_a_slow_model('/dds_interrupt') as (model, _, asking):
        asking.send_signal(signal.SIGINT)
        assert asking.wait(20) == 130
        asyncio.run(model.until_cut_off(1))


def test_a_server_that_goes_away_frees_who_asked_it():
    with asked_of_a_slow_model('/dds_gone') as (_, server, asking):
        assert interrupt(server) == 0
        told, _ = asking.communicate(timeout=30)
    assert asking.returncode == 1 and 'the server went away' in told


def test_a_model_that_cannot_be_is_named_when_the_node_starts(capfd):
    with node('serve', '/dds_no_model', **{'model.url': 'nowhere'}) as process:
        assert process.wait(60) == 1
    assert "'nowhere' is no model server" in capfd.readouterr().err


@pytest.mark.parametrize('policy', ['code', 'magic'])
def test_without_a_model_its_policies_end_at_once(policy):
    namespace = f'/dds_none_{policy}'
    with node('serve', namespace, fixed_frame='world', **LABELS), \
            node('simulator', namespace, scene='tabletop', rate=4.0, width=320, height=240):
        client = SpatialClient(namespace=namespace)
        try:
            assert client.wait_until_ready(30)
            reply = client.ask('How far?', policy=policy, max_wait=20.0)
            assert reply.code in (ErrorCode.UNANSWERABLE, ErrorCode.BAD_GOAL)
            assert policy in reply.message
        finally:
            client.close()
