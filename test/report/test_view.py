"""The 3D view: points where the camera saw them, findings where they were found."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import records

from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.report.view import MOST_POINTS
from spatialclaw_ros.report.view import view_of
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

CAMERA = Camera('head', 'head_optical', 8, 6, np.array([[8, 0, 4], [0, 8, 3], [0, 0, 1.0]]))
#: Looks along +x of the world from 2 m above it.
POSE = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 2], [0, 0, 0, 1.0]])
DISTANCE = {'type': 'Distance', 'from_name': 'mug', 'to_name': 'tape', 'kind': 'CLOSEST',
            'from_point': [3.0, 0.1, 2.0], 'to_point': [3.0, -0.1, 2.0], 'value': 0.2,
            'frames': [4]}


def frame(index: int, depth: float | None = 3.0, pose: np.ndarray | None = POSE) -> Frame:
    image = np.full((6, 8, 3), [10 * index, 20, 30], np.uint8)
    return Frame(index, index, CAMERA, image,
                 None if depth is None else np.full((6, 8), depth, np.float32), pose)


def figure(folder: Path, window: FrameWindow | None, *findings: dict[str, Any]) -> dict[str, Any]:
    records.write(folder, records.QUESTION, records.event(
        'answer', answer={'code': 'NONE', 'evidence': list(findings)}))
    view = view_of(read_record(folder), None if window is None else Kept(window))
    assert view is not None
    return {**json.loads(view.figure), 'note': view.note}


def points(trace: dict[str, Any]) -> np.ndarray:
    """(N, 3) of a trace; plotly packs arrays."""
    return np.column_stack([
        np.frombuffer(base64.b64decode(trace[axis]['bdata']), trace[axis]['dtype'])
        if isinstance(trace[axis], dict) else trace[axis] for axis in 'xyz']).astype(float)


def named(figure: dict[str, Any], start: str) -> dict[str, Any]:
    return next(trace for trace in figure['data'] if trace['name'].startswith(start))


def test_points_are_in_the_world_in_their_colours(tmp_path: Path) -> None:
    drawn = figure(tmp_path, FrameWindow((frame(4),), 'odom', np.array([0, 0, 1.0])))
    cloud = named(drawn, 'what the camera saw')
    assert np.allclose(points(cloud)[:, 0], 3.0), "depth is along the world's x"
    assert points(cloud)[:, 2].min() >= 2 - 3 * 3 / 8 - 1e-6
    assert set(cloud['marker']['color']) == {'#28141e'}
    scene = drawn['layout']['scene']
    assert [scene[f'{axis}axis']['title']['text'] for axis in 'xyz'] == ['x (m)', 'y (m)', 'z (m)']
    sides = np.array([np.diff(scene[f'{axis}axis']['range'])[0] for axis in 'xyz'])
    assert np.ptp(np.array(list(scene['aspectratio'].values())) / sides) < 1e-9
    assert scene['dragmode'] == 'turntable' and scene['camera']['up']['z'] == 1


def test_a_distance_is_a_line_between_its_ends_with_its_value(tmp_path: Path) -> None:
    drawn = figure(tmp_path, FrameWindow((frame(4),), 'odom'), DISTANCE)
    line = named(drawn, 'closest distance, mug to tape')
    assert points(line).round(6).tolist() == [[3, 0.1, 2], [3, -0.1, 2]]
    assert [note['text'] for note in drawn['layout']['scene']['annotations']] == ['0.200 m']
    assert 'Only what lies about the findings' in drawn['note']


def test_without_frames_the_findings_are_drawn_alone(tmp_path: Path) -> None:
    drawn = figure(tmp_path, None, DISTANCE)
    assert {trace['name'] for trace in drawn['data']} == {'closest distance, mug to tape'}


def test_without_anything_there_is_no_view(tmp_path: Path) -> None:
    record = read_record(records.write(tmp_path, records.QUESTION))
    assert view_of(record, None) is None
    assert view_of(record, Kept(FrameWindow((), 'world'))) is None
    assert view_of(record, Kept(FrameWindow((frame(4, depth=None),), 'odom'))) is None


@pytest.mark.parametrize(('frames', 'color', 'note'), [
    ((frame(1, pose=None), frame(2, pose=None), frame(4, pose=None)), '#28141e', 'of frame 4'),
    ((frame(5, pose=None), frame(6, pose=None)), '#3c141e', 'of frame 6'),
    ((frame(1), frame(2, pose=None)), '#0a141e', '1 of 2 frames have no pose')])
def test_worlds_that_are_not_one_are_not_mixed(
        tmp_path: Path, frames: tuple[Frame, ...], color: str, note: str) -> None:
    finding = {**DISTANCE, 'from_point': [0, 0, 3], 'to_point': [0.2, 0, 3]}
    finding = finding if frames[0].camera_to_world is None else DISTANCE
    drawn = figure(tmp_path, FrameWindow(frames, 'odom'), finding)
    assert set(named(drawn, 'what the camera saw')['marker']['color']) == {color}
    assert note in drawn['note']


def test_a_position_in_the_frame_of_a_camera_is_drawn_in_the_world(tmp_path: Path) -> None:
    position = {'type': 'Position', 'name': 'mug', 'point': [0.0, 0.0, 3.0], 'frame': 'camera 4',
                'covariance': np.diag([0.01, 0.01, 0.09]).tolist(), 'frames': [4]}
    lost = {**position, 'name': 'tape', 'frame': 'gripper'}
    drawn = figure(tmp_path, FrameWindow((frame(4),), 'odom'), position, lost)
    traces = [trace for trace in drawn['data'] if trace['name'] == 'position of mug']
    outline, dot = map(points, traces)
    assert np.allclose(dot, [[3, 0, 2]])
    assert np.isclose(np.nanmax(np.abs(outline - [3, 0, 2]), axis=0), [0.3, 0.1, 0.1]).all()
    assert not [trace for trace in drawn['data'] if 'tape' in trace['name']]


def test_a_real_scene_is_thinned_and_has_its_boxes(scripted: Path) -> None:
    view = view_of(read_record(scripted), read_kept(scripted))
    drawn = json.loads(view.figure)
    cloud = points(named(drawn, 'what the camera saw'))
    assert 10_000 < len(cloud) <= MOST_POINTS
    low, high = np.nanmin(points(named(drawn, 'box of drill')), axis=0), np.nanmax(
        points(named(drawn, 'box of drill')), axis=0)
    assert ((cloud >= low) & (cloud <= high)).all(axis=1).sum() > 300, 'the drill is in its box'
    again = view_of(read_record(scripted), read_kept(scripted))
    assert again.figure.count('"bdata"') == view.figure.count('"bdata"')


def test_a_label_is_no_markup_for_plotly(tmp_path: Path) -> None:
    evil = {**DISTANCE, 'from_name': '<a href="http://x">y</a>', 'note': ''}
    drawn = figure(tmp_path, None, evil)
    assert '<' not in drawn['data'][0]['name']
    assert drawn['data'][0]['hovertemplate'].replace('<br>', '').count('<') == 2


@pytest.mark.parametrize('broken', [
    {'type': 'Distance'}, {'type': 'Distance', 'from_point': [0, 0], 'to_point': 'x'},
    {'type': 'Found', 'center': [0, 0, None]}, {'type': 'Position', 'point': {'shape': [3]}},
    {'type': 'Track', 'positions': {'shape': [600, 3]}}, {'type': 'Hologram'}, {},
    {**DISTANCE, 'frames': 'all'}, {**DISTANCE, 'frames': [[4], None]}])
def test_a_finding_that_cannot_be_drawn_is_passed_over(
        tmp_path: Path, broken: dict[str, Any]) -> None:
    drawn = figure(tmp_path, FrameWindow((frame(4),), 'odom'), broken, DISTANCE)
    assert named(drawn, 'closest distance, mug to tape')


def test_a_window_of_many_frames_is_thinned(tmp_path: Path) -> None:
    frames = tuple(frame(index % 10) for index in range(1000))
    drawn = figure(tmp_path, FrameWindow(frames, 'odom'))
    assert len(points(named(drawn, 'what the camera saw'))) == MOST_POINTS
