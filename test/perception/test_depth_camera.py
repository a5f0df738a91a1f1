import numpy as np
import pytest

from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.perception.depth_camera import DepthCamera

from .scenes import frame
from .scenes import SIZE


def test_depth_is_the_frames_own():
    depth = np.full(SIZE, 1.5, np.float32)
    depth[0, :3] = np.nan, np.inf, -np.inf
    given = frame(depth=depth, index=7)
    reply = DepthCamera().reconstruct([given])
    assert reply.metric_scale == 1.0
    assert [geometry.frame for geometry in reply.frames] == [7]
    np.testing.assert_array_equal(reply.frames[0].depth, depth)
    assert reply.frames[0].noise == given.noise


def test_frames_without_depth_are_named_with_what_to_do():
    frames = [frame(depth=np.ones(SIZE, np.float32)), frame(index=4)]
    with pytest.raises(SpatialError, match=r'\[4\].*depth topic'):
        DepthCamera().reconstruct(frames)


def test_no_frames():
    with pytest.raises(NoFrames):
        DepthCamera().reconstruct([])
