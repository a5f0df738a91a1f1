"""The frames a query was asked about, with the regions that came with them."""

from __future__ import annotations

import numpy as np

from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import joined
from spatialclaw_ros.report.html import tag
from spatialclaw_ros.report.pictures import thumbnail
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

_MOST = 24
_WIDE, _NARROW = 960, 480


def frames_section(window: FrameWindow) -> Html:
    """Thumbnails of the frames; of many, some evenly between the first and the last."""
    frames = window.frames
    chosen = sorted({round(place) for place in np.linspace(
        0, len(frames) - 1, min(len(frames), _MOST))}) if frames else []
    width = _WIDE if len(chosen) == 1 else _NARROW
    left_out = f'{len(chosen)} of {len(frames)} frames' if len(chosen) < len(frames) else ''
    start = frames[0].stamp if frames else 0
    return joined([
        tag('div', *(_frame(frames[index], width, start) for index in chosen),
            class_='frames' if len(chosen) > 1 else 'frames single'),
        tag('p', left_out, class_='note') if left_out else None])


def _frame(frame: Frame, width: int, start: int) -> Html:
    size = frame.camera.width, frame.camera.height
    boxes = tag('svg', *(_region(region) for region in frame.regions),
                viewBox=f'0 0 {size[0]} {size[1]}', aria_hidden='true')
    has = [name for name, there in (
        ('depth', frame.depth is not None), ('pose', frame.camera_to_world is not None),
        ('labels', frame.labels is not None)) if there]
    later = f', +{(frame.stamp - start) * 1e-9:.2f} s' if frame.stamp > start else ''
    return tag(
        'figure', tag('div', tag('img', src=thumbnail(frame.image, width),
                                 alt=f'frame {frame.index}'), boxes,
                      class_='overlaid'),
        tag('figcaption', tag('strong', f'frame {frame.index}'),
            f' {frame.camera.name}, {size[0]}×{size[1]}{later}, with {" and ".join(has)}'
            if has else f' {frame.camera.name}, {size[0]}×{size[1]}{later}'))


def _region(region: Region) -> Html | None:
    """A region's box with its name; of points and masks the box about them."""
    box = _bounds(region)
    if box is None:
        return None
    x1, y1, x2, y2 = box
    return joined([
        tag('rect', x=f'{x1:.1f}', y=f'{y1:.1f}', width=f'{x2 - x1:.1f}',
            height=f'{y2 - y1:.1f}'),
        tag('text', region.name, x=f'{x1 + 3:.1f}', y=f'{max(y1 - 5, 14):.1f}')])


def _bounds(region: Region) -> tuple[float, float, float, float] | None:
    if region.box is not None:
        return region.box
    points = region.points
    if region.mask is not None:
        points = np.argwhere(region.mask)[:, ::-1]
    if points is None or not len(points):
        return None
    (x1, y1), (x2, y2) = np.min(points, axis=0), np.max(points, axis=0) + 1
    return float(x1), float(y1), float(x2), float(y2)
