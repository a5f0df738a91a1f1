"""Ask every question of a recording, in the order of its file."""

from __future__ import annotations

from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path

from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.asked import read_questions
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.recordings import Recording
from spatialclaw_ros.scene import FrameWindow

#: Answers one question about a window; the position of its answer is in the target frame.
Answerer = Callable[[Asked, FrameWindow], Awaitable[Answer]]


async def run_suite(folder: Path, answer: Answerer, use_regions: bool = True) -> list[Score]:
    """Scores of every question of the recording in `folder`.

    Without `use_regions` the names are left to the recording's label images.
    """
    recording = open_recording(folder)
    return [await _score(asked, recording, answer, use_regions)
            for asked in read_questions(folder)]


async def _score(asked: Asked, recording: Recording, answer: Answerer, use_regions: bool
                 ) -> Score:
    try:
        window = recording.window(
            asked.frames, asked.regions if use_regions else (), asked.target_frame)
    except SpatialError as error:
        return Score(asked, False, error.code.label, reason=str(error), answered=False)
    return score(asked, await answer(asked, window))
