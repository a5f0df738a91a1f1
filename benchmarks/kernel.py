"""Kernels against Jupyter's: start of a query, trivial cells, cancelling, frames in, memory.

Jupyter's kernel is `ipykernel` through `jupyter_client`, with the same modules imported. Another
number of runs than 100 may be given on the command line.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import AsyncExitStack
import functools
from pathlib import Path
import sys
import time
from typing import Any

import cloudpickle
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from measure import report
from measure import Timing
import numpy as np
import psutil

from spatialclaw_ros.calls.codec import encode
from spatialclaw_ros.calls.requests import Opening
from spatialclaw_ros.kernel import check
from spatialclaw_ros.kernel.host import Kernel
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.memory import seal
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.session import TOOLKIT

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
#: 500 MB of variables, in arrays as a cell makes them from frames.
VARIABLES = 'import numpy as np\nheld = [np.ones((480, 640)) for _ in range(204)]'
#: As long between two cells as lets the checkpoint be taken; a writer takes seconds.
PAUSE = 0.03
CELL = """
left = tools.SAM3.segment_image_by_text(InputImages[0], "mug")
right = tools.SAM3.segment_image_by_text(InputImages[0], "bowl")
recon = tools.Reconstruct.Reconstruct(InputImages)
points = {}
for name, mask in (("mug", left), ("bowl", right)):
    if mask.num_objects == 0:
        print(name, mask.reason)
        continue
    points[name] = mask.get_masked_points(recon, 0, object=0)
    print(name, points[name].shape, np.median(points[name], axis=0))
if len(points) == 2:
    tree = KDTree(points["bowl"])
    distances, nearest = tree.query(points["mug"])
    best = int(np.argmin(distances))
    print(f"closest: {distances[best]:.3f} m", points["mug"][best], points["bowl"][nearest[best]])
    show(recon.render_bev(masks=[left, right], labels=["mug", "bowl"]), label="top view")
"""
SIXTY_LINES = '\n'.join((CELL * 4).strip().splitlines()[:60])


class Ours:
    """Kernels of this package, forked from one nursery."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery

    async def open(self, frames: int = 0, **limits: Any) -> Kernel:
        """Open a kernel that holds so many frames."""
        data, memories = encode(opening(frames))
        return await self._nursery.open(
            data, [memory.fd for memory in memories], Limits(**limits))

    async def run(self, kernel: Kernel, code: str) -> None:
        """Run a cell, which must end well."""
        outcome = await kernel.run(code, on_output=lambda _text: None, on_call=no_call)
        if outcome.status != 'ok':
            raise RuntimeError(outcome.error)

    async def start(self) -> float:
        """Seconds from nothing to the first output."""
        began = time.perf_counter()
        kernel = await self.open()
        await self.run(kernel, 'print(1)')
        took = time.perf_counter() - began
        await kernel.close()
        return took


class Jupyter:
    """Kernels of Jupyter."""

    async def open(self) -> tuple[AsyncKernelManager, AsyncKernelClient]:
        """Start a kernel and wait until it is ready."""
        manager = AsyncKernelManager(kernel_name='python3')
        await manager.start_kernel()
        client: AsyncKernelClient = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        return manager, client

    async def run(self, client: AsyncKernelClient, code: str) -> None:
        """Run a cell, which must end well."""
        reply = await client.execute_interactive(code, output_hook=lambda _message: None)
        if reply['content']['status'] != 'ok':
            raise RuntimeError(reply['content'])

    async def start(self) -> float:
        """Seconds from nothing to the first output, with the same modules loaded."""
        began = time.perf_counter()
        manager, client = await self.open()
        await self.run(client, f'import {TOOLKIT}\nprint(1)')
        took = time.perf_counter() - began
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return took


async def no_call(body: bytes) -> tuple[bytes, list[int]]:
    """No cell here makes a call."""
    raise RuntimeError(f'unexpected call {body[:40]!r}')


@functools.cache
def _window(count: int) -> FrameWindow:
    """VGA RGB-D frames as the ring holds them: each in sealed memory of its own."""
    generator = np.random.default_rng(0)
    camera = Camera('front', 'front_optical', 640, 480, np.diag((500.0, 500.0, 1.0)))
    frames = []
    for index in range(count):
        image, depth = seal([
            generator.integers(0, 255, (480, 640, 3), np.uint8),
            generator.random((480, 640), np.float32) + 1])
        frames.append(Frame(index, index * 10**8, camera, image, depth, np.eye(4)))
    return FrameWindow(tuple(frames), 'map', np.array((0.0, 0.0, 1.0)))


def opening(frames: int) -> Opening:
    """What a kernel with so many frames is opened with."""
    return Opening('How far?', (), _window(frames))


async def _timed(run: Callable[[str], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await run('print(1)')
    return time.perf_counter() - began


async def start_of_a_query(ours: Ours, jupyter: Jupyter) -> None:
    """From nothing to the first output."""
    samples = np.array([(await ours.start(), await jupyter.start())
                        for _ in range(max(RUNS // 20, 3))])
    report('query start to first output', Timing(samples[:, 0]), Timing(samples[:, 1]),
           'ipykernel')


async def trivial_cell(ours: Ours, jupyter: Jupyter) -> None:
    """Round trips in blocks of ten, in turn; a writer leaves a pause, a program none."""
    manager, client = await jupyter.open()
    for what, setting in (('', 'import numpy as np'), (', 500 MB', VARIABLES)):
        await jupyter.run(client, setting)
        for pause in (PAUSE, 0.0):
            for checkpoints in (False, True):
                kernel = await ours.open(checkpoints=checkpoints)
                await ours.run(kernel, setting)
                label = (f'cell{what}{"" if pause else ", on end"}, '
                         f'{"with" if checkpoints else "no"} checkpoint')
                await _compare(label, functools.partial(ours.run, kernel),
                               functools.partial(jupyter.run, client), pause)
                await kernel.close()
    client.stop_channels()
    await manager.shutdown_kernel(now=True)


async def _compare(label: str, mine: Callable[[str], Awaitable[None]],
                   theirs: Callable[[str], Awaitable[None]], pause: float) -> None:
    samples = np.empty((RUNS // 10, 10, 2))
    for block in samples:
        for column, run in enumerate((mine, theirs)):
            await run('print(1)')
            for row in block:
                await asyncio.sleep(pause)
                row[column] = await _timed(run)
    flat = samples.reshape(-1, 2)
    report(label, Timing(flat[:, 0]), Timing(flat[:, 1]), 'ipykernel')
    print(f'{"":44s} {np.percentile(flat[:, 0], 90) * 1e3:8.2f} ms at the 90th percentile')


async def cancelling(ours: Ours) -> None:
    """From the cancel to the outcome: a loop in C, which must be killed, and one in Python."""
    samples = np.empty((max(RUNS // 10, 5), 2))
    for row in samples:
        for column, loop in enumerate(('sum(range(10 ** 13))', 'while True: pass')):
            kernel = await ours.open()
            await ours.run(kernel, 'x = 1')
            running = asyncio.Event()
            cell = asyncio.create_task(kernel.run(
                f'print("go")\n{loop}', on_output=lambda _text, now=running: now.set(),
                on_call=no_call))
            await running.wait()
            began = time.perf_counter()
            await kernel.interrupt()
            await cell
            row[column] = time.perf_counter() - began
            await ours.run(kernel, 'assert x == 1')
            await kernel.close()
    report('cancel of a loop in C', Timing(samples[:, 0]), Timing(samples[:, 1]), 'in Python')


async def frames_in(ours: Ours, count: int = 32) -> None:
    """Frames into a kernel, over the start of one without any; then pickled and unpickled."""
    frames = _window(count)
    samples = np.empty((max(RUNS // 4, 10), 3))
    for row in samples:
        for column, number in enumerate((0, count)):
            began = time.perf_counter()
            kernel = await ours.open(frames=number)
            row[column] = time.perf_counter() - began
            await kernel.close()
        began = time.perf_counter()
        cloudpickle.loads(cloudpickle.dumps(frames))
        row[2] = time.perf_counter() - began
    report(f'{count} VGA RGB-D frames into the kernel', Timing(samples[:, 1] - samples[:, 0]),
           Timing(samples[:, 2]), 'cloudpickle')


async def memory(ours: Ours, nursery: Nursery) -> None:
    """What a kernel takes, with and without frames, and its share of what is the nursery's."""
    kernels = [await ours.open() for _ in range(4)] + [await ours.open(frames=32)]
    for kernel in kernels:
        await ours.run(kernel, 'x = sum(frame.depth.sum() for frame in InputImages)')
    parent = _memory(nursery.pid)
    pids = sorted(child.pid for child in psutil.Process(nursery.pid).children())
    print(f'nursery: {parent["Rss"]:.0f} MB resident, {parent["Pss"]:.0f} MB its share')
    for what, pid in (('a kernel', pids[0]), ('one that read 32 frames', pids[-1])):
        its = _memory(pid)
        print(f'{what}: {its["Rss"]:.0f} MB resident, {its["Pss"]:.1f} MB its share (PSS), '
              f'{its["Private_Dirty"] + its["Private_Clean"]:.1f} MB its own')
    for kernel in kernels:
        await kernel.close()


def _memory(pid: int) -> dict[str, float]:
    """Megabytes of a process by kind."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    return {line.split(':')[0]: int(line.split()[1]) / 1024 for line in lines}


def courtesy_check() -> None:
    """The check of a cell of 60 lines, against compiling it, which is done anyway."""
    tree = ast.parse(SIXTY_LINES)
    samples = np.empty((RUNS, 2))
    for row in samples:
        for column, call in enumerate((
                lambda: check.refusals(tree), lambda: compile(SIXTY_LINES, 'cell', 'exec'))):
            began = time.perf_counter()
            call()
            row[column] = time.perf_counter() - began
    report('courtesy check, 60 lines', Timing(samples[:, 0]), Timing(samples[:, 1]), 'compiling it')


async def main() -> None:
    """Run all of it."""
    async with AsyncExitStack() as stack:
        nursery = await Nursery.start(TOOLKIT)
        stack.push_async_callback(nursery.close)
        ours, jupyter = Ours(nursery), Jupyter()
        await start_of_a_query(ours, jupyter)
        await trivial_cell(ours, jupyter)
        await cancelling(ours)
        await frames_in(ours)
        await memory(ours, nursery)
        courtesy_check()


if __name__ == '__main__':
    asyncio.run(main())
