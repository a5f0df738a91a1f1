from __future__ import annotations

import numpy as np

from spatialclaw_ros.calls.requests import SubmitAnswer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.kernel.outcome import Variable
from spatialclaw_ros.session.cell_result import CallRecord
from spatialclaw_ros.session.cell_result import CellResult
from spatialclaw_ros.session.cell_result import Picture
from spatialclaw_ros.session.cell_result import shortened

DISTANCE = Distance('a', 'b', 'CLOSEST', np.zeros(3), np.ones(3), 1.5)


def test_feedback_comes_in_the_order_of_the_kernel_api():
    result = CellResult(
        'error', 'printed\n', 'KeyError: no frame 3\nTry frame 4\n----> 2 x = recon.depth[3]',
        'KeyError', SubmitAnswer('1.5', 1.5, 'm', ()),
        (Picture('masks', np.zeros((2, 2, 3), np.uint8)),), (DISTANCE,), (Variable('x', '3'),),
        (CallRecord('Reconstruct of 3 frames', 0.25), CallRecord('vlm.locate', 1.0, True)),
        1.234, 'kept: x', (DISTANCE,))
    text = result.feedback('3 steps, 20 s')
    parts = ['[error] in 1.23 s', 'kept: x', 'Output:\nprinted', 'Error:\nKeyError: no frame 3',
             'Try frame 4', '----> 2 x', 'Variables:\nx = 3', 'Calls:\nReconstruct of 3 frames',
             'vlm.locate: 1.00 s, failed', 'Images (1):\n1: masks',
             "Findings so far:\nDistance CLOSEST 'a' to 'b'", 'Left:\n3 steps, 20 s']
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith('Left:\n3 steps, 20 s')


def test_nothing_to_say_takes_one_line():
    quiet = CellResult('ok', '', '', '', None, (), (), (), (), 0.0, '')
    assert quiet.feedback('') == '[ok] in 0.00 s'


def test_long_output_keeps_head_and_tail_and_states_the_cut():
    text = 'a' * 3000 + 'b' * 7000 + 'c' * 4000
    short = shortened(text)
    assert short.startswith('a' * 2000) and short.endswith('c' * 4000)
    assert f'{14000 - 6000} characters cut' in short and len(short) < 6100
    assert shortened('a' * 6000) == 'a' * 6000
