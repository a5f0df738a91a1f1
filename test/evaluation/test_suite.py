"""Suites read from recordings, and asked."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spatialclaw_ros.evaluation.asked import read_questions
from spatialclaw_ros.evaluation.asking import Terms
from spatialclaw_ros.evaluation.suite import run_suite
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.recordings import RecordingError

BOX = [1, 1, 5, 5]
QUESTIONS = [
    {'id': 'a-1', 'type': 'gap', 'question': 'How far is A from B?', 'answer': 0.5, 'unit': 'm',
     'tolerance': 0.01, 'frame': 0, 'regions': {'A': [{'frame': 0, 'box': BOX},
                                                     {'frame': 1, 'box': BOX}]}},
    {'id': 'a-2', 'type': 'left_right', 'question': 'Seen from the camera, is A left of B?',
     'answer': 'left', 'unit': None, 'tolerance': None, 'frame': 0,
     'regions': {'A': [{'frame': 0, 'box': BOX}]}},
    {'id': 'a-3', 'type': 'centre', 'question': 'Where is A (camera frame)?',
     'answer': [0, 0, 1], 'unit': 'm', 'tolerance': 0.02, 'frame': 1, 'regions': {}},
    {'id': 'a-4', 'type': 'gap', 'question': 'How far is A?', 'answer': 1, 'unit': 'm',
     'tolerance': 0.01, 'frame': 0, 'frames': [0], 'regions': {'A': [{'frame': 9, 'box': BOX}]}},
]


@pytest.fixture
def folder(tmp_path, make_recording):
    return make_recording(tmp_path / 'a', QUESTIONS)


async def test_each_question_is_asked_of_its_frames_and_regions(folder):
    seen = []

    async def answer(asked, window, terms):
        seen.append((asked.id, [f.index for f in window.frames],
                     sum(len(f.regions) for f in window.frames), window.target_frame))
        return Answer(ErrorCode.NONE, text='left', value=0.505, unit='m',
                      position=np.array([0, 0, 1.0]))

    scores = await run_suite(folder, answer)
    assert seen == [('a-1', [0, 1], 2, ''), ('a-2', [0], 1, ''),
                    ('a-3', [1], 0, 'camera_optical_frame')]
    assert [s.right for s in scores] == [True, True, True, False]
    assert scores[3].got == 'BAD_GOAL' and 'frame 9' in scores[3].reason


async def test_regions_can_be_left_out(folder):
    async def answer(asked, window, terms):
        assert not any(frame.regions for frame in window.frames)
        return Answer(ErrorCode.UNKNOWN_OBJECT, message='no A')

    scores = await run_suite(folder, answer, Terms(regions=False))
    assert scores[0].got == 'UNKNOWN_OBJECT' and scores[0].reason == 'no A'


QUESTION = '{"id": 1, "type": "gap", "question": "How far?", %s}'


@pytest.mark.parametrize('text', [
    '', '[]', '{}', '{"questions": [{"id": 1}]}', '{"questions": ["How far?"]}',
    f'{{"questions": [{QUESTION % """ "answer": [1, 2] """}]}}',
    f'{{"questions": [{QUESTION % """ "answer": null """}]}}',
    f'{{"questions": [{QUESTION % """ "answer": 1, "tolerance": "small" """}]}}',
    f'{{"questions": [{QUESTION % """ "answer": 1, "regions": [] """}]}}',
    f'{{"questions": [{QUESTION % """ "answer": 1, "regions": {"A": [1]} """}]}}'])
def test_damaged_suites(tmp_path, text):
    (tmp_path / 'questions.json').write_text(text)
    with pytest.raises(RecordingError, match=r'questions\.json'):
        read_questions(tmp_path)


async def test_the_agent_answers_a_simulated_recording(tmp_path):
    """A whole way without ROS: images, label masks, kernel, recipe, answer, score."""
    pytest.importorskip('open3d')
    from spatialclaw_ros.evaluation.asking import agent
    from spatialclaw_ros.simulation.export import simulate
    simulate('tabletop', 3, tmp_path / 'sim', frames=2, width=320, height=240)
    path = tmp_path / 'sim' / 'questions.json'
    suite = json.loads(path.read_text())
    suite['questions'] = [q for q in suite['questions'] if q['type'] in ('height', 'left_right')]
    path.write_text(json.dumps(suite))
    async with agent() as answer:
        scores = await run_suite(tmp_path / 'sim', answer, Terms(regions=False))
    assert [s.asked.family for s in scores] == ['height', 'left_right']
    assert [s.reason for s in scores] == ['', '']
