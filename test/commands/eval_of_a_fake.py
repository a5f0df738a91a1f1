"""`spatialclaw eval` with a stand-in for the agent, in a process that a test may kill.

The answers are right; those after the first FAKE_ANSWERS never come. Lines "asked ID" and
"cancelled ID", and at last "closed", are appended to FAKE_LOG.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
import os
from pathlib import Path
import sys

import numpy as np

from spatialclaw_ros import cli
from spatialclaw_ros.commands import eval as evaluate
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode


def log(line):
    with Path(os.environ['FAKE_LOG']).open('a') as file:
        file.write(line + '\n')


@asynccontextmanager
async def agent(_model, _perception):
    left = int(os.environ['FAKE_ANSWERS'])

    async def answer(asked, window, terms):
        nonlocal left
        log(f'asked {asked.id}')
        left -= 1
        try:
            await asyncio.sleep(0.01 if left >= 0 else 600)
        except asyncio.CancelledError:
            log(f'cancelled {asked.id}')
            raise
        if isinstance(asked.expected, str):
            return Answer(ErrorCode.NONE, text=asked.expected)
        if isinstance(asked.expected, tuple):
            return Answer(ErrorCode.NONE, position=np.array(asked.expected))
        return Answer(ErrorCode.NONE, value=asked.expected, unit=asked.unit)

    try:
        yield answer
    finally:
        log('closed')


if __name__ == '__main__':
    sys.exit(evaluate.run(cli.parser().parse_args(['eval', *sys.argv[1:]]), agent))
