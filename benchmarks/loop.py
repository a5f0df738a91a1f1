"""What the agent adds to a step beyond model and tools, against the whole of the step.

A scripted model behind HTTP answers at once; cells print one line. The overhead of a step is its
time less that of the model's call and of the kernel's cell. Another number of steps than 200 may be
given on the command line.
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

sys.path.insert(0, str(Path(__file__).parents[1] / 'test' / 'models'))

from protocol_server import ProtocolServer

from spatialclaw_ros.agent.ask import ask
from spatialclaw_ros.agent.budget import Budget
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.models.client import ModelClient
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.session.perception import engines_for
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import TOOLKIT

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SCENE = Path(__file__).parents[1] / 'test' / 'data' / 'ycb_table_a'
REPLY = ('**Purpose**\nLook.\n\n**Reasoning**\nTo see.\n\n**Next Goal**\nAnswer.\n\n**Code**\n'
         '```python\nprint("a line of output")\n```')


async def main() -> None:
    """One query of so many steps, and what its transcript says of their times."""
    nursery = await Nursery.start(TOOLKIT)
    window = open_recording(SCENE).window()
    try:
        with ProtocolServer([REPLY]) as server, tempfile.TemporaryDirectory() as folder:
            async with ModelClient(server.url, Profile(model='m', context_tokens=1 << 20)) as model:
                began = time.perf_counter()
                answer = await ask(
                    Question('What is it?', policy='code', max_steps=STEPS, timeout=600.0), window,
                    engines_for(window), nursery, limits=Limits(), transcript_dir=Path(folder),
                    model=model, budget=Budget())
                took = time.perf_counter() - began
            events = read_transcript(file_of(answer.transcript))
    finally:
        await nursery.close()
    _tell(events, took)


def _tell(events: list[dict], took: float) -> None:
    ends = [event['t'] for event in events if event['event'] == 'result']
    model = [event['seconds'] for event in events
             if event['event'] == 'model' and event['role'] == 'writer'][1:]
    kernel = [event['seconds'] for event in events if event['event'] == 'result'][1:]
    whole = np.diff(ends)
    overhead = whole - np.array(model) - np.array(kernel)
    report(f'{STEPS} steps, beyond model and kernel', Timing(overhead), Timing(whole), 'a step')
    for name, part in (('first', slice(0, 12)), ('last', slice(-12, None))):
        asking = whole[part] - np.array(kernel)[part]
        print(f'{name} 12 steps: {np.median(overhead[part]) * 1e3:.1f} ms a step, '
              f'{np.median(asking) * 1e3:.1f} ms with all that asking over HTTP takes')
    print(f'the whole query: {took:.1f} s')


if __name__ == '__main__':
    asyncio.run(main())
