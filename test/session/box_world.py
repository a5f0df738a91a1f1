"""Two boxes on a floor, seen by an exact camera: every distance is known in closed form."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace  # noqa: F401  (tests vary frames)
import os
from typing import Any

import numpy as np

from spatialclaw_ros.calls.codec import decode_from
from spatialclaw_ros.calls.codec import encode
from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import Opening
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.session.engines import Engines
from spatialclaw_ros.session.engines import HereReconstruct
from spatialclaw_ros.session.engines import HereSegment
from spatialclaw_ros.session.handlers import CellYield
from spatialclaw_ros.session.handlers import Handlers

#: Name → low and high corner, world metres. The gap between crate and carton is 0.5 m along y.
BOXES = {'crate': ((1.6, -0.45, 0.0), (1.9, -0.15, 0.3)),
         'carton': ((1.6, 0.35, 0.0), (1.9, 0.65, 0.25))}
GAP = 0.5
NAMES = {1: 'crate', 2: 'carton'}
WIDTH, HEIGHT, FOCAL = 640, 480, 525.0
UP = np.array([0.0, 0.0, 1.0])


def pose(x: float = 0.0, y: float = 0.0, z: float = 1.0, down: float = 0.45) -> np.ndarray:
    """Camera at (x, y, z) that looks along +x and `down` rad below the horizon."""
    forward = np.array([np.cos(down), 0.0, -np.sin(down)])
    right = np.array([0.0, -1.0, 0.0])
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = x, y, z
    return matrix


def camera(name: str = 'front') -> Camera:
    k = np.array([[FOCAL, 0, WIDTH / 2 - 0.5], [0, FOCAL, HEIGHT / 2 - 0.5], [0, 0, 1]])
    return Camera(name, f'{name}_optical', WIDTH, HEIGHT, k)


def rendered(camera_to_world: np.ndarray, cam: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Depth (H, W) float32 m, z, and label ids (H, W) of floor (0) and boxes."""
    rays = np.dstack(np.broadcast_arrays(cam.columns[None], cam.rows[:, None], 1.0))
    world = rays @ camera_to_world[:3, :3].T
    origin = camera_to_world[:3, 3]
    with np.errstate(divide='ignore', invalid='ignore'):
        depth = np.where(world[..., 2] < 0, -origin[2] / world[..., 2], np.inf)
        ids = np.zeros(depth.shape, np.uint8)
        for number, name in NAMES.items():
            low, high = (np.array(corner) for corner in BOXES[name])
            first, second = (low - origin) / world, (high - origin) / world
            near = np.minimum(first, second).max(axis=-1)
            far = np.maximum(first, second).min(axis=-1)
            hit = (near <= far) & (near > 0) & (near < depth)
            depth, ids = np.where(hit, near, depth), np.where(hit, number, ids)
    return np.where(np.isfinite(depth) & (depth < 8), depth, np.nan).astype(np.float32), ids


def frame(index: int, camera_to_world: np.ndarray | None = None, *, name: str = 'front',
          posed: bool = True) -> Frame:
    camera_to_world = pose() if camera_to_world is None else camera_to_world
    cam = camera(name)
    depth, ids = rendered(camera_to_world, cam)
    image = np.array([[90, 90, 90], [200, 60, 40], [40, 90, 200]], np.uint8)[ids]
    return Frame(index, index * 100_000_000, cam, image, depth,
                 camera_to_world if posed else None, labels=LabelImage(ids, NAMES))


def window(frames: Sequence[Frame] = (), up: np.ndarray | None = UP) -> FrameWindow:
    return FrameWindow(tuple(frames) or (frame(10), frame(14, pose(y=0.2)), frame(20, pose(x=0.2))),
                       'odom', up)


class Depth:
    """Gives the frames' own depth."""

    name = 'test_depth'

    def reconstruct(self, frames: Sequence[Frame]) -> Reconstructed:
        return Reconstructed(tuple(FrameGeometry(f.index, f.depth, f.noise) for f in frames), 1.0,
                             'test_depth: exact')


class Labels:
    """Gives the label image's classes; boxes and points take the class most met there."""

    name = 'test_labels'

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def vocabulary(self, frames: Sequence[Frame]) -> tuple[str, ...]:
        return tuple(NAMES.values())

    def segment_text(self, request: SegmentText, frames: Sequence[Frame]) -> Segmented:
        self.asked.append(request)
        masks = []
        for prompt, label in zip(request.prompts, request.labels, strict=True):
            number = next((n for n, name in NAMES.items() if name == prompt), None)
            if number is not None:
                masks += [m for f in frames if (m := instance(f, number, label)) is not None]
        reason = '' if masks else f'no label {request.prompts[0]!r}; there are crate, carton'
        return Segmented(request.frames, tuple(masks), reason,
                         () if masks else (Candidate('crate', 0.2),))

    def segment_boxes(self, request: Any, frames: Sequence[Frame]) -> Segmented:
        self.asked.append(request)
        prompt = next(f for f in frames if f.index == request.prompt_frame)
        masks = []
        for (x1, y1, x2, y2), label in zip(request.boxes, request.labels, strict=True):
            ids = prompt.labels.ids[int(y1):int(y2), int(x1):int(x2)]
            number = int(np.bincount(ids[ids > 0].ravel(), minlength=1).argmax())
            masks += [m for f in frames if (m := instance(f, number, label)) is not None]
        return Segmented(request.frames, tuple(masks), '' if masks else 'nothing in the box')

    def segment_points(self, request: Any, frames: Sequence[Frame]) -> Segmented:
        self.asked.append(request)
        prompt = next(f for f in frames if f.index == request.prompt_frame)
        masks = []
        for points, flags, label in zip(
                request.points, request.point_labels, request.labels, strict=True):
            x, y = points[flags.index(1)].astype(int)
            number = int(prompt.labels.ids[y, x])
            masks += [m for f in frames if (m := instance(f, number, label)) is not None]
        return Segmented(request.frames, tuple(masks), '' if masks else 'nothing at the point')


def engines(depth: Any = None, labels: Any = None) -> Engines:
    return Engines(HereReconstruct(depth or Depth()), HereSegment(labels or Labels()))


def instance(frame: Frame, number: int, label: str) -> InstanceMask | None:
    mask = frame.labels.ids == number
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not number or not len(rows):
        return None
    y1, y2, x1, x2 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    crop = mask[y1:y2, x1:x2].astype(np.uint8)
    box = (float(x1), float(y1), float(x2), float(y2))
    return InstanceMask(frame.index, number, label, 0.9, box, (int(x1), int(y1)), crop,
                        np.zeros((0, *crop.shape), np.uint8))


class Host:
    """A host in this process: requests go through the real codec and handlers."""

    def __init__(self, window: FrameWindow, choices: tuple[str, ...] = (),
                 model: Any = None) -> None:
        self.labels = Labels()
        self.window, self.choices, self.model = window, choices, model
        self.handlers = Handlers(window, engines(labels=self.labels), choices, model)
        self.cell = CellYield()
        self.arena = memoryview(bytearray(64 << 20))

    def call(self, write: Callable[[memoryview], bytes]) -> tuple[bytes, list[int]]:
        request = decode_from(write(self.arena), self.arena)
        reply = asyncio.run(self.handlers.answer(request, self.cell))
        data, memories = encode(reply)
        return data, [os.dup(memory.fd) for memory in memories]

    def opening(self) -> tuple[bytes, list[int]]:
        data, memories = encode(Opening(
            'How far?', self.choices, self.window, 'test_depth', 'test_labels',
            self.labels.vocabulary(self.window.frames), self.model is not None))
        return data, [os.dup(memory.fd) for memory in memories]


class SaysModel:
    """A model that says what it was told to."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = list(texts), []

    async def look(self, kind: str, images: Sequence[np.ndarray], question: str) -> str:
        self.asked.append((kind, len(images), question))
        return self.texts.pop(0)
