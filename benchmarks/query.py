"""A closest distance, whole: kernel, masks, measure, check and interval.

Against the same masks and measure called directly, without agent and kernel. Another number of
runs than 50 may be given on the command line.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
import sys
import tempfile
import time

from measure import report
from measure import Timing
import numpy as np
import psutil

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.findings.measures import closest_distance
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.perception.select import DEPTH_CAMERA
from spatialclaw_ros.perception.select import segment_engine
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.recordings.regions import parse_region
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT
from spatialclaw_ros.simulation.export import simulate

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
TABLE = Path(__file__).parents[1] / 'test' / 'data' / 'ycb_table_a'


def directly(window: FrameWindow, names: tuple[str, str]) -> None:
    """Masks and measure without agent and kernel."""
    frames = tuple(frame.index for frame in window.frames)
    masks = segment_engine(window).segment_text(
        SegmentText(frames, names, names), window.frames).masks
    geometry = DEPTH_CAMERA.reconstruct(window.frames).frames
    parts = {name: [ViewPart(window.at(mask.frame), next(
        g for g in geometry if g.frame == mask.frame), mask) for mask in masks
        if mask.label == name] for name in names}
    closest_distance(*(build_object(name, parts[name], window.up) for name in names))


def cpu_of(nursery: Nursery) -> float:
    """CPU seconds so far of this process, the nursery, and the kernels that have ended."""
    kernels = psutil.Process(nursery.pid).cpu_times()
    return time.process_time() + sum(kernels[:4])


async def compare(what: str, window: FrameWindow, names: tuple[str, str]) -> None:
    """Time both in turn, a fresh kernel for each query, and print them."""
    nursery = await Nursery.start(TOOLKIT)
    clock = asyncio.get_running_loop().time
    samples, spent = np.empty((RUNS + 1, 2)), np.empty((RUNS + 1, 2))
    question = Question(f'What is the closest distance between the {names[0]} and the {names[1]}?')
    try:
        for row, cpu in zip(samples, spent, strict=True):
            began, before = clock(), cpu_of(nursery)
            answer = await ask(question, window, engines_for(window), nursery, limits=Limits(),
                               transcript_dir=None)
            row[0], cpu[0] = clock() - began, cpu_of(nursery) - before
            if answer.code:
                raise RuntimeError(f'{answer.code.name}: {answer.message}')
            began, before = clock(), cpu_of(nursery)
            directly(window, names)
            row[1], cpu[1] = clock() - began, cpu_of(nursery) - before
    finally:
        await nursery.close()
    for kind, table in (('', samples), (', CPU time', spent)):
        report(what + kind, Timing(table[1:, 0]), Timing(table[1:, 1]), 'masks and measure alone')


def main() -> None:
    """Two boxes on a real frame, two objects of a label image."""
    regions = [parse_region(text) for text in (
        'banana=0:136,345,268,472', 'mustard=0:322,204,405,448')]
    asyncio.run(compare('closest distance, two boxes, VGA',
                        open_recording(TABLE).window(None, regions), ('banana', 'mustard')))
    with tempfile.TemporaryDirectory() as folder:
        simulate('tabletop', 3, Path(folder), frames=1)
        window = open_recording(folder).window()
        labels = window.newest.labels
        assert labels is not None
        sizes = {name: int((labels.ids == number).sum()) for number, name in labels.names.items()
                 if list(labels.names.values()).count(name) == 1 and name != 'table'}
        first, second = sorted(sizes, key=sizes.__getitem__)[-2:]
        asyncio.run(compare('closest distance, label image, VGA', window, (first, second)))


if __name__ == '__main__':
    main()
