from __future__ import annotations

import box_world
import pytest

from spatialclaw_ros.session.session import frame_rate


def test_frame_numbers_over_the_rate_are_seconds():
    window = box_world.window()
    first, last = window.frames[0], window.frames[-1]
    rate = frame_rate(window)
    assert (last.index - first.index) / rate == pytest.approx((last.stamp - first.stamp) * 1e-9)
    assert frame_rate(box_world.window((box_world.frame(10),))) is None
