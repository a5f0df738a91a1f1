"""Start the server: the kernel nursery first, then ROS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
import sys
from typing import Any

import rclpy
from rclpy.lifecycle import TransitionCallbackReturn

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.nodes.described import ParameterError
from spatialclaw_ros.nodes.means import Means
from spatialclaw_ros.nodes.server import SpatialServer
from spatialclaw_ros.nodes.spinning import spin
from spatialclaw_ros.nodes.spinning import start_ros
from spatialclaw_ros.nodes.spinning import until_shut_down
from spatialclaw_ros.nodes.worker import Worker
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

#: How long the nursery may take to start and to end, seconds.
_START, _END = 30.0, 1.0


class Agent:
    """The agent with its nursery of kernels; a nursery that has died is started anew."""

    def __init__(self, nursery: Nursery) -> None:
        """Take over `nursery`, which is started by now."""
        self._nursery = nursery
        self._restarting = asyncio.Lock()

    async def ask(self, question: Question, window: FrameWindow, means: Means,
                  on_progress: Callable[[Progress], None]) -> Answer:
        """Answer one question in a kernel of its own."""
        async with self._restarting:
            if not self._nursery.alive:
                await self._nursery.close()
                self._nursery = await Nursery.start(TOOLKIT)
        return await ask(question, window, means.perception.engines_for(window), self._nursery,
                         limits=means.limits, transcript_dir=means.transcripts,
                         on_progress=on_progress, model=means.model, budget=means.budget)

    def state(self) -> dict[str, Any]:
        """Whether the nursery lives, and the walls about its kernels."""
        state = {'kernel alive': self._nursery.alive, 'sandbox': self._nursery.sandbox}
        return {**state, 'sandbox lacks': self._nursery.missing} if self._nursery.missing else state

    async def close(self) -> None:
        """End the nursery and its kernels."""
        await self._nursery.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until Ctrl-C; 1 when it cannot start."""
    worker = Worker()
    agent = None
    try:
        with until_shut_down():
            agent = Agent(worker.run(Nursery.start(TOOLKIT), _START))
            start_ros(arguments)
            return _serve(worker, agent)
        return 0
    except ParameterError as error:
        print(f'spatialclaw server: {error}', file=sys.stderr)
        return 1
    finally:
        if rclpy.ok():
            rclpy.shutdown()
        if agent is not None:
            worker.run(agent.close(), _END)
        worker.close()


def _serve(worker: Worker, agent: Agent) -> int:
    node = SpatialServer(worker, agent)
    try:
        if node.autostart:
            for change in (node.trigger_configure, node.trigger_activate):
                if change() != TransitionCallbackReturn.SUCCESS:
                    return 1
        spin(node)
    finally:
        node.stop()
        node.release()
        node.destroy_node()
    return 0


if __name__ == '__main__':
    sys.exit(main())
