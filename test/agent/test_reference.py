"""The prompt and the toolkit are one text: what is told can be called, and nothing more is told."""

from __future__ import annotations

import functools
import importlib
import inspect
import re

import pytest

from spatialclaw_ros.agent.interfaces.call import CallInterface
from spatialclaw_ros.agent.interfaces.code import CodeInterface
from spatialclaw_ros.agent.reference import _TOLD
from spatialclaw_ros.agent.reference import reference

#: What cells call most, of ../shared/kernel_api.md and the published runs.
MUST_BE_TOLD = (
    'locate ask_with_thinking Reconstruct render_bev objects segment_image_by_text '
    'segment_image_by_box segment_image_by_points segment_video_by_text segment_video_by_box '
    'segment_video_by_points get_mask get_masked_points get_centroid_3d visualize '
    'closest_distance centroid_distance gap height extent size position direction facing '
    'angle_between above fits nearest count track plane ReturnAnswer show')


@pytest.mark.parametrize('title', _TOLD)
def test_what_is_told_of_a_class_is_what_python_finds_there(title):
    path, name, members = _TOLD[title]
    cls = getattr(importlib.import_module(f'spatialclaw_ros.{path.replace("/", ".")}'), name)
    told = reference().split(f'## {title}\n')[1].split('\n## ')[0]
    assert ' '.join(inspect.getdoc(cls).split()) in told
    for member in members.split():
        if member == '*':
            continue
        found = inspect.getattr_static(cls, member)
        is_property = isinstance(found, (property, functools.cached_property))
        doc = inspect.getdoc(found if is_property else getattr(cls, member))
        assert ' '.join(doc.split())[:200] in told
        if not is_property:
            names = [one.split('=')[0].strip('* ') for one in re.search(
                rf'- `{member}\((.*?)\)` ', told).group(1).split(', ')]
            parameters = set(inspect.signature(getattr(cls, member)).parameters) - {'self', 'cls'}
            assert parameters <= set(names) | {''}, member


@pytest.mark.parametrize('name', MUST_BE_TOLD.split())
def test_what_cells_need_most_is_told(name):
    assert f'`{name}' in reference()


@pytest.mark.parametrize('interface', [
    CodeInterface(), CodeInterface(looks=False), CallInterface(native=False),
    CallInterface(native=True)], ids=lambda one: one.name)
def test_a_prompt_is_short_and_the_same_for_every_query(interface):
    prompt = interface.prompt()
    words = re.findall(r'\w+|[^\w\s]', prompt)
    assert len(words) < 6000  # a token is seldom less than a word or a sign
    assert len(prompt) / 3.5 < 6000
    assert prompt == interface.prompt()
    assert '{{' not in prompt
