from __future__ import annotations

from dataclasses import replace
import io

import box_world
import cv2
import numpy as np
from PIL import Image
from PIL import ImageOps
import pytest

from spatialclaw_ros.scene import Region
from spatialclaw_ros.toolkit.input_images import FrameImage
from spatialclaw_ros.toolkit.input_images import InputImages

FRAME = box_world.frame(5)


def test_it_is_a_pil_image_that_shares_its_pixels():
    image = FrameImage(FRAME)
    array = np.asarray(image)
    assert isinstance(image, Image.Image)
    assert np.shares_memory(array, FRAME.image) and array.shape == image.shape
    assert (image.size, image.width, image.height, image.mode) == ((640, 480), 640, 480, 'RGB')
    assert np.array_equal(np.asarray(image.convert('L')).shape, (480, 640))
    assert image.getpixel((0, 0)) == tuple(FRAME.image[0, 0])
    assert np.array_equal(np.asarray(ImageOps.mirror(image)), FRAME.image[:, ::-1])
    assert np.array_equal(np.asarray(image.image), FRAME.image)
    with io.BytesIO() as buffer:
        image.save(buffer, 'png')
        assert np.array_equal(np.asarray(Image.open(buffer)), FRAME.image)


def test_crops_and_resized_images_remember_their_place():
    image = FrameImage(replace(FRAME, regions=(Region('crate', 5, box=(1., 2., 3., 4.)),)))
    crop = image.crop((100.4, 50, 300, 5000))
    assert (crop.size, crop.offset, crop.frame_index) == ((200, 430), (100.0, 50.0), 5)
    assert np.shares_memory(np.asarray(crop), FRAME.image)
    half = crop.resize((100, 215))
    inner = half.crop((10, 20, 60, 70))
    assert inner.offset == (120.0, 90.0) and inner.scale == (0.5, 0.5)
    assert inner.edges_to_sensor([[0, 0], [5, 5]]).tolist() == [[120, 90], [130, 100]]
    assert inner.points_to_sensor([[0, 0], [5, 5]]).tolist() == [[120.5, 90.5], [130.5, 100.5]]
    k, full = inner.intrinsics, image.intrinsics
    assert k['fx'] == full['fx'] / 2 and k['cx'] == (full['cx'] - 119.5) / 2 - 0.5
    assert np.array_equal(crop.depth, FRAME.depth[50:480, 100:300], equal_nan=True)
    assert inner.depth.shape == (50, 50)
    assert inner.regions[0].name == 'crate' and crop.copy().offset == crop.offset
    with pytest.raises(ValueError, match='no area inside the 640x480 image'):
        image.crop((700, 0, 800, 10))


def test_depth_has_nan_where_nothing_was_measured():
    depth = FRAME.depth.copy()
    depth[0, :3] = np.nan, np.inf, -np.inf
    found = FrameImage(replace(FRAME, depth=depth)).depth
    assert np.isnan(found[0, :3]).all() and np.isinf(depth[0, 1])
    assert FrameImage(replace(FRAME, depth=None)).depth is None
    assert FrameImage(replace(FRAME, camera_to_world=None)).pose is None


def test_positions_frame_numbers_and_cameras(capsys):
    frames = [box_world.frame(3), box_world.frame(7, name='left'), box_world.frame(12)]
    images = InputImages([FrameImage(frame) for frame in frames])
    assert images.frame_indices == [3, 7, 12] and images[-1].frame_index == 12
    assert images[1:].frame_indices == [7, 12] and images[::2].frame_indices == [3, 12]
    assert images[[0, 2]].frame_indices == [3, 12]
    assert images[np.array([True, False, True])].frame_indices == [3, 12]
    assert images[np.int64(1)].camera == 'left' and images.of('front').frame_indices == [3, 12]
    assert images.at(7).frame_index == 7 and capsys.readouterr().out == ''
    assert images.at(10).frame_index == 12
    assert 'the nearest is 12' in capsys.readouterr().out
    with pytest.raises(IndexError, match=r'InputImages\.at\(12\)'):
        images[12]
    with pytest.raises(KeyError, match=r"'front', 'left'"):
        images.of('rear')


def test_opencv_takes_frames_however_it_was_imported(bench):
    names = bench().run("""
one = cv2.cvtColor(InputImages[0], cv2.COLOR_RGB2GRAY)
import cv2 as other
two = other.resize(InputImages[0], (64, 48))
from cv2 import blur
three = blur(InputImages[0], (3, 3))
""")
    assert names['one'].shape == (480, 640) and names['two'].shape == (48, 64, 3)
    assert np.array_equal(names['three'], cv2.blur(np.asarray(names['InputImages'][0]), (3, 3)))


def test_several_cameras_have_images_of_their_own(bench):
    frames = [box_world.frame(1), box_world.frame(2, name='left'), box_world.frame(3)]
    names = bench(box_world.window(frames)).run("""
first = tools.SAM3.segment_video_by_text('crate').frame_indices
second = tools.SAM3.segment_video_by_text('crate', video_index=2).frame_indices
every = tools.SAM3.segment_video_by_text('crate', video_index=None).frame_indices
""")
    assert names['InputImages_1'].frame_indices == [1, 3] == names['first']
    assert names['InputImages_2'].frame_indices == [2] == names['second']
    assert names['every'] == [1, 2, 3] == names['InputImages'].frame_indices
    assert names['Metadata'].num_videos == 2 and names['Metadata'].cameras == ['front', 'left']
    with pytest.raises(ValueError, match='there are 2 videos'):
        bench(box_world.window(frames)).run(
            "tools.SAM3.segment_video_by_text('crate', video_index=3)")
