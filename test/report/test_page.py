"""What the page says, and that nothing in a record becomes part of its markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
import json
from pathlib import Path
import re
import shutil

import pytest
import records

from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.report.page import page
from spatialclaw_ros.report.view import view_of
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

EVIL = '</script><script>alert(1)</script>\'"&\udc80'


class Seen(HTMLParser):
    """Elements of a page with their attributes, and its text without that of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ''
        self._inside = ''
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ''

    def handle_data(self, data):
        self.text += data if self._inside not in ('script', 'style') else ''

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def made(folder: Path, kept: Kept | None = None) -> str:
    record = read_record(folder)
    return page(record, kept, view_of(record, kept))


@pytest.fixture(scope='module')
def whole(scripted: Path) -> str:
    return made(scripted, read_kept(scripted))


def test_it_tells_the_whole_session(whole: str) -> None:
    text = ' '.join(Seen(whole).text.split())
    for said in ('How far is the banana from the drill?', '0.028 m', '95 % interval',
                 'Locate banana and drill in the frames and segment both.',
                 'The centroid of each surface is the quickest thing to measure.',
                 'the centroid distance was', 'closest distance, banana to drill', 'top view',
                 'Scripted session.', 'no model wrote them', 'frame 0', 'box of banana'):
        assert said in text, said
    assert 'no answer' not in text


def test_it_needs_nothing_else(whole: str) -> None:
    seen = Seen(whole)
    for _, attributes in seen.elements:
        for name in ('src', 'href', 'srcset', 'data', 'action'):
            assert (attributes.get(name) or 'data:').startswith('data:')
    assert not re.search(r'@import|url\((?!["\']?data:)', whole.split('</style>')[0])
    assert len(seen.named('img')) == 3


def test_a_query_that_still_runs_says_so(tmp_path: Path) -> None:
    records.write(tmp_path, records.QUESTION, records.step(1), records.result(1), records.step(2),
                  records.event('output', text='looking at frame 7'), torn='{"event": "re')
    text = Seen(made(tmp_path)).text
    assert 'no answer yet' in text and '1 cell has ended so far' in text
    assert 'running' in text and 'looking at frame 7' in text
    assert 'Scripted' not in text


def test_an_answer_by_no_cell_gives_its_reason(tmp_path: Path) -> None:
    records.write(tmp_path, records.QUESTION, records.event('answer', answer={
        'code': 'UNKNOWN_OBJECT', 'message': 'no mug is known', 'candidates': ['cup', 'jug']}))
    text = Seen(made(tmp_path)).text
    assert 'unknown object' in text and 'no mug is known' in text and 'cup, jug' in text


def test_plan_model_calls_and_what_the_model_said_are_there(tmp_path: Path) -> None:
    records.write(
        tmp_path, records.QUESTION, records.event('plan', text='First look.'),
        records.event('model', role='write', model='qwen', prompt_tokens=1200,
                      completion_tokens=300, reasoning_tokens=77, seconds=2.5, attempts=3,
                      reply='the whole reply'),
        records.event('bad_reply', message='no code block', reply='I cannot.'),
        records.step(1), records.event('said', kind='locate', question='Where?', text='10 20 30'),
        records.result(1, status='error', error='KeyError: 3'))
    text = Seen(made(tmp_path)).text
    for said in ('First look.', 'qwen', '1,200', '300', '77', '2.50 s', '3 tries',
                 'the whole reply', 'no code block', 'I cannot.', 'vlm.locate', '10 20 30',
                 'KeyError: 3'):
        assert said in text, said


def test_nothing_in_a_record_becomes_markup(scripted: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'evil'
    shutil.copytree(scripted, folder)
    finding = {'type': 'Distance', 'from_name': EVIL, 'to_name': EVIL, 'kind': 'CLOSEST',
               'from_point': [0, 0, 1], 'to_point': [0, 0, 1.5], 'value': 0.5, 'frames': [0],
               'note': EVIL}
    records.write(
        folder, {**records.QUESTION, 'text': EVIL, 'choices': [EVIL], 'world_frame': EVIL},
        records.event('plan', text=EVIL),
        records.event('model', role=EVIL, model=EVIL, reply=EVIL),
        records.event('bad_reply', message=EVIL, reply=EVIL),
        records.step(1, f'x = {EVIL!r}\n# {EVIL}', writer=EVIL, purpose=EVIL, reasoning=EVIL,
                     next_goal=EVIL),
        records.event('said', kind=EVIL, question=EVIL, text=EVIL),
        records.result(1, status=EVIL, stdout=EVIL, error=EVIL, note=EVIL, findings=[finding],
                       calls=[[EVIL, 0.1, True]],
                       variables=[{'type': 'Variable', 'name': EVIL, 'summary': EVIL}]),
        records.event('image', label=EVIL, file='001.png'),
        records.event('image', label=EVIL, file=f'../{EVIL}'),
        records.event('answer', answer={
            'code': EVIL, 'text': EVIL, 'explanation': EVIL, 'message': EVIL, 'unit': EVIL,
            'frame': EVIL, 'evidence': [finding], 'candidates': [EVIL], 'sandbox': EVIL,
            'position': [0, 0, 1]}))
    window = read_kept(folder).window
    frame = replace(window.frames[0], regions=(Region(EVIL, 0, (10, 10, 50, 50)),),
                    camera=replace(window.frames[0].camera, name=EVIL))
    seen = Seen(made(folder, Kept(replace(window, frames=(frame,)))))
    nonces = {attributes.get('nonce') for attributes in seen.named('script')}
    assert len(seen.named('script')) == 3 and len(nonces) == 1 and None not in nonces
    assert not [name for _, attributes in seen.elements for name in attributes
                if name.startswith('on')]
    assert seen.text.count("</script><script>alert(1)</script>'\"&?") > 25


def test_the_page_of_a_record_alone_has_no_script_at_all(tmp_path: Path) -> None:
    folder = records.write(tmp_path, records.QUESTION)
    seen = Seen(made(folder))
    assert seen.named('script') == [] and seen.named('img') == []


def test_of_many_frames_some_are_shown(scripted: Path) -> None:
    window = read_kept(scripted).window
    frames = tuple(replace(window.frames[0], index=index, stamp=index * 10**8)
                   for index in range(60))
    record = read_record(scripted)
    text = page(record, Kept(FrameWindow(frames, 'odom')), None)
    assert '24 of 60 frames' in text and text.count('<img') == 24 + 2
    assert 'frame 0' in text and 'frame 59' in text


def test_of_many_steps_only_those_that_failed_are_open(tmp_path: Path) -> None:
    turns = [event for number in range(1, 9) for event in (
        records.step(number), records.result(number, status='error' if number == 3 else 'ok'))]
    steps = [attributes for attributes in Seen(made(records.write(
        tmp_path, records.QUESTION, *turns))).named('details') if attributes['class'] == 'step']
    assert [number for number, step in enumerate(steps, 1) if 'open' in step] == [3]


def test_the_figure_is_json_that_ends_no_script(whole: str) -> None:
    figure = re.search(r'id="figure"[^>]*>(.*?)</script>', whole, re.DOTALL)
    assert figure and '<' not in figure.group(1)
    assert {'data', 'layout'} <= json.loads(figure.group(1)).keys()
