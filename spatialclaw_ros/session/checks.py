"""What a kernel sends, and what an engine of another process replies, is checked before use."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

#: Shape of each array of a finding; None stands for any length.
_SHAPES: dict[type, dict[str, tuple[int | None, ...]]] = {
    Distance: {'from_point': (3,), 'to_point': (3,), 'from_covariance': (3, 3),
               'to_covariance': (3, 3)},
    Quantity: {'points': (None, 3)},
    Relation: {'points': (None, 3)},
    Position: {'point': (3,), 'covariance': (3, 3)},
    Found: {'center': (3,), 'size': (3,), 'rotation': (3, 3), 'size_sigma': (3,),
            'pose_covariance': (6, 6), 'points': (None, 3)},
    FoundPlane: {'normal': (3,), 'polygon': (None, 3)},
    Track: {'stamps': (None,), 'positions': (None, 3), 'sigma': (None,), 'velocity': (3,),
            'velocity_sigma': (3,), 'up': (3,)},
}
_MOST_POINTS = 100_000
#: Arrays of an engine's reply that have a value for each pixel, and of which kind.
_OF_PIXELS = {'depth': 'f', 'sigma': 'f', 'confidence': 'f', 'bias': 'f', 'source_map': 'u'}
_KINDS = {'f': 'floating point', 'u': 'unsigned'}


def frames_of(window: FrameWindow, numbers: Sequence[int]) -> list[Frame]:
    """The frames with `numbers`, in time order.

    Raises KeyError for one that is not in the query, ValueError for none at all.
    """
    if not numbers:
        raise ValueError('no frame was given')
    return sorted((window.at(number) for number in set(numbers)),
                  key=lambda frame: (frame.stamp, frame.index))


def reconstruction_of(reply: EngineReply, frames: Sequence[Frame]) -> Reconstructed:
    """`reply`, if it is the geometry of just `frames`; RuntimeError otherwise."""
    if not isinstance(reply, Reconstructed):
        raise RuntimeError(f'the engine replied {type(reply).__name__}, not Reconstructed')
    asked = {frame.index: frame.image.shape[:2] for frame in frames}
    if {geometry.frame for geometry in reply.frames} != asked.keys():
        raise RuntimeError(f'the engine replied frames {[g.frame for g in reply.frames]}, '
                           f'asked were {list(asked)}')
    for geometry in reply.frames:
        of_frame = f' for frame {geometry.frame}'
        for name, kind in _OF_PIXELS.items():
            _check_array(name + of_frame, getattr(geometry, name), asked[geometry.frame], kind)
        for name, shape in (('matrix', (3, 3)), ('camera_to_world', (4, 4))):
            _check_array(name + of_frame, getattr(geometry, name), shape, 'f', is_finite=True)
    _check_array('up', reply.up, (3,), 'f', is_finite=True)
    return reply


def _check_array(name: str, array: np.ndarray | None, shape: tuple[int, ...], kind: str, *,
                 is_finite: bool = False) -> None:
    if array is None:
        return
    if array.shape != shape or array.dtype.kind != kind:
        raise RuntimeError(f'the engine replied {name} as {array.dtype}{list(array.shape)}; it '
                           f'should be {_KINDS[kind]}{list(shape)}')
    if is_finite and not np.isfinite(array).all():
        raise RuntimeError(f'the engine replied {name} that is not finite: {array.tolist()}')


def segmentation_of(reply: EngineReply, frames: Sequence[Frame]) -> Segmented:
    """`reply`, if its masks lie in the images of `frames`; RuntimeError otherwise."""
    if not isinstance(reply, Segmented):
        raise RuntimeError(f'the engine replied {type(reply).__name__}, not Segmented')
    shapes = {frame.index: frame.image.shape[:2] for frame in frames}
    for mask in reply.masks:
        height, width = shapes.get(mask.frame, (0, 0))
        if mask.mask.ndim != 2 or mask.alternatives.ndim != 3:
            raise RuntimeError(f'the engine replied a mask of shape {list(mask.mask.shape)} with '
                               f'alternatives of {list(mask.alternatives.shape)}')
        (x, y), (h, w) = mask.origin, mask.mask.shape
        if not (0 <= x <= width - w and 0 <= y <= height - h and h and w
                and mask.alternatives.shape[1:] == (h, w)):
            raise RuntimeError(f'the engine replied a mask of {w}x{h} pixels at ({x}, {y}) for '
                               f'frame {mask.frame}, whose image is {width}x{height}')
    return reply


def check_box(box: Box2D, frame: Frame) -> None:
    """Raise ValueError unless `box` has some area inside `frame`'s image."""
    if not all(map(math.isfinite, box)):
        raise ValueError(f'box {box} is not finite; give x1, y1, x2, y2 in pixels')
    Region('box', frame.index, box=box).check_inside(frame.camera.width, frame.camera.height)


def check_points(points: np.ndarray, labels: Sequence[int], frame: Frame) -> None:
    """Raise ValueError unless `points` (N, 2) lie in `frame`'s image, one label 0 or 1 each."""
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f'points are (N, 2) pixels, got shape {list(points.shape)}')
    if any(label not in (0, 1) for label in labels) or 1 not in labels:
        raise ValueError(f'point labels are 1 (the object) or 0, at least one 1; got {labels}')
    Region('points', frame.index, points=points, point_labels=tuple(labels)).check_inside(
        frame.camera.width, frame.camera.height)


def check_pictures(images: Sequence[np.ndarray]) -> None:
    """Raise ValueError unless every image is (H, W, 3) uint8 with some pixels."""
    for image in images:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(f'a picture is uint8 (H, W, 3), got {image.dtype}{list(image.shape)}')


def check_findings(findings: Sequence[Finding]) -> None:
    """Raise ValueError unless the arrays of every finding have their shape."""
    for finding in findings:
        for name, shape in _SHAPES[type(finding)].items():
            array = getattr(finding, name)
            fits = array.ndim == len(shape) and all(
                wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True))
            if not fits or len(array) > _MOST_POINTS:
                raise ValueError(f'{type(finding).__name__}.{name} has shape '
                                 f'{list(array.shape)}, not {list(shape)}')
        if isinstance(finding, Track) and not (
                len(finding.stamps) == len(finding.positions) == len(finding.sigma)):
            raise ValueError('Track: stamps, positions and sigma differ in length')
