"""Real recordings with measured answers, asked through agent, kernel and engines."""

from pathlib import Path

import numpy as np

from spatialclaw_ros.evaluation.asking import agent
from spatialclaw_ros.evaluation.suite import run_suite
from spatialclaw_ros.evaluation.table import as_markdown

DATA = Path(__file__).parents[1] / 'data'
SCENES = ('apc_shelf_bin', 'tum_fr2_desk', 'ycb_table_a')
#: Share of the numbers, and how many of the 11 closest distances, that must be right.
LEAST_NUMBERS, LEAST_GAPS = 0.85, 9


async def test_questions_of_three_real_scenes():
    async with agent() as answerer:
        scores = [score for scene in SCENES for score in await run_suite(DATA / scene, answerer)]
    told = as_markdown(scores)
    words = [score for score in scores if isinstance(score.asked.expected, str)]
    numbers = [score for score in scores if not isinstance(score.asked.expected, str)]
    assert (len(words), len(numbers)) == (7, 32)
    assert all(score.right for score in words), told
    assert np.mean([score.right for score in numbers]) >= LEAST_NUMBERS, told
    gaps = [score for score in numbers if score.asked.family == 'gap']
    assert len(gaps) == 11
    assert sum(score.right for score in gaps) >= LEAST_GAPS, told
