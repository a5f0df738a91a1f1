"""Objects of one name over frames: by where they show, else by order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spatialclaw_ros.perception.association import same_objects
from spatialclaw_ros.perception.masks import as_given

from .scenes import blocks
from .scenes import frame
from .scenes import SIZE

LEFT, RIGHT = (60, 80, 110, 150), (200, 80, 260, 150)
GREY = (120, 120, 120)


def mask(box):
    x1, y1, x2, y2 = box
    pixels = np.zeros(SIZE, bool)
    pixels[y1:y2, x1:x2] = True
    return as_given(pixels)


def sighting(index, *boxes, pose=None, shown=None):
    """A frame with a block at each box (or those `shown`), and their masks."""
    image, depth = blocks(*((box, GREY, 1.5) for box in shown or boxes), noise=0.002)
    return frame(image, depth, index=index, pose=pose), [mask(box) for box in boxes]


@pytest.mark.parametrize('gated', [True, False])
def test_places_decide_where_they_are_known(gated):
    seen = [sighting(0, LEFT, RIGHT, pose=np.eye(4)), sighting(1, RIGHT, LEFT, pose=np.eye(4))]
    assert same_objects(seen, gated=gated) == [[0, 1], [1, 0]]
    assert same_objects(seen[::-1], gated=gated) == [[0, 1], [1, 0]]


def test_what_shows_elsewhere_is_another_object_unless_the_name_tells_it():
    both = (LEFT, RIGHT)
    seen = [sighting(0, LEFT, pose=np.eye(4), shown=both),
            sighting(1, RIGHT, pose=np.eye(4), shown=both)]
    assert same_objects(seen, gated=True) == [[0], [1]]
    assert same_objects(seen, gated=False) == [[0], [0]]
    third = sighting(2, LEFT, RIGHT, pose=np.eye(4))
    assert same_objects([*seen, third], gated=False) == [[0], [1], [0, 1]]


def test_frames_that_do_not_tell_places_go_by_order():
    posed = sighting(0, LEFT, RIGHT, pose=np.eye(4))
    lost = sighting(1, RIGHT, LEFT, RIGHT)
    assert same_objects([posed, lost], gated=True) == [[0, 1], [0, 1, 2]]
    without = replace(posed[0], depth=np.full(SIZE, np.nan, np.float32))
    assert same_objects([posed, (without, posed[1][::-1])], gated=True) == [[0, 1], [0, 1]]


def test_nothing_seen():
    assert same_objects([], gated=True) == []
    assert same_objects([(sighting(0, LEFT)[0], [])], gated=False) == [[]]
