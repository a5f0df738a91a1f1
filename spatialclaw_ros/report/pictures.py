"""Pictures inside the page itself, as data URIs."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from spatialclaw_ros.agent.record import RecordedPicture
from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import tag

_WIDEST = 1280
_QUALITY = 82


def shown(folder: Path, picture: RecordedPicture) -> Html:
    """A picture that a cell showed, with its label; says so where its file cannot be read.

    Only files in `folder` itself are read, whatever the transcript names.
    """
    caption = tag('figcaption', picture.label)
    try:
        if Path(picture.file).name != picture.file:
            raise ValueError('it lies elsewhere')
        with Image.open(folder / picture.file, formats=('PNG',)) as image:
            source = data_uri(image.convert('RGB'), _WIDEST)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return tag('figure', tag('p', f'The picture cannot be shown: {error}', class_='note'),
                   caption)
    return tag('figure', tag('img', src=source, alt=picture.label), caption)


def thumbnail(image: np.ndarray, width: int) -> str:
    """Data URI of `image` (H, W, 3) uint8 RGB, at most `width` pixels wide."""
    return data_uri(Image.fromarray(np.asarray(image)), width)


def data_uri(image: Image.Image, widest: int) -> str:
    """`image` as WebP in a data URI, made smaller where it is wider than `widest` pixels."""
    if image.width > widest:
        image = image.resize((widest, max(round(image.height * widest / image.width), 1)),
                             Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, 'WEBP', quality=_QUALITY, method=2)
    return f'data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}'
