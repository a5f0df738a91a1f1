"""`spatialclaw demo`: questions with known truth, over real ROS 2 and on a real recording."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path
from typing import Any

from spatialclaw_ros.demo.report import Report

#: Has Fast DDS pass whole images in memory; in pieces over UDP a busy machine loses some.
_SHARED_MEMORY = Path(__file__).parents[2] / 'config' / 'fastdds_shm.xml'


def add_parser(commands: Any) -> None:
    """Add `demo` to the sub-commands."""
    parser = commands.add_parser(
        'demo', help='a simulated camera, the server and a real recording; checks its answers',
        description='Start a simulated camera and the server, ask eight questions with known '
                    'truth, play one scripted session. Ends by itself; 1 if an answer missed.')
    parser.add_argument('--out', type=Path, default=Path('demo_output'), metavar='DIR',
                        help='where pictures, logs and transcripts go (default demo_output)')
    parser.add_argument('--scene', default='room', help='simulated scene (default room)')
    parser.add_argument('--seed', type=int, default=36, metavar='N',
                        help="the scene's (default 36: heater and door in plain sight)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; 0 when every answer was within its tolerance."""
    args.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(os.getpid() % 100 + 1))
    if _SHARED_MEMORY.exists():
        os.environ.setdefault('FASTDDS_DEFAULT_PROFILES_FILE', str(_SHARED_MEMORY))
    report = Report()
    from spatialclaw_ros.demo.live import ask_simulated
    report.heading('A simulated RGB-D camera and the server, asked through the action')
    ask_simulated(args.scene, args.seed, args.out, report)
    from spatialclaw_ros.demo.recorded import ask_recorded
    report.heading('A real recording: one frame of an Xtion Pro Live before a table')
    asyncio.run(ask_recorded(args.out, report))
    report.heading(f'{report.asked - len(report.missed)} of {report.asked} answers right; '
                   f'pictures and transcripts in {args.out}')
    for miss in report.missed:
        print(f'missed: {miss}')
    return 1 if report.missed else 0
