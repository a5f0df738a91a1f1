"""The reader of scene folders, the writer, and windows of what they hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.recordings import open_recording
from spatialclaw_ros.recordings import RecordingError
from spatialclaw_ros.recordings.images import write_png
from spatialclaw_ros.recordings.writer import write_recording
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.scene import Region

SIZE = (12, 16)


def camera(**changes):
    matrix = np.array([[20.0, 0, 8], [0, 21, 6], [0, 0, 1]])
    return Camera('camera', 'camera_optical_frame', SIZE[1], SIZE[0], matrix, **changes)


def pose(x):
    return np.array([[0.0, 0, 1, x], [-1, 0, 0, 2], [0, -1, 0, 3], [0, 0, 0, 1]])


def frame(index, camera_to_world=None, labels=None):
    rng = np.random.default_rng(index)
    depth = rng.uniform(0.5, 4, SIZE).astype(np.float32)
    depth[0, :3] = np.nan, np.inf, -np.inf
    return Frame(index, index * 1000, camera(), rng.integers(0, 255, (*SIZE, 3), np.uint8), depth,
                 camera_to_world, PoseSigma(0.002, 0.003), labels=labels)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / 'table'
    write_recording(path, [frame(3, pose(1.0)), frame(7, pose(1.5))], np.array([0, 0, 1.0]))
    return path


def edit(path: Path, change) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


def test_what_is_written_is_read(folder):
    recording = open_recording(folder)
    written = frame(7, pose(1.5))
    read = recording.window().at(7)
    assert recording.frame_indices == (3, 7)
    assert recording.name == 'table'
    np.testing.assert_array_equal(read.image, written.image)
    known = np.isfinite(written.depth)
    np.testing.assert_allclose(read.depth[known], written.depth[known], atol=0.00011)
    assert np.isnan(read.depth[~known]).all()
    assert read.depth.dtype == np.float32
    np.testing.assert_allclose(read.camera_to_world, pose(1.5), atol=1e-9)
    np.testing.assert_allclose(read.camera.matrix, camera().matrix)
    assert read.pose_sigma == PoseSigma(0.002, 0.003)
    np.testing.assert_allclose(recording.up, [0, 0, 1])


def test_depth_scale_is_millimetres_per_count(folder):
    write_png(folder / 'depth' / '000003.png', np.full(SIZE, 2000, np.uint16))
    edit(folder / 'scene_camera.json', lambda table: table['3'].update(depth_scale=0.1))
    assert open_recording(folder).frame(3).depth[0, 0] == pytest.approx(0.2)


def test_stamps_follow_the_frame_number_at_30_hz(folder):
    assert open_recording(folder).frame(3).stamp == 100_000_000


def test_arrays_live_in_sealed_memory(folder):
    image = open_recording(folder).frame(3).image
    assert image.memory is not None


def test_labels_are_read(tmp_path):
    ids = np.zeros(SIZE, np.uint8)
    ids[2:4, 2:4] = 5
    write_recording(tmp_path / 'a', [frame(0, labels=LabelImage(ids, {5: 'mug'}))], None)
    labels = open_recording(tmp_path / 'a').frame(0).labels
    assert labels.names == {5: 'mug'}
    np.testing.assert_array_equal(labels.ids, ids)


def test_jpeg_colour_images_are_read(folder):
    from PIL import Image
    path = folder / 'rgb' / '000003.png'
    path.unlink()
    Image.fromarray(np.full((*SIZE, 3), 100, np.uint8)).save(path.with_suffix('.jpg'))
    assert abs(int(open_recording(folder).frame(3).image[5, 5, 0]) - 100) < 3


def test_distortion_is_used_only_when_not_rectified(folder):
    assert not open_recording(folder).frame(3).camera.is_distorted
    edit(folder / 'scene_info.json', lambda info: info.update(
        rectified=False, distortion=[0.1, -0.2, 0, 0, 0]))
    read = open_recording(folder).frame(3).camera
    assert read.is_distorted and read.distortion_model == 'plumb_bob'


class TestWorld:

    def test_poses_make_one_world(self, folder):
        window = open_recording(folder).window()
        assert window.world_frame == 'world'
        np.testing.assert_allclose(window.up, [0, 0, 1])

    def test_one_frame_without_a_pose_is_its_own_world(self, tmp_path):
        write_recording(tmp_path / 'a', [frame(0)], None)
        window = open_recording(tmp_path / 'a').window()
        assert window.world_frame == 'camera_optical_frame'
        assert window.frames[0].camera_to_world is None

    def test_several_frames_without_poses_share_no_gravity(self, tmp_path):
        write_recording(tmp_path / 'a', [frame(0), frame(1)], np.array([0, -1.0, 0]))
        recording = open_recording(tmp_path / 'a')
        assert recording.window().up is None
        np.testing.assert_allclose(recording.window([1]).up, [0, -1, 0])

    def test_camera_as_target_is_the_newest_frame(self, folder):
        window = open_recording(folder).window(target_frame='camera')
        assert window.target_frame == 'camera_optical_frame'
        np.testing.assert_allclose(window.world_to_target @ pose(1.5), np.eye(4), atol=1e-9)
        assert window.target_moves

    def test_world_as_target(self, folder):
        window = open_recording(folder).window([3], target_frame='world')
        np.testing.assert_allclose(window.world_to_target, np.eye(4))
        assert not window.target_moves

    def test_unknown_target_names_the_known(self, folder):
        with pytest.raises(NoTransform, match=r"'base_link'.*known: camera.*world"):
            open_recording(folder).window(target_frame='base_link')

    def test_world_is_unknown_without_poses(self, tmp_path):
        write_recording(tmp_path / 'a', [frame(0)], None)
        with pytest.raises(NoTransform, match='no frame asked for has a pose'):
            open_recording(tmp_path / 'a').window(target_frame='world')


class TestChoice:

    def test_frames_and_regions(self, folder):
        regions = [Region('mug', 3, (1, 1, 4, 4)), Region('mug', 7, (2, 1, 5, 4))]
        window = open_recording(folder).window([7], regions)
        assert [f.index for f in window.frames] == [7]
        assert [r.frame for r in window.frames[0].regions] == [7]
        assert window.frames[0].regions[0].name == 'mug'
        assert open_recording(folder).window([7]).frames[0].regions == ()

    def test_frames_come_in_time_order_and_once(self, folder):
        window = open_recording(folder).window([7, 3, 7])
        assert [f.index for f in window.frames] == [3, 7]

    def test_absent_frame_lists_those_there_are(self, folder):
        with pytest.raises(BadGoal, match=r'frame 4 .*has frames 3, 7'):
            open_recording(folder).window([3, 4])

    def test_region_on_an_absent_frame(self, folder):
        with pytest.raises(BadGoal, match=r"'mug': frame 5 .*has frames 3, 7"):
            open_recording(folder).window(regions=[Region('mug', 5, (1, 1, 4, 4))])

    def test_region_outside_the_image(self, folder):
        with pytest.raises(BadGoal, match=r"'mug'.*outside the 16x12 image"):
            open_recording(folder).window(regions=[Region('mug', 3, (20, 1, 40, 4))])

    def test_no_frames(self, folder):
        with pytest.raises(NoFrames):
            open_recording(folder).window([])


class TestDamage:

    @pytest.mark.parametrize('part', ['rgb', 'depth'])
    def test_missing_image(self, folder, part):
        (folder / part / '000003.png').unlink()
        recording = open_recording(folder)
        with pytest.raises(RecordingError, match=rf'{part}/000003\.png.* missing'):
            recording.window()
        assert recording.window([7]).frames

    @pytest.mark.parametrize('part', ['rgb', 'depth'])
    @pytest.mark.parametrize('keep', [0, 20, 0.6])
    def test_truncated_image(self, folder, part, keep):
        path = folder / part / '000003.png'
        data = path.read_bytes()
        path.write_bytes(data[:int(keep * len(data)) if keep < 1 else keep])
        with pytest.raises(RecordingError, match=rf'{part}/000003\.png.*truncated'):
            open_recording(folder).window()

    def test_depth_of_another_size(self, folder):
        write_png(folder / 'depth' / '000003.png', np.ones((6, 8), np.uint16))
        with pytest.raises(RecordingError, match=r'depth is 8x6, the colour image 16x12'):
            open_recording(folder).window()

    def test_eight_bit_colour_as_depth(self, folder):
        write_png(folder / 'depth' / '000003.png', np.ones((*SIZE, 3), np.uint8))
        with pytest.raises(RecordingError, match='one channel'):
            open_recording(folder).window()

    def test_truncated_table(self, folder):
        path = folder / 'scene_camera.json'
        path.write_text(path.read_text()[:40])
        with pytest.raises(RecordingError, match=r'scene_camera\.json: truncated'):
            open_recording(folder)

    def test_missing_table(self, folder):
        (folder / 'scene_camera.json').unlink()
        with pytest.raises(RecordingError, match=r'scene_camera\.json: missing'):
            open_recording(folder)

    def test_frame_without_an_entry(self, folder):
        edit(folder / 'scene_camera.json', lambda table: table.pop('3'))
        with pytest.raises(RecordingError, match='no entry for frame 3'):
            open_recording(folder).window()

    @pytest.mark.parametrize('changes, message', [
        ({'cam_K': [1, 2, 3]}, 'cam_K must be 9'),
        ({'cam_K': [0, 0, 8, 0, 0, 6, 0, 0, 1]}, 'must be positive'),
        ({'cam_K': None}, 'cam_K must be 9'),
        ({'cam_R_w2c': [1, 0, 0, 0, 2, 0, 0, 0, 1]}, 'no rotation'),
        ({'depth_scale': 0}, 'depth_scale'),
        ({'depth_scale': 1e-6}, 'is depth_scale 1e-06 right'),
    ])
    def test_bad_values(self, folder, changes, message):
        edit(folder / 'scene_camera.json', lambda table: table['3'].update(changes))
        with pytest.raises(RecordingError, match=message):
            open_recording(folder).window()

    @pytest.mark.parametrize('name, table, message', [
        ('scene_info.json', {'pose_sigma': 5}, r'scene_info\.json: pose_sigma must be'),
        ('scene_info.json', {'pose_sigma': {'translation': 'x'}}, 'pose_sigma must be numbers'),
        ('scene_info.json', {'rectified': False, 'distortion': 'x'}, 'distortion must be numbers'),
        ('labels.json', {'a': 'mug'}, r'labels\.json: expected'),
    ])
    def test_bad_tables(self, folder, name, table, message):
        (folder / name).write_text(json.dumps(table))
        with pytest.raises(RecordingError, match=message):
            open_recording(folder).window()

    def test_table_nested_too_deeply(self, folder):
        (folder / 'scene_camera.json').write_text('[' * 100_000)
        with pytest.raises(RecordingError, match=r'scene_camera\.json: truncated or no JSON'):
            open_recording(folder)

    def test_missing_value(self, folder):
        edit(folder / 'scene_camera.json', lambda table: table['3'].pop('cam_K'))
        with pytest.raises(RecordingError, match='frame 3 has no cam_K'):
            open_recording(folder).window()

    def test_what_is_no_recording(self, tmp_path):
        with pytest.raises(RecordingError, match='expected a BOP scene folder'):
            open_recording(tmp_path)
        with pytest.raises(RecordingError, match='no such recording'):
            open_recording(tmp_path / 'nothing')
