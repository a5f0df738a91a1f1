"""Regions on the command line and in JSON."""

from __future__ import annotations

import json

import pytest

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.recordings import parse_region
from spatialclaw_ros.recordings import read_regions
from spatialclaw_ros.recordings.regions import parse_frames


@pytest.mark.parametrize('text, name, frame, box', [
    ('mug=0:443,290,487,352', 'mug', 0, (443, 290, 487, 352)),
    ('red joke book=12:1.5, 2, 3 ,4', 'red joke book', 12, (1.5, 2, 3, 4)),
    ('a=b=3:-4,0,10,10', 'a=b', 3, (-4, 0, 10, 10)),
])
def test_command_line(text, name, frame, box):
    region = parse_region(text)
    assert (region.name, region.frame, region.box) == (name, frame, box)


@pytest.mark.parametrize('text', [
    '', 'mug', 'mug=443,290,487,352', '=0:1,2,3,4', 'mug=0:1,2,3', 'mug=x:1,2,3,4',
    'mug=0:1,2,3,4,5'])
def test_what_is_not_understood_says_how(text):
    with pytest.raises(BadGoal, match='NAME=FRAME:x1,y1,x2,y2'):
        parse_region(text)


@pytest.mark.parametrize('table', [
    {'mug': 5}, {'mug': None}, {'mug': 'box'}, {'mug': [None]}, {'mug': {'frame': 0}},
    {'mug': {'frame': 0.7, 'box': [1, 2, 3, 4]}}, {'mug': {'frame': 1e999, 'box': [1, 2, 3, 4]}},
    {'mug': {'frame': '0', 'box': [1, 2, 3, 4]}}, {'mug': {'frame': 0, 'box': [1, 2, 3]}},
    {'mug': {'frame': 0, 'box': [1, 2, float('inf'), 4]}}, {' ': {'frame': 0, 'box': [1, 2, 3, 4]}},
    {'mug': {'frame': 0, 'box': [float('nan'), 2, 3, 4]}}])
def test_json_that_is_no_region_says_which(table, tmp_path):
    path = tmp_path / 'regions.json'
    path.write_text(json.dumps(table))
    with pytest.raises(BadGoal, match=r'mug|no name'):
        read_regions(path)


def test_json_nested_too_deeply_is_one_clear_error(tmp_path):
    path = tmp_path / 'regions.json'
    path.write_text('[' * 100_000)
    with pytest.raises(BadGoal, match='no regions can be read'):
        read_regions(path)


def test_frame_numbers():
    assert parse_frames('0, 3,7') == [0, 3, 7]
    with pytest.raises(BadGoal, match="'0,x' is not a list of frame numbers such as 0,3,7"):
        parse_frames('0,x')


def test_a_box_without_area():
    with pytest.raises(BadGoal, match='no area'):
        parse_region('mug=0:5,5,5,9')


def test_json(tmp_path):
    path = tmp_path / 'regions.json'
    path.write_text(json.dumps({
        'can': [{'frame': 0, 'box': [1, 2, 3, 4]}, {'frame': 0, 'box': [5, 6, 7, 8]}],
        'mug': [{'frame': 2, 'box': [1, 2, 3, 4]}]}))
    regions = read_regions(path)
    assert [(r.name, r.frame) for r in regions] == [('can', 0), ('can', 0), ('mug', 2)]
    assert regions[1].box == (5, 6, 7, 8)


@pytest.mark.parametrize('text', ['', '[1]', '{"mug": [{"frame": 0}]}', '{"mug": [3]}'])
def test_bad_json(tmp_path, text):
    path = tmp_path / 'regions.json'
    path.write_text(text)
    with pytest.raises(BadGoal):
        read_regions(path)
