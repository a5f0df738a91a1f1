"""Small recordings with questions, and rows of results."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatialclaw_ros.evaluation.row import Row
from spatialclaw_ros.recordings.writer import write_recording
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame


def question(name: str, **changes: Any) -> dict[str, Any]:
    return {'id': name, 'type': 'gap', 'question': f'How far, {name}?', 'answer': 0.5,
            'unit': 'm', 'tolerance': 0.01, **changes}


@pytest.fixture(scope='session')
def make_recording() -> Callable[[Path, list[Any]], Path]:
    """Writes a recording of two frames with questions; a text is the id of a plain question."""
    def make(folder: Path, questions: list[Any]) -> Path:
        camera = Camera('camera', 'optical', 8, 6, np.array([[9.0, 0, 4], [0, 9, 3], [0, 0, 1]]))
        frames = [Frame(i, i, camera, np.zeros((6, 8, 3), np.uint8),
                        np.ones((6, 8), np.float32), np.eye(4)) for i in range(2)]
        write_recording(folder, frames, None)
        asked = [question(q) if isinstance(q, str) else q for q in questions]
        (folder / 'questions.json').write_text(json.dumps({'questions': asked}))
        return folder
    return make


@pytest.fixture(scope='session')
def make_row() -> Callable[..., Row]:
    """A right answer of the recipes to q1, but for the changes."""
    def make(**changes: Any) -> Row:
        values: dict[str, Any] = {
            'recording': 'a', 'id': 'q1', 'policy': 'recipes', 'model': '', 'digest': 'd',
            'terms': {'timeout': 300.0, 'max-steps': 12, 'regions': True}, 'family': 'gap',
            'question': 'How far?', 'status': 'ANSWERED', 'right': True, 'got': '0.5',
            'reason': '', 'error': 0.2, 'steps': 2, 'tool_calls': 3, 'tokens': 0, 'seconds': 0.5,
            'endings': {'ok': 2}, 'transcript': ''}
        return Row(**values | changes)
    return make
