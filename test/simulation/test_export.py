"""A simulated scene as a recording: it reads back, and its questions are well posed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.recordings.regions import regions_from
from spatialclaw_ros.simulation.export import simulate
from spatialclaw_ros.simulation.questions import FAMILIES

pytest.importorskip('open3d')


@pytest.fixture(scope='module', params=['room', 'tabletop'])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp('sim') / request.param
    simulate(request.param, 1, path, frames=2, width=320, height=240)
    return path


def questions(folder):
    return json.loads((folder / 'questions.json').read_text())['questions']


def test_it_reads_back_with_poses_and_labels(folder):
    recording = open_recording(folder)
    window = recording.window()
    assert recording.frame_indices == (0, 1)
    assert window.world_frame == 'world'
    np.testing.assert_allclose(window.up, [0, 0, 1])
    assert all(frame.labels is not None and frame.camera_to_world is not None
               for frame in window.frames)
    assert window.frames[0].pose_sigma.translation > 0


def test_masks_are_named_and_agree_with_the_labels(folder):
    from PIL import Image
    objects = json.loads((folder / 'scene_objects.json').read_text())
    labels = open_recording(folder).frame(1).labels
    for place, entry in enumerate(objects['1']):
        mask = np.asarray(Image.open(folder / 'mask_visib' / f'000001_{place:06d}.png')) > 0
        np.testing.assert_array_equal(mask, labels.ids == entry['obj_id'])
        assert labels.names[entry['obj_id']] == entry['name']


def test_every_question_has_truth_unit_tolerance_and_regions(folder):
    asked = questions(folder)
    assert len(asked) >= 12
    assert len({question['id'] for question in asked}) == len(asked)
    for question in asked:
        assert question['type'] in FAMILIES
        assert question['question'].endswith('?')
        assert question['answer'] == question['truth_visible']
        assert question['truth_mesh'] is not None
        if isinstance(question['answer'], str):
            assert question['tolerance'] is None and question['unit'] is None
        else:
            assert question['tolerance'] >= 0 and np.isfinite(question['answer']).all()
        assert question['frame'] in question['frames']


def test_regions_can_be_given_with_the_question(folder):
    recording = open_recording(folder)
    for question in questions(folder):
        regions = regions_from(question['regions'])
        window = recording.window(question['frames'], regions, question['target_frame'])
        assert sum(len(frame.regions) for frame in window.frames) == len(regions) > 0


def test_visible_extent_never_exceeds_the_mesh(folder):
    for question in questions(folder):
        if question['type'] in ('height', 'closest', 'from_camera'):
            sign = -1 if question['type'] == 'height' else 1
            assert sign * question['truth_visible'] >= sign * question['truth_mesh'] - 2e-3


def test_the_same_seed_writes_the_same_questions(folder, tmp_path):
    simulate(folder.name, 1, tmp_path / folder.name, frames=2, width=320, height=240)
    assert questions(tmp_path / folder.name) == questions(folder)
