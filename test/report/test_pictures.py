"""Pictures of a record are in the page itself, and only those that lie beside it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
import re

import numpy as np
from PIL import Image
import pytest

from spatialclaw_ros.agent.record import RecordedPicture
from spatialclaw_ros.report.pictures import shown


def save(path: Path, width: int = 8) -> None:
    Image.fromarray(np.full((6, width, 3), [200, 30, 40], np.uint8)).save(path, 'PNG')


def test_a_picture_is_inside_the_page_and_no_wider_than_a_screen(tmp_path: Path) -> None:
    save(tmp_path / '001.png', width=4000)
    figure = shown(tmp_path, RecordedPicture('a <b> mask', '001.png'))
    data = re.search('src="data:image/webp;base64,([^"]+)"', figure)
    image = Image.open(io.BytesIO(base64.b64decode(data.group(1))))
    assert image.width == 1280
    assert np.abs(np.asarray(image).mean(axis=(0, 1)) - [200, 30, 40]).max() < 6
    assert 'a &lt;b&gt; mask' in figure


@pytest.mark.parametrize('name', ['../secret.png', '{tmp}/secret.png', '..', '', 'kept/../x.png'])
def test_a_picture_elsewhere_is_not_read(tmp_path: Path, name: str) -> None:
    save(tmp_path / 'secret.png')
    (tmp_path / 'kept').mkdir()
    figure = shown(tmp_path / 'kept', RecordedPicture('x', name.format(tmp=tmp_path)))
    assert '<img' not in figure and 'cannot be shown' in figure


@pytest.mark.parametrize('content', [b'', b'no picture', b'\x89PNG\r\n\x1a\n', 'jpeg', 'cut'])
def test_a_damaged_picture_says_so(tmp_path: Path, content: bytes | str) -> None:
    save(tmp_path / '001.png')
    if content == 'jpeg':
        Image.open(tmp_path / '001.png').save(tmp_path / '001.png', 'JPEG')
    elif content == 'cut':
        (tmp_path / '001.png').write_bytes((tmp_path / '001.png').read_bytes()[:45])
    else:
        (tmp_path / '001.png').write_bytes(content)
    figure = shown(tmp_path, RecordedPicture('x', '001.png'))
    assert '<img' not in figure and 'cannot be shown' in figure
