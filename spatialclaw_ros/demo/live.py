"""The live part: a simulated camera and the server over DDS, asked through the action."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
import time
from typing import Any

import numpy as np

from spatialclaw_ros.demo.processes import node
from spatialclaw_ros.demo.processes import Process
from spatialclaw_ros.demo.report import Report
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.ask_live import report_of
from spatialclaw_ros.nodes.asking import asking
from spatialclaw_ros.nodes.client import Reply
from spatialclaw_ros.nodes.client import SpatialClient
from spatialclaw_ros.simulation.export import truths
from spatialclaw_ros.simulation.probe import Cast
from spatialclaw_ros.simulation.probe import Probe
from spatialclaw_ros.simulation.probe import tolerance
from spatialclaw_ros.simulation.questions import FAMILIES
from spatialclaw_ros.simulation.simulation import Simulation
from spatialclaw_ros.simulation.truth import Truth

_FAMILIES = ('closest', 'from_camera', 'position_world', 'left_right', 'camera_height')
_READY = 60.0
_ASKED = 30.0


def ask_simulated(scene: str, seed: int, out: Path, report: Report) -> None:
    """Ask one question of each of five families about a simulated scene; pictures go to `out`."""
    simulation = Simulation.build(scene, seed)
    epoch = round(time.time(), 3)
    camera = simulation.camera.name
    server = {
        'fixed_frame': simulation.world_frame, 'cameras': f'[{camera}]',
        f'camera.{camera}.labels': f'{camera}/labels',
        f'camera.{camera}.label_info': f'{camera}/label_info',
        f'camera.{camera}.extrinsic_sigma': [
            simulation.pose_sigma.translation, simulation.pose_sigma.rotation]}

    def on_cell(cell: Mapping[str, Any]) -> None:
        report.cell(cell['step'], cell['purpose'], cell['code'])

    simulator = {'scene': scene, 'seed': seed, 'epoch': epoch}
    with (node('serve', server, out / 'server.log') as serve,
          node('simulator', simulator, out / 'simulator.log') as camera_node,
          asking(on_cell) as client):
        processes = (serve, camera_node)
        probes = _questions(simulation, seed)
        _wait_for_image(client, processes)
        for number, probe in enumerate(probes):
            report.question(probe.text)
            reply = client.ask(probe.text, target_frame=probe.target_frame, timeout=_ASKED,
                               max_wait=_ASKED, want_image=number == 0)
            stamp = reply.result.header.stamp
            seconds = stamp.sec + stamp.nanosec / 1e9 - epoch
            truth, _mesh = truths(probe, Truth(simulation, [seconds]))
            report.answer(report_of(reply), truth, tolerance(truth, probe.unit), probe.unit)
            _keep_picture(reply, out / 'annotated.jpg')


def _questions(simulation: Simulation, seed: int) -> list[Probe]:
    """The first question of each of the chosen families, asked of one view."""
    cast = Cast(Truth(simulation, [0.0]), [0], np.random.default_rng([seed, 1]))
    return [next(FAMILIES[family](cast)) for family in _FAMILIES]


def _wait_for_image(client: SpatialClient, processes: Sequence[Process]) -> None:
    """Ask what no recipe covers until the server has an image and knows where it was taken."""
    deadline = time.monotonic() + _READY
    said = 'no server'
    while time.monotonic() < deadline:
        for process in processes:
            process.check()
        if client.wait_until_ready(1.0):
            reply = client.ask('Ready?', timeout=_ASKED)
            if reply.code not in (ErrorCode.NO_FRAMES, ErrorCode.NO_TRANSFORM):
                return
            said = reply.message
    raise RuntimeError(f'the server was not ready within {_READY:.0f} s: {said}')


def _keep_picture(reply: Reply, path: Path) -> None:
    if reply.result.annotated.data:
        path.write_bytes(bytes(reply.result.annotated.data))
        print(f'   picture: {path}')
