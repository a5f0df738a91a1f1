"""Ask every question of a recording, in the order of its file."""

from __future__ import annotations

from pathlib import Path

from spatialclaw_ros.evaluation.asked import read_questions
from spatialclaw_ros.evaluation.asking import answer_from
from spatialclaw_ros.evaluation.asking import Answerer
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.recordings import open_recording


async def run_suite(folder: Path, answer: Answerer, terms: Terms | None = None) -> list[Score]:
    """Scores of every question of the recording in `folder`; `terms` None are the usual ones."""
    recording = open_recording(folder)
    return [score(asked, await answer_from(recording, asked, answer, terms or Terms()))
            for asked in read_questions(folder)]
