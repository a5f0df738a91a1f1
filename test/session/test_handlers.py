from __future__ import annotations

import box_world
import numpy as np
import pytest

from spatialclaw_ros.calls import requests as r
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.errors import TooClose
from spatialclaw_ros.session.handlers import CellYield
from spatialclaw_ros.session.handlers import Handlers

PICTURE = np.zeros((4, 5, 3), np.uint8)


async def answered(request, *, choices=(), model=None, cell=None, depth=None):
    handlers = Handlers(box_world.window(), box_world.engines(depth),
                        choices, model)
    return await handlers.answer(request, cell if cell is not None else CellYield())


@pytest.mark.parametrize(('request_', 'kind', 'message'), [
    (r.Reconstruct((10, 11)), 'KeyError', 'no frame 11; this query holds [10, 14, 20]'),
    (r.Reconstruct(()), 'ValueError', 'no frame'),
    (r.SegmentText((10,), ('a', 'b'), ('a',)), 'ValueError', '2 prompts and 1 labels'),
    (r.SegmentText((10,), ('',), ('a',)), 'ValueError', 'no empty prompt'),
    (r.SegmentBoxes((10,), ((0., 0., np.nan, 1.),), ('a',), 10), 'ValueError', 'not finite'),
    (r.SegmentBoxes((10,), ((5., 5., 5., 9.),), ('a',), 10), 'ValueError', 'no area'),
    (r.SegmentBoxes((10,), ((700., 5., 800., 9.),), ('a',), 10), 'ValueError', 'outside'),
    (r.SegmentBoxes((10,), ((1., 1., 9., 9.),), ('a',), 99), 'KeyError', 'no frame 99'),
    (r.SegmentPoints((10,), (np.zeros((2, 3)),), ((1, 1),), ('a',), 10), 'ValueError', '(N, 2)'),
    (r.SegmentPoints((10,), (np.zeros((1, 2)),), ((0,),), ('a',), 10), 'ValueError', 'one 1'),
    (r.SegmentPoints((10,), (np.full((1, 2), 9e2),), ((1,),), ('a',), 10), 'ValueError',
     'outside'),
    (r.Ask('locate', (PICTURE,), 'x'), 'VLMError', 'no vision-language model'),
    (r.Show((PICTURE.astype(float),), ('a',)), 'ValueError', 'uint8 (H, W, 3)'),
    (r.Show((PICTURE,), ()), 'ValueError', '1 pictures and 0 labels'),
    (r.Show((), (), (Quantity('q', 1., 'm', points=np.zeros(3)),)), 'ValueError', 'y.points'),
    (r.SubmitAnswer('1', np.inf, 'm', ()), 'ValueError', 'finite'),
    (r.SubmitAnswer('1', 1., 'm', (), main=3), 'ValueError', 'main finding 3'),
    (r.Done(), 'TypeError', 'Done is not a request'),
])
async def test_what_a_kernel_sends_is_checked(request_, kind, message):
    reply = await answered(request_)
    assert isinstance(reply, r.Failed)
    assert (reply.kind, message in reply.message) == (kind, True), reply


async def test_an_engines_error_travels_whole():
    class Near(box_world.Depth):
        def reconstruct(self, frames):
            raise TooClose('frame 10 is too close\nmove back 0.2 m')

    reply = await answered(r.Reconstruct((10,)), depth=Near())
    assert reply == r.Failed('TooClose', 'frame 10 is too close\nmove back 0.2 m')


async def test_the_first_answer_counts():
    cell = CellYield()
    assert isinstance(await answered(r.SubmitAnswer(' 0 ', 0.0, 'm', ()), cell=cell), r.Done)
    assert isinstance(await answered(r.SubmitAnswer('7', 7., 'm', ()), cell=cell), r.Failed)
    assert cell.answer.text == '0' and cell.answer.value == 0.0


async def test_a_choice_is_returned_as_the_question_has_it():
    cell = CellYield()
    refused = await answered(r.SubmitAnswer('up', None, '', ()), choices=('A. left', 'B. right'),
                             cell=cell)
    assert refused.kind == 'ValueError' and "'A. left', 'B. right'" in refused.message
    assert cell.answer is None
    await answered(r.SubmitAnswer('Right', None, '', ()), choices=('A. left', 'B. right'),
                   cell=cell)
    assert cell.answer.text == 'B. right'


async def test_a_failing_model_is_a_vlm_error():
    class Fails:
        async def look(self, kind, images, question):
            raise TimeoutError('no reply in 30 s')

    reply = await answered(r.Ask('ask', (PICTURE,), 'x'), model=Fails())
    assert reply == r.Failed('VLMError', 'TimeoutError: no reply in 30 s')


async def test_shown_findings_are_kept():
    cell = CellYield()
    finding = Distance('a', 'b', 'CLOSEST', np.zeros(3), np.ones(3), 1.0)
    await answered(r.Show((PICTURE,), ('one',), (finding,)), cell=cell)
    assert [p.label for p in cell.pictures] == ['one'] and cell.findings == [finding]
