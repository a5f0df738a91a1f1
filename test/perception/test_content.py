from dataclasses import replace

import numpy as np
import pytest

from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.perception.content import check_content
from spatialclaw_ros.perception.content import has_content

from .scenes import blocks
from .scenes import frame


def dark(shot, rng=None):
    image = np.zeros_like(shot.image)
    return replace(shot, image=image if rng is None else image + rng.integers(
        0, 4, image.shape, np.uint8))


def test_a_covered_lens_shows_nothing_also_with_its_noise():
    shot = frame(blocks(((100, 80, 180, 160), (200, 30, 30), 1.0))[0])
    assert has_content(shot.image)
    red_on_blue = np.zeros_like(shot.image)
    red_on_blue[:, :160, 0] = red_on_blue[:, 160:, 2] = 90
    assert has_content(red_on_blue)
    assert not has_content(dark(shot).image)
    assert not has_content(dark(shot, np.random.default_rng(1)).image)


def test_what_shows_nothing_is_told_or_refused():
    shot = frame(blocks(((100, 80, 180, 160), (200, 30, 30), 1.0))[0])
    black = replace(dark(shot), index=shot.index + 1)
    assert check_content([shot], 'sam3') == ''
    assert check_content([shot, black], 'sam3') == (
        f'frames [{black.index}] show nothing but one colour')
    with pytest.raises(NotVisible, match=rf"'sam3': frames \[{black.index}\] .*lens of camera"):
        check_content([black], 'sam3')
