"""How steps ended, read from a transcript."""

from __future__ import annotations

import pytest

from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.evaluation.endings import endings
from spatialclaw_ros.evaluation.endings import failures
from spatialclaw_ros.evaluation.endings import raised_by

TRACEBACK = 'Traceback (most recent call last):\n  File "<cell 1>", line 1, in <module>\n    x\n'


def test_steps_are_counted_by_how_they_ended(tmp_path):
    transcript = Transcript(tmp_path)
    transcript.write('question', text='How far?')
    for status, error in [
            ('ok', ''), ('ok', ''), ('refused', 'line 1: import os is refused: …'),
            ('timeout', 'TimeoutError: …'), ('killed', 'Crashed: …'),
            ('error', '  File "<cell 1>", line 1\n    x = (\n        ^\nSyntaxError: never closed'),
            ('error', TRACEBACK + "NameError: name 'x' is not defined"),
            ('error', TRACEBACK + "KeyError: 'a'"),
            ('error', TRACEBACK + 'spatialclaw_ros.findings.errors.NotVisible: no depth')]:
        transcript.write('step', code='x')
        transcript.write('result', status=status, error=error)
    transcript.write('result', status='error', error='ValueError: …', error_type='UnknownObject')
    transcript.write('bad_reply', message='no Code section')
    transcript.close()
    counts = endings(read_transcript(transcript.path))
    assert counts == {
        'ok': 2, 'refused by check': 1, 'time-out/killed': 2, 'syntax': 1, 'name': 1,
        'run-time: KeyError': 1, 'nothing found': 2, 'format': 1}
    assert failures(counts) == {
        'time-out/killed': 2, 'format': 1, 'name': 1, 'refused by check': 1,
        'run-time: KeyError': 1, 'syntax': 1}
    assert next(iter(failures(counts))) == 'time-out/killed'


@pytest.mark.parametrize(('text', 'name'), [
    (f'{TRACEBACK}ZeroDivisionError: by zero\n\nDuring handling of the above exception, another '
     f'exception occurred:\n\n{TRACEBACK}KeyError: "Hint: x"\nHint: y', 'KeyError'),
    (TRACEBACK + 'numpy.linalg.LinAlgError: Singular matrix', 'LinAlgError'),
    (TRACEBACK + 'work.<locals>.Odd', 'Odd'),
    ('StopIteration', 'StopIteration'),
    ('nothing that could be read', '?'),
    ('', '?')])
def test_the_last_exception_of_a_traceback(text, name):
    assert raised_by(text) == name
