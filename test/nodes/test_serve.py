import asyncio
import os
from pathlib import Path
import signal

from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.nodes.means import Means
from spatialclaw_ros.nodes.serve import Agent
from spatialclaw_ros.recordings.recording import open_recording
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

SCENE = Path(__file__).parents[1] / 'data' / 'ycb_table_a'


async def test_a_nursery_that_has_died_is_started_anew():
    nursery = await Nursery.start(TOOLKIT)
    agent = Agent(nursery)
    try:
        os.kill(nursery.pid, signal.SIGKILL)
        while agent.state()['kernel alive']:
            await asyncio.sleep(0.01)
        answer = await agent.ask(
            Question('How high is the camera above the table?'),
            open_recording(SCENE).window(), Means(Limits(), None, Perception(), None, Budget()),
            lambda progress: None)
        assert answer.code is not ErrorCode.INTERNAL, answer.message
        assert agent.state()['kernel alive']
        assert agent.state()['sandbox'] == answer.sandbox
    finally:
        await agent.close()
